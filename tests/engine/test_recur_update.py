"""recur_update: changes a template, all that is named or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, options, refused
from tests.engine.templates import keys_of, known, moments, recur, update


def test_what_children_are_made_of_is_changed_for_those_to_come(engine: Engine) -> None:
    recur(engine, interval=100, tags=["old"], priority=1)
    (before,) = engine.pop(now=0)
    changes: dict[str, Any] = {
        "priority": -3,
        "retries": 0,
        "tags": ["new"],
        "lease": 777,
        "klass": "jobs.New",
        "kill_within": 5,
    }
    assert "updated" == update(engine, payload=b"\x05", now=50, **changes)
    (after,) = engine.pop(now=100)

    assert ("jobs.Klass", b"\xc0", 1, ["old"]) == (
        before.klass,
        before.payload,
        before.record.priority,
        before.record.options["tags"],
    )
    assert ("jobs.New", b"\x05", -3, ["new"]) == (
        after.klass,
        after.payload,
        after.record.priority,
        after.record.options["tags"],
    )
    assert (0, 100 + 777) == (after.record.left, after.ends)
    assert 5 == after.record.options["kill_within"]


def test_what_is_not_named_stays(engine: Engine) -> None:
    recur(engine, interval=100, offset=7, tags=["a"], priority=4, retries=3, backlog=2, lease=9)
    before = known(engine)
    update(engine)
    assert before == known(engine)
    update(engine, priority=5)

    before.priority = 5
    assert before == known(engine)


def test_tags_are_replaced_and_taken_off(engine: Engine) -> None:
    recur(engine, tags=["a", "b"])
    update(engine, tags=["b", "c"])
    assert ["b", "c"] == known(engine).tags
    update(engine, tags=[])

    assert [] == known(engine).tags


def test_the_backlog_is_changed(engine: Engine) -> None:
    recur(engine, interval=100)
    update(engine, backlog=1, now=1000)

    assert [1000] == moments(engine, now=1050)


def test_a_changed_payload_may_be_large(engine: Engine) -> None:
    recur(engine)
    update(engine, payload=b"x" * 5000)

    assert [b"x" * 5000] == [lease.payload for lease in engine.pop()]


def test_a_change_is_published(engine: Engine) -> None:
    recur(engine)
    update(engine, priority=1)

    assert ("recur", "t", "updated") == engine.events()[-1]


# Intervals


def test_another_interval_counts_from_the_last_slot(engine: Engine) -> None:
    recur(engine, interval=1000)
    engine.ticks(now=0)
    update(engine, interval=300, now=100)

    assert [0, 300, 600] == moments(engine, now=700)


def test_another_interval_brings_no_burst(engine: Engine) -> None:
    recur(engine, interval=100_000)
    engine.ticks(now=0)
    update(engine, interval=10, now=50_005)

    assert [0] == moments(engine, now=50_009)
    assert [0, 50_010] == moments(engine, now=50_010)


def test_another_interval_leaves_the_first_slot_where_it_is(engine: Engine) -> None:
    recur(engine, interval=1000, offset=5000)
    update(engine, interval=10, now=100)

    assert [5000, 5010] == moments(engine, now=5015)


def test_a_slot_that_has_come_unnoticed_is_not_lost_with_another_interval(engine: Engine) -> None:
    recur(engine, interval=1000)
    update(engine, interval=5000, now=20)

    assert [0, 5000] == moments(engine, now=5000)


def test_a_repeated_change_of_the_interval_changes_nothing(engine: Engine) -> None:
    recur(engine, interval=1000)
    engine.ticks(now=0)
    update(engine, interval=300, now=100)
    update(engine, interval=300, now=200)

    assert 300 == known(engine).due


# Pauses


def test_a_paused_template_has_no_children_until_it_resumes_in_phase(engine: Engine) -> None:
    recur(engine, interval=100)
    assert [0] == moments(engine, now=0)
    update(engine, paused=True, now=10)
    assert known(engine).paused
    assert 0 == known(engine).due
    assert [0] == moments(engine, now=640)
    update(engine, paused=False, now=650)

    assert 700 == known(engine).due
    assert [0, 700, 800] == moments(engine, now=850)


def test_resuming_what_is_not_paused_skips_nothing(engine: Engine) -> None:
    recur(engine, interval=100)
    update(engine, paused=False, now=250)

    assert [0, 100, 200] == moments(engine, now=250)


def test_a_paused_template_is_still_listed(engine: Engine) -> None:
    recur(engine)
    update(engine, paused=True)

    assert {"recurring": 1} == engine.counts()
    assert [b"", b"t"] == engine.call("jobs", "q", "recurring", "", 10)


def test_a_paused_template_does_not_hold_up_the_others(engine: Engine) -> None:
    recur(engine, interval=100)
    recur(engine, "u", interval=100, offset=5)
    update(engine, paused=True)

    assert [5, 105] == moments(engine, now=150)


def test_a_template_resumes_with_another_interval_in_one_call(engine: Engine) -> None:
    recur(engine, interval=1000)
    engine.ticks(now=0)
    update(engine, paused=True, now=1)
    update(engine, paused=False, interval=50, now=7010)

    assert [0, 7050, 7100] == moments(engine, now=7100)


# Queues


def test_a_template_moves_to_another_queue_with_its_schedule(engine: Engine) -> None:
    recur(engine, interval=100)
    assert [0] == moments(engine, "q", now=0)
    update(engine, queue="other", now=10)
    assert "other" == known(engine).queue
    assert {"waiting": 1} == engine.counts("q")
    assert {"recurring": 1} == engine.counts("other")

    assert [100, 200] == moments(engine, "other", now=200)
    assert [0] == moments(engine, "q", now=200)


def test_a_move_to_its_own_queue_changes_nothing(engine: Engine) -> None:
    recur(engine, interval=100)
    before = known(engine)
    update(engine, queue="q")

    assert before == known(engine)
    assert ["recurring:1", "template:t"] == keys_of(engine)


def test_a_move_wakes_those_who_wait_for_the_new_queue(engine: Engine) -> None:
    recur(engine, interval=100, offset=50)
    engine.pop("other", wait=1)
    update(engine, queue="other", now=1)

    assert 1 == engine.ring("other")


# Refusals


def test_an_unknown_template_is_refused(engine: Engine) -> None:
    assert refused(engine, "recur_update", "t", b"", b"") == "NOJOB no recurring job t"


def test_a_job_is_no_template(engine: Engine) -> None:
    engine.put("t")

    assert refused(engine, "recur_update", "t", b"", b"").startswith("NOJOB")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("priority", {"tags": ["x"], "priority": "high"}),
        ("retries", {"priority": 1, "retries": 1.5}),
        ("interval", {"priority": 1, "interval": 0}),
        ("interval", {"priority": 1, "interval": 0.5}),
        ("backlog", {"priority": 1, "backlog": -1}),
        ("lease", {"priority": 1, "lease": -1}),
        ("tags", {"priority": 1, "tags": "a"}),
        ("queue", {"priority": 1, "queue": ""}),
        ("queue", {"priority": 1, "queue": "q" * 256}),
        ("klass", {"priority": 1, "klass": 5}),
        ("if_late", {"priority": 1, "if_late": "fail"}),
        ("paused", {"priority": 1, "paused": 1}),
        ("options", {"priority": 1, "offset": 5}),
        ("options", {"priority": 1, "delay": 5}),
        ("options", {"priority": 1, "nonce": "n"}),
    ],
)
def test_one_bad_change_is_refused_by_name_and_none_is_made(
    engine: Engine, name: str, changes: dict[str, Any]
) -> None:
    recur(engine)

    why = refused(engine, "recur_update", "t", options(**changes), b"")
    assert why.startswith(f"INVALID {name}: ")


def test_a_payload_over_the_limit_is_refused_with_all_other_changes(engine: Engine) -> None:
    recur(engine)

    why = refused(engine, "recur_update", "t", options(priority=1), bytes(2**20 + 1))
    assert why.startswith("INVALID data: ")
