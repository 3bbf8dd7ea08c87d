"""Calendars: which moments an expression or a window of the day means, also as clocks change."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import zoneinfo
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pyjobs
from pyjobs import cron
from pyjobs.calendars import AHEAD, HORIZON, Calendar, Wanted, zone

BERLIN = "Europe/Berlin"
HOWE = "Australia/Lord_Howe"
DAY = 86_400_000


def utc(text: str) -> int:
    return round(dt.datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


def clocks(calendar: Calendar, start: str, count: int) -> list[str]:
    """Return the first moments from this one in UTC on, as local clocks show them."""
    first = utc(start)
    moments = itertools.islice(calendar.after(first - 1, first), count)
    local = (dt.datetime.fromtimestamp(moment / 1000, zone(calendar.tz)) for moment in moments)
    return [f"{moment:%d %H:%M%z}"[:-2] for moment in local]


def by(expression: str, tz: str = BERLIN, between: Any = None) -> Calendar:
    return Calendar.of_cron(expression, tz, between)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 5 * * tue", ["03 05:00+01", "10 05:00+01"]),
        ("*/20 8-9 1 * *", ["01 08:00+01", "01 08:20+01", "01 08:40+01", "01 09:00+01"]),
        ("30 12 l * *", ["31 12:30+01", "28 12:30+01"]),
        ("0 0 13 * fri", ["02 00:00+01", "09 00:00+01", "13 00:00+01", "16 00:00+01"]),
        ("@weekly", ["04 00:00+01", "11 00:00+01"]),
        ("@Hourly", ["01 00:00+01", "01 01:00+01"]),
    ],
)
def test_an_expression_means_moments_of_local_clocks(expression: str, expected: list[str]) -> None:
    start = "2025-12-31T23:00:00" if expression != "0 5 * * tue" else "2026-02-01T00:00:00"

    assert expected == clocks(by(expression), start, len(expected))


# Clocks in Berlin go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("30 2 * * *", ["29 03:00+02", "30 02:30+02"], id="right after the gap"),
        pytest.param("0,30 2 * * *", ["29 03:00+02", "30 02:00+02"], id="two of them are one"),
        pytest.param("0 2,3 * * *", ["29 03:00+02", "30 02:00+02"], id="that is due then as well"),
        pytest.param("*/30 * * * *", ["29 01:30+01", "29 03:00+02"], id="a star: time that passes"),
        pytest.param("*/30 2 * * *", ["30 02:00+02", "30 02:30+02"], id="a star: not on that day"),
    ],
)
def test_a_slot_that_clocks_skip(expression: str, expected: list[str]) -> None:
    assert expected == clocks(by(expression), "2026-03-29T00:20:00", 2)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("30 2 * * *", ["25 02:30+02", "26 02:30+01"], id="the first time"),
        pytest.param("30 * * * *", ["25 02:30+02", "25 02:30+01"], id="a star: both times"),
        pytest.param("*/40 2 * * *", ["25 02:00+02", "25 02:40+02", "25 02:00+01"], id="a star"),
    ],
)
def test_a_slot_that_clocks_show_twice(expression: str, expected: list[str]) -> None:
    assert expected == clocks(by(expression), "2026-10-24T23:50:00", len(expected))


# Clocks on Lord Howe go from 02:00 back to 01:30 on 2026-04-05, and from 02:00 to 02:30 on
# 2026-10-04; those of Pyongyang went from 23:30 to 00:00 on 2018-05-05.


@pytest.mark.parametrize(
    ("expression", "tz", "start", "expected"),
    [
        ("30 * * * *", HOWE, "2026-04-04T14:00:00", ["05 01:30+11", "05 01:30+10"]),
        ("0 */2 * * *", HOWE, "2026-04-04T12:59:00", ["05 00:00+11", "05 02:00+10"]),
        ("30 * * * *", HOWE, "2026-10-03T15:01:00", ["04 02:30+11", "04 03:30+11"]),
        ("*/20 * * * *", HOWE, "2026-10-03T15:10:00", ["04 01:40+10", "04 02:40+11"]),
        ("0 */2 * * *", "Asia/Pyongyang", "2018-05-04T14:00:00", ["05 00:00+09", "05 02:00+09"]),
    ],
)
def test_a_star_counts_what_clocks_show_also_where_they_go_by_half_an_hour(
    expression: str, tz: str, start: str, expected: list[str]
) -> None:
    assert expected == clocks(Calendar(expression, None, tz), start, len(expected))


def test_a_slot_that_has_been_is_not_due_in_the_repeated_hour() -> None:
    assert ["26 02:30+01"] == clocks(by("30 2 * * *"), "2026-10-25T01:10:00", 1)


def test_cron_in_a_window_of_the_day() -> None:
    assert ["01 22:00+02", "01 23:00+02", "02 00:00+02", "02 22:00+02"] == clocks(
        by("0 * * * *", between=("22:00", "01:00")), "2026-06-01T10:00:00", 4
    )


def test_an_interval_in_a_window_keeps_its_phase() -> None:
    calendar = Calendar.of_interval(7 * 60_000, BERLIN, (dt.time(8), "08:20"))
    assert ["01 08:04+02", "01 08:11+02", "01 08:18+02", "02 08:06+02"] == clocks(
        calendar, "2026-06-01T03:37:00", 4
    )


def test_a_window_opens_after_the_gap_and_twice_in_the_repeated_hour() -> None:
    calendar = Calendar.of_interval(20 * 60_000, BERLIN, ("02:30", "03:10"))
    assert ["29 03:00+02", "30 02:40+02"] == clocks(calendar, "2026-03-29T00:20:00", 2)
    assert ["25 02:40+02", "25 02:40+01", "25 03:00+01"] == clocks(
        calendar, "2026-10-24T23:20:00", 3
    )


expressions = st.sampled_from(
    ["*/7 * * * *", "30 2 * * *", "0,30 1-3 * * *", "15 */2 * * *", "0 0 1 * *", "59 23 l 3,10 sun"]
)
zones = st.sampled_from([BERLIN, "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
starts = st.integers(utc("2026-03-01T00:00:00"), utc("2026-12-01T00:00:00"))
windows = st.sampled_from([None, ("01:15", "02:45"), ("23:00", "03:00")])


@settings(deadline=None, max_examples=40)
@given(expressions, zones, windows, starts, st.integers(0, 2 * DAY))
def test_moments_ascend_and_are_the_same_from_wherever_one_begins(
    expression: str, tz: str, between: Any, start: int, later: int
) -> None:
    calendar = Calendar(expression, None, tz, between)
    end = start + 3 * DAY

    def found(after: int) -> list[int]:
        return list(itertools.takewhile(lambda moment: moment <= end, calendar.after(after, start)))

    moments = found(start)
    assert moments == sorted(set(moments))
    assert [moment for moment in moments if moment > start + later] == found(start + later)


# Refills


def wanted(known: int, after: int, upto: int, newest: int) -> Wanted:
    return Wanted("t", "", known + 1, known, after, upto, newest)


def test_a_refill_brings_some_moments_ahead() -> None:
    found = by("* * * * *").refill(wanted(-1, -1, 0, 0))

    assert found == [60_000 * n for n in range(AHEAD)]


def test_a_refill_does_not_look_further_ahead_than_a_month_but_for_the_next() -> None:
    now = utc("2026-06-01T00:00:00")
    daily, yearly = by("0 0 * * *", "UTC"), by("0 0 1 1 *", "UTC")

    assert now + HORIZON == daily.refill(wanted(now, now, now, 1))[-1]
    first = [utc("2027-01-01T00:00:00"), utc("2028-01-01T00:00:00")]
    assert first == yearly.refill(wanted(now, now, now, 1))
    assert [utc("2028-01-01T00:00:00")] == yearly.refill(wanted(first[0], first[0], now, 1))


def test_of_missed_moments_the_newest_are_found_at_once() -> None:
    now = utc("2026-06-01T00:00:30")
    found = by("* * * * *").refill(wanted(0, 0, now, 3))

    assert [now - 30_000 - 60_000 * n for n in (2, 1, 0)] == found[:3]
    assert 3 + AHEAD == len(found)


def test_a_calendar_is_read_as_it_was_written() -> None:
    for calendar in (
        by("0 9 * * tue", between=("08:00", "18:30")),
        by("@daily", "UTC"),
        Calendar.of_interval(90_000, zoneinfo.ZoneInfo("Asia/Kathmandu"), ("23:00", "01:00")),
    ):
        assert calendar == Calendar.read(calendar.text)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"moon": "full"}', '{"cron": "x", "tz": "Mars"}']
)
def test_a_calendar_of_another_kind_is_left_to_others(text: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument):
        Calendar.read(text)


# What cannot be


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("61 5 * * *", "cron: '61' in '61 5 * * *', at character 1, is no minute: 0 to 59"),
        ("0 5,25 * * *", "cron: '25' in '0 5,25 * * *', at character 5, is no hour: 0 to 23"),
        ("0 5 32 * *", "'32' in '0 5 32 * *', at character 5, is no day of the month"),
        ("0 5 * jum *", "'jum' in '0 5 * jum *', at character 7, is no month: 1 to 12"),
        ("0 5 * * tue,8", "'8' in '0 5 * * tue,8', at character 13, is no day of the week"),
        ("0 */0 * * *", "'*/0' in '0 */0 * * *', at character 3, is no hour"),
        ("0 5 * *", "'0 5 * *' has 4 fields, and five are taken: minute, hour, day of the month"),
        ("0 0 5 * * *", "has 6 fields"),
        ("@often", "'@often' has 1 fields"),
        ("", "'' has 0 fields"),
        ("0 0 31 2 *", "cron: '0 0 31 2 *' never comes: no such month has such a day"),
        ("* " * 200, "cron: has more than 255 characters"),
        (5, "cron: must be a text"),
    ],
)
def test_a_wrong_expression_is_refused_with_the_place(expression: Any, said: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument) as caught:
        by(expression)
    assert said in str(caught.value)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text("0123456789*/,-#LWmontue² ", max_size=9), min_size=5, max_size=5))
def test_whatever_is_no_expression_is_refused_and_does_not_break(fields: list[str]) -> None:
    with contextlib.suppress(pyjobs.InvalidArgument):
        assert cron.read(" ".join(fields))


@pytest.mark.parametrize(
    ("tz", "said"),
    [
        ("Europe/Berln", "tz: there is no time zone 'Europe/Berln'; is it 'Europe/Berlin'?"),
        ("../etc/passwd", "tz: there is no time zone '../etc/passwd'"),
        ("", "tz: there is no time zone ''"),
        (None, "tz: must be the name of a time zone, not None"),
        (dt.timezone(dt.timedelta(hours=1)), "tz: must be the name of a time zone"),
    ],
)
def test_an_unknown_time_zone_is_named(tz: Any, said: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument) as caught:
        by("@daily", tz)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("between", "said"),
    [
        ("08:00-18:00", "between: must be two times of day"),
        (("08:00",), "between: must be two times of day"),
        (("8 am", "18:00"), "between: '8 am' is no time of day as in '08:30'"),
        (("08:00", 18), "between: 18 is no time of day"),
        (("08:00", "08:00:00"), "between: begins and ends at 08:00"),
        (("20:30", "21:00"), "'0 20 * * *' between 20:30 and 21:00 never comes"),
    ],
)
def test_a_window_that_is_none_is_refused(between: Any, said: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument) as caught:
        by("0 20 * * *", between=between)
    assert said in str(caught.value)


def test_an_interval_below_a_second_has_no_window() -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^interval: with between"):
        Calendar.of_interval(999, BERLIN, ("08:00", "09:00"))


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cronsim", None)
    with pytest.raises(pyjobs.InvalidArgument, match=r"pip install 'pyjobs\[cron\]'"):
        by("@daily")
