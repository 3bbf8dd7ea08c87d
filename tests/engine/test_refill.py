"""refill: further moments of a calendar, each of which is used once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.engine.conftest import Engine, Refused, dump, refused
from tests.engine.templates import (
    known,
    look,
    moments,
    recur,
    refill,
    schedule,
    update,
    wanted,
)


def test_children_are_made_at_the_moments_that_are_told(engine: Engine) -> None:
    recur(engine, interval=0, calendar="by hand")
    assert [] == moments(engine, now=50)
    assert "refilled" == refill(engine, 100, 250, 900, now=50)

    assert [100, 250] == moments(engine, now=899)
    assert [100, 250, 900] == moments(engine, now=900)
    assert 3 == known(engine).count


def test_a_worker_that_waits_is_woken_when_the_next_moment_is_near(engine: Engine) -> None:
    recur(engine, interval=0, calendar="by hand")
    engine.pop(wait=1, now=0)
    refill(engine, 100_000, now=10)
    assert 0 == engine.ring()
    recur(engine, "u", interval=0, calendar="by hand")
    refill(engine, 3000, jid="u", now=10)

    assert 1 == engine.ring()


def test_an_empty_pop_is_told_when_the_next_moment_comes(engine: Engine) -> None:
    schedule(engine, 1500, 9000)
    answer = engine.call("pop", "w", "r", 0, 1, "", 1, "ordered", 0, "q", now=0)

    assert 1500 == answer[0]


def test_moments_that_follow_go_on_where_the_known_ones_end(engine: Engine) -> None:
    schedule(engine, 100, 200)
    engine.ticks(now=100)
    assert "refilled" == refill(engine, 300, 400, now=100)

    assert [100, 200, 300] == moments(engine, now=350)


def test_of_two_refills_after_one_moment_one_is_kept_out(engine: Engine) -> None:
    recur(engine, interval=0, calendar="by hand")
    assert "refilled" == refill(engine, 100, 200, known=-1)
    before = dump(engine)

    assert "kept" == refill(engine, 100, 200, 300, known=-1)
    assert before == dump(engine)


def test_a_refill_that_comes_late_or_again_is_kept_out_when_more_is_wanted(
    engine: Engine,
) -> None:
    schedule(engine, 100, 200)
    engine.ticks(now=100)
    (one,) = wanted(engine, now=100)
    assert 200 == one.known

    assert "kept" == refill(engine, 100, 200, 300, known=-1, now=100)
    assert "refilled" == refill(engine, 300, known=200, now=100)


def test_workers_that_refill_at_once_use_each_moment_once(engine: Engine) -> None:
    recur(engine, interval=0, calendar="by hand")
    for known_so_far in range(-1, 2000, 200):
        engine.ticks(now=max(known_so_far, 0))

        def attempt(_: int, after: int = known_so_far) -> str:
            coming = range(after + 100, after + 201, 100)
            return refill(engine, *coming, known=after, now=max(after, 0))

        with ThreadPoolExecutor(8) as pool:
            assert 1 == list(pool.map(attempt, range(8))).count("refilled")

    assert list(range(99, 2200, 100)) == moments(engine, now=5000)


def test_a_refill_for_another_calendar_or_a_template_that_is_gone_is_kept_out(
    engine: Engine,
) -> None:
    recur(engine, interval=0, calendar="old")
    update(engine, calendar="new")
    before = dump(engine)

    assert "kept" == refill(engine, 100, calendar="old")
    assert "kept" == refill(engine, 100, jid="nobody", known=0)
    assert before == dump(engine)


def test_a_refill_of_a_template_that_wants_none_is_kept_out(engine: Engine) -> None:
    schedule(engine, 100, 200)

    assert "kept" == refill(engine, 300)


def test_a_refill_that_does_not_reach_beyond_now_is_kept_out_where_the_newest_count(
    engine: Engine,
) -> None:
    recur(engine, interval=0, calendar="by hand", missed="one")

    assert "kept" == refill(engine, 100, 200, now=200)
    assert "refilled" == refill(engine, 200, 300, now=200)


def test_with_the_same_calendar_a_replaced_template_keeps_its_place(engine: Engine) -> None:
    schedule(engine, 1000, 2000, 3000)
    assert [1000] == moments(engine, now=1500)
    recur(engine, interval=0, calendar="by hand", payload=b"\x01", now=2500)

    assert [1000, 2000] == moments(engine, now=2600)
    assert {b"\xc0", b"\x01"} == {lease.payload for lease in engine.pop(count=2, now=2600)}


@pytest.mark.parametrize("given", [{"calendar": "other"}, {"calendar": "by hand", "offset": 10}])
def test_another_calendar_or_an_offset_begins_anew(engine: Engine, given: dict[str, Any]) -> None:
    schedule(engine, 1000, 2000, 3000)
    recur(engine, interval=0, now=2500, **given)

    assert [] == moments(engine, now=2600)
    assert 2499 + given.get("offset", 0) == wanted(engine, now=2600)[0].known


def test_a_template_changes_from_an_interval_to_a_calendar_and_back(engine: Engine) -> None:
    recur(engine, interval=100)
    update(engine, calendar="by hand", now=50)
    assert [] == moments(engine, now=1000)
    refill(engine, 1050, 5000, now=1000)
    assert [1050] == moments(engine, now=1100)
    update(engine, interval=100, now=1100)

    assert [1050, 1200, 1300] == moments(engine, now=1300)
    assert {} == known(engine).details


def test_a_template_that_goes_on_skips_the_moments_of_its_pause(engine: Engine) -> None:
    schedule(engine, *range(100, 2000, 100))
    update(engine, paused=True, now=250)
    assert [] == moments(engine, now=600)
    update(engine, paused=False, now=650)

    assert [700] == moments(engine, now=750)


def test_a_queue_that_goes_on_skips_the_moments_of_its_pause(engine: Engine) -> None:
    schedule(engine, *range(100, 2000, 100))
    assert [100] == moments(engine, now=150)
    engine.call("pause", "q", now=160)
    engine.ticks(now=350)
    engine.call("unpause", "q", now=730)

    assert [100, 800] == moments(engine, now=850)


def test_the_moments_stay_exact_and_are_shown(engine: Engine) -> None:
    start = 1_785_000_000_123
    schedule(engine, *(start + 86_399_999 * n for n in range(1, 40)), now=start)

    found = known(engine)
    assert start + 86_399_999 == found.due
    assert [start + 86_399_999 * n for n in range(1, 11)] == found.details["moments"]
    assert b"by hand" == found.details["calendar"]


def test_a_template_that_nobody_refills_waits_where_all_can_see(engine: Engine) -> None:
    schedule(engine, 100)
    assert [100] == moments(engine, now=100)

    found = known(engine, now=200_000)
    assert (0, 1) == (found.due, found.details["dark"])
    assert [b"", b"t"] == engine.call("jobs", "q", "recurring", "", 10)
    refill(engine, 200_100, now=200_000)
    assert [100, 200_100] == moments(engine, now=200_100)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("jid", ("", "c", 0, 1)),
        ("known", ("t", "c", "", 1)),
        ("known", ("t", "c", -2, 1)),
        ("moment", ("t", "c", 0, "soon")),
        ("moment", ("t", "c", 5, 5)),
        ("moment", ("t", "c", 0, 2, 1)),
        ("moment", ("t", "c", 0, 2**48)),
        ("arguments", ("t", "c", 0)),
        ("arguments", ("t", "c", 0, *range(1, 102))),
    ],
)
def test_bad_input_is_refused_by_name(
    engine: Engine, name: str, given: tuple[str | int, ...]
) -> None:
    recur(engine, interval=0, calendar="c")

    assert refused(engine, "refill", *given).startswith(f"INVALID {name}: ")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("interval", {"interval": 1, "calendar": "c"}),
        ("calendar", {"interval": 0, "calendar": "c" * 1025}),
        ("backlog", {"interval": 0, "calendar": "c", "backlog": 51}),
        ("backlog", {"missed": "one", "backlog": 2}),
        ("missed", {"missed": "sometimes"}),
        ("overlap", {"overlap": "often"}),
        ("until", {"until": -1}),
        ("count", {"count": -1}),
        ("options", {"moments": [1]}),
    ],
)
def test_a_template_that_cannot_be_is_refused_by_name(
    engine: Engine, name: str, given: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match=f"^INVALID {name}: "):
        recur(engine, **given)

    assert look(engine) is None


def test_a_change_that_cannot_be_is_refused_by_name(engine: Engine) -> None:
    schedule(engine, 100, missed="one")
    changes: dict[str, dict[str, Any]] = {
        "backlog: belongs": {"backlog": 1},
        "calendar: there is": {"calendar": "c", "interval": 5},
        "backlog: with a": {"missed": "all", "backlog": 60},
    }
    for why, given in changes.items():
        with pytest.raises(Refused, match=f"^INVALID {why}"):
            update(engine, **given)
    update(engine, missed="all", backlog=50)
