"""recurrence: when the children of a recurring job are due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

moments = st.integers(0, 2**42)
intervals = st.integers(1, 2**32)
few = st.integers(1, 50)


@pytest.fixture(scope="session")
def recurrence(rule: Callable[[str], Any]) -> Any:
    return rule("recurrence")


def template(due: int, interval: int, backlog: int = 0, **fields: Any) -> dict[str, Any]:
    # Python's dictionaries raise where a Lua table has nothing.
    options = {"backlog": backlog, **dict.fromkeys(("missed", "overlap", "until", "count"))}
    given_fields = {"first": 0, "paused": False, "moments": None, **fields}
    return {"due": due, "interval": interval, "options": options, **given_fields}


def queue(*, paused: bool = False, resumed: int = 0) -> dict[str, Any]:
    return {"paused": paused, "resumed": resumed}


@given(due=moments, interval=intervals, now=moments)
def test_missed_slots_are_those_that_have_come(
    recurrence: Any, due: int, interval: int, now: int
) -> None:
    count = recurrence.missed(due, interval, now)

    assert count >= 0
    assert due + count * interval > now
    assert count == 0 or due + (count - 1) * interval <= now


@given(due=moments, interval=intervals, moment=moments)
def test_the_slot_that_is_reached_is_the_first_not_before_the_moment(
    recurrence: Any, due: int, interval: int, moment: int
) -> None:
    reached = recurrence.reached(due, interval, moment)

    assert (reached - due) % interval == 0
    assert reached >= max(due, moment)
    assert reached == due or reached - interval < moment


def test_half_a_second_over_two_seconds_is_five_slots(recurrence: Any) -> None:
    assert (0, 5) == recurrence.pending(template(0, 500), queue(), 2000)


@pytest.mark.parametrize(
    ("backlog", "expected"),
    [(0, (0, 101)), (1, (1000, 1)), (3, (980, 3)), (101, (0, 101)), (500, (0, 101))],
)
def test_a_backlog_leaves_exactly_so_many_of_the_newest_slots(
    recurrence: Any, backlog: int, expected: tuple[int, int]
) -> None:
    assert expected == recurrence.pending(template(0, 10, backlog), queue(), 1000)


def test_nothing_is_pending_before_the_first_slot(recurrence: Any) -> None:
    assert (100, 0) == recurrence.pending(template(100, 10), queue(), 99)


def test_a_paused_queue_lets_all_slots_up_to_now_go_by(recurrence: Any) -> None:
    assert (110, 0) == recurrence.pending(template(50, 20), queue(paused=True), 90)


def test_after_a_pause_the_slots_since_the_resumption_are_made(recurrence: Any) -> None:
    assert (1000, 3) == recurrence.pending(template(0, 50), queue(resumed=960), 1100)
    assert (950, 4) == recurrence.pending(template(0, 50), queue(resumed=950), 1100)


@pytest.mark.parametrize(
    ("now", "interval", "due"),
    [
        pytest.param(110, 50, 150, id="that long after the last slot"),
        pytest.param(110, 500, 600, id="later"),
        pytest.param(170, 10, 170, id="at once when that long has passed"),
        pytest.param(175, 10, 180, id="in phase with the last slot"),
        pytest.param(200, 30, 200, id="a slot that is to be made stays"),
        pytest.param(450, 500, 400, id="of several that are to be made the last stays"),
        pytest.param(450, 20, 440, id="of more that would have come the last is made"),
    ],
)
def test_another_interval_counts_from_the_last_slot(
    recurrence: Any, now: int, interval: int, due: int
) -> None:
    assert due == recurrence.paced(template(200, 100), interval, now)


def test_another_interval_leaves_the_first_slot_where_it_is(recurrence: Any) -> None:
    assert 7200 == recurrence.paced(template(7200, 3600, first=7200), 60, 10)


def test_another_interval_of_a_paused_template_makes_up_for_nothing(recurrence: Any) -> None:
    assert 460 == recurrence.paced(template(200, 100, paused=True), 30, 450)


@given(due=moments, old=intervals, new=intervals, now=moments)
def test_another_interval_never_brings_a_burst(
    recurrence: Any, due: int, old: int, new: int, now: int
) -> None:
    next_due = recurrence.paced(template(due, old), new, now)

    assert recurrence.missed(next_due, new, now) <= 1


Slots = Callable[..., list[tuple[int, int]]]


@pytest.fixture(scope="session")
def slots(recurrence: Any, lua: Any) -> Slots:
    """Return the slots, as (template, moment), of templates given as (due, interval, missed)."""

    def find(budget: int, *templates: tuple[int, int, int]) -> list[tuple[int, int]]:
        names = ("due", "interval", "missed")
        table = lua.table_from(
            [lua.table_from(dict(zip(names, one, strict=True))) for one in templates]
        )
        found = recurrence.slots(table, budget)
        return [(slot.index, slot.moment) for slot in found.values()]

    return find


def test_slots_come_in_the_order_of_their_moments(slots: Slots) -> None:
    assert [(1, 0), (2, 5), (1, 10), (2, 12), (1, 20)] == slots(20, (0, 10, 3), (5, 7, 2))


def test_a_template_far_behind_leaves_room_for_the_others(slots: Slots) -> None:
    assert [(1, 0), (1, 1), (2, 900), (3, 901)] == slots(
        4, (0, 1, 1_000_000), (900, 10, 1), (901, 10, 1)
    )


@given(st.lists(st.tuples(moments, few, st.integers(0, 50)), max_size=20), st.integers(0, 20))
def test_slots_are_as_many_as_there_are_or_as_the_budget_allows(
    slots: Slots, templates: list[tuple[int, int, int]], budget: int
) -> None:
    found = slots(budget, *templates)

    assert len(found) == min(budget, sum(missed for _, _, missed in templates))
    assert found == sorted(found, key=lambda slot: (slot[1], slot[0]))


@given(st.lists(st.integers(0, 2**47), unique=True, min_size=2))
def test_jids_sort_as_their_numbers_and_are_all_different(
    recurrence: Any, numbers: list[int]
) -> None:
    jids = [recurrence.jid(number) for number in sorted(numbers)]

    assert jids == sorted(set(jids))
    assert {11} == {len(jid) for jid in jids}
