"""Unique keys: which job holds one, until when, and what a second put does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.conftest import Engine, Refused, options, refused
from tests.laws.invariants import Keys, broken

MINUTE = 60_000
START = 1_800_000_000_000


@pytest.fixture(autouse=True)
def _laws(engine: Engine) -> Iterator[None]:
    yield
    assert [] == broken(Keys(engine.server, engine.root), START)


def put(engine: Engine, jid: str, now: int = 0, **given: Any) -> str:
    """Put a job under the key `k`; times count from START."""
    return engine.put(jid, now=START + now, **{"unique": "k", **given})


def data(engine: Engine, jid: str) -> bytes:
    found = engine.get(jid)
    assert found
    return found.record.payload


def holds(engine: Engine, key: str = "k") -> bool:
    return bool(engine.server.exists(f"{engine.root}unique:{key}"))


# What the second put does


def test_the_first_is_kept(engine: Engine) -> None:
    assert "created" == put(engine, "a", payload=b"first")
    assert "merged a" == put(engine, "b", payload=b"second")

    assert ("waiting", None) == (engine.state("a"), engine.state("b"))
    assert b"first" == data(engine, "a")
    assert ("merged", "a", "kept") == engine.events()[-1]


def test_its_data_is_replaced_as_long_as_it_has_not_started(engine: Engine) -> None:
    put(engine, "a", payload=b"first", if_duplicate="replace", priority=3)
    assert "merged a" == put(
        engine, "b", payload=b"l" * 2000, klass="jobs.Other", if_duplicate="replace"
    )

    found = engine.get("a")
    assert found
    assert ("jobs.Other", b"l" * 2000) == (found.klass, found.record.payload)
    assert 3 == found.record.priority
    assert ["put", "merged"] == engine.history("a")
    assert ("merged", "a", "replaced") == engine.events()[-1]

    engine.pop(now=START)
    assert "created" == put(engine, "c", if_duplicate="replace"), "it runs, so this is a new one"


def test_it_is_refused_and_the_error_names_the_job(engine: Engine) -> None:
    put(engine, "a", if_duplicate="refuse")

    args = ("q", "b", "", b"", options(unique="k", if_duplicate="refuse"))
    assert refused(engine, "put", *args, now=START) == "EXISTS unique: job a holds the key k"


def test_each_put_says_what_it_does_itself(engine: Engine) -> None:
    put(engine, "a", payload=b"first", unique_until="started")

    assert "merged a" == put(engine, "b", payload=b"second", if_duplicate="replace")
    assert b"second" == data(engine, "a")
    with pytest.raises(Refused, match="EXISTS"):
        put(engine, "c", if_duplicate="refuse")


def test_a_job_that_is_given_another_klass_is_under_the_limit_of_that(engine: Engine) -> None:
    engine.call("limit", "klass:one", 1, "", "", "")
    engine.put("busy", klass="one")
    engine.pop(now=1)
    for jid in ("a", "b"):
        engine.put(jid, klass="one", now=1, unique=jid, if_duplicate="replace")
        engine.put(jid + "+", klass="two", now=1, unique=jid, if_duplicate="replace")

    assert ["a", "b"] == engine.order(now=1)


def test_data_of_a_job_that_runs_is_not_replaced(engine: Engine) -> None:
    put(engine, "a")
    engine.pop(now=START)

    for given in ({"if_duplicate": "replace"}, {"debounce": 5}):
        args = ("q", "b", "", b"", options(unique="k", **given))
        assert refused(engine, "put", *args, now=START).startswith("EXISTS unique: job a")


def test_keys_are_apart_and_of_the_whole_namespace(engine: Engine) -> None:
    assert "created" == put(engine, "a")
    assert "merged a" == put(engine, "b", queue="r")
    assert "created" == put(engine, "b", unique="l")
    assert "created" == put(engine, "c", unique="\xff" * 100 + "\0 {")


def test_the_jid_of_the_job_itself_is_a_duplicate_too(engine: Engine) -> None:
    put(engine, "a", payload=b"first")

    assert "merged a" == put(engine, "a", payload=b"second")
    assert b"first" == data(engine, "a")
    assert "replaced" == engine.put("a", payload=b"third", now=START)
    assert not holds(engine), "it was put again without a key"


# How long it is held


def test_until_it_is_done(engine: Engine) -> None:
    put(engine, "a")
    (lease,) = engine.pop(now=START)
    assert "merged a" == put(engine, "b")
    assert "scheduled" == engine.retry(lease, delay=10, now=START)
    assert "merged a" == put(engine, "b")
    (lease,) = engine.pop(now=START + 100)
    assert "waiting" == engine.complete(lease, "next", now=START + 100)
    assert "merged a" == put(engine, "b", 100)
    (lease,) = engine.pop("next", now=START + 100)
    engine.complete(lease, now=START + 100)

    assert not holds(engine)
    assert "created" == put(engine, "b", 100)


def test_until_it_has_started(engine: Engine) -> None:
    put(engine, "a", unique_until="started")
    assert "merged a" == put(engine, "b", unique_until="started")
    (lease,) = engine.pop(now=START)

    assert not holds(engine)
    assert "created" == put(engine, "b", unique_until="started")
    assert "waiting" == engine.retry(lease, now=START)
    assert "merged b" == put(engine, "c", unique_until="started"), "a is out of it, b holds the key"


@pytest.mark.parametrize("scope", ["done", "started"])
def test_a_job_that_ends_without_running_lets_go_of_it(engine: Engine, scope: str) -> None:
    put(engine, "a", unique_until=scope)
    engine.cancel("a", now=START)
    assert not holds(engine)

    put(engine, "b", unique_until=scope, start_within=10)
    engine.ticks(now=START + 10)
    assert "cancelled" == engine.state("b")
    assert not holds(engine)


def test_a_failed_job_lets_go_of_it_and_takes_it_again_when_it_is_put_back(engine: Engine) -> None:
    put(engine, "a")
    (lease,) = engine.pop(now=START)
    engine.fail(lease, now=START)
    assert not holds(engine)

    engine.call("unfail", "a", "", now=START)
    assert "merged a" == put(engine, "b")


def test_who_puts_a_job_back_is_not_refused_because_another_one_holds_its_key(
    engine: Engine,
) -> None:
    put(engine, "a")
    (lease,) = engine.pop(now=START)
    engine.fail(lease, now=START)
    put(engine, "b")

    assert b"waiting" == engine.call("unfail", "a", "", now=START)
    assert "merged b" == put(engine, "c")
    engine.cancel("a", now=START)
    assert "merged b" == put(engine, "c"), "a does not let go of what b holds"


def test_a_complete_job_that_is_moved_takes_it_again(engine: Engine) -> None:
    put(engine, "a")
    (lease,) = engine.pop(now=START)
    engine.complete(lease, now=START)
    engine.move("a", "r", now=START)

    assert "merged a" == put(engine, "b")


def test_for_a_time_whatever_becomes_of_the_job(engine: Engine) -> None:
    put(engine, "a", unique_for=10 * MINUTE)
    (lease,) = engine.pop(now=START)
    engine.configure("jobs-history-count", 0, now=START)
    engine.complete(lease, now=START)

    assert "merged a" == put(engine, "b", 10 * MINUTE - 1, unique_for=MINUTE)
    assert "created" == put(engine, "b", 10 * MINUTE, unique_for=MINUTE)


def test_a_job_that_held_it_for_a_time_does_not_take_it_again(engine: Engine) -> None:
    for jid, given in (("a", {"unique_for": MINUTE}), ("b", {"debounce": MINUTE})):
        put(engine, jid, 0, unique=jid, **given)
        (lease,) = engine.pop(now=START + 2 * MINUTE)
        engine.fail(lease, now=START + 2 * MINUTE)
        engine.call("unfail", jid, "", now=START + 2 * MINUTE)
        assert "created" == put(engine, jid * 2, 2 * MINUTE, unique=jid)
        engine.cancel(jid, jid * 2, now=START + 2 * MINUTE)


def test_a_time_ends_with_a_job_that_is_cancelled(engine: Engine) -> None:
    put(engine, "a", unique_for=MINUTE)
    engine.cancel("a", now=START)

    assert not holds(engine)


def test_a_key_that_is_held_for_a_time_expires_by_itself(engine: Engine) -> None:
    put(engine, "a", unique_for=MINUTE)

    left: Any = engine.server.pttl(engine.root + "unique:k")
    assert 0 < left <= MINUTE


def test_a_key_whose_job_is_gone_blocks_nobody(engine: Engine) -> None:
    put(engine, "a")
    engine.server.delete(engine.root + "job:a", f"{engine.root}waiting:{engine.number()}")

    assert "created" == put(engine, "b")


# Debounce


def due(engine: Engine, jid: str) -> int:
    found = engine.get(jid)
    assert found
    assert found.record.state == "scheduled"
    return found.record.since - START


def test_trailing_runs_when_no_put_has_come_for_that_long_with_the_data_of_the_last(
    engine: Engine,
) -> None:
    assert "created" == put(engine, "a", payload=b"1", debounce=1000)
    assert 1000 == due(engine, "a")
    assert "merged a" == put(engine, "b", 600, payload=b"2", debounce=1000)
    assert "merged a" == put(engine, "c", 1500, payload=b"3", debounce=1000)
    assert 2500 == due(engine, "a")
    assert ["put", "merged", "merged"] == engine.history("a")

    assert [] == engine.pop(now=START + 2499)
    (lease,) = engine.pop(now=START + 2500)
    assert ("a", b"3") == (lease.jid, lease.payload)
    assert "created" == put(engine, "d", 2600, debounce=1000)
    assert 3600 == due(engine, "d")


def test_no_put_waits_for_longer_than_at_most(engine: Engine) -> None:
    given: dict[str, Any] = {"debounce": 1000, "debounce_at_most": 2500}
    put(engine, "a", **given)
    for now in (900, 1800, 2400):
        assert "merged a" == put(engine, "b", now, **given)
    assert 2500 == due(engine, "a")
    assert "merged a" == put(engine, "b", 2600, payload=b"last", **given), "its pop is late"
    (lease,) = engine.pop(now=START + 2600)

    assert ("a", b"last") == (lease.jid, lease.payload)


def test_a_job_that_waits_for_its_pop_is_postponed_too(engine: Engine) -> None:
    put(engine, "a", debounce=1000)
    engine.ticks(now=START + 1000)
    assert "waiting" == engine.state("a")

    put(engine, "b", 1500, debounce=1000)
    assert 2500 == due(engine, "a")


def test_one_that_waits_for_others_is_due_later(engine: Engine) -> None:
    engine.put("parent", now=START)
    put(engine, "a", debounce=1000)
    engine.depend("a", depends=["parent"], now=START)
    put(engine, "b", 800, debounce=1000)
    (lease,) = engine.pop(now=START + 900)
    engine.complete(lease, now=START + 900)

    assert 1800 == due(engine, "a")


def test_leading_runs_the_first_at_once_and_merges_the_others_of_the_burst(engine: Engine) -> None:
    given: dict[str, Any] = {"debounce": 10 * MINUTE, "debounce_mode": "leading"}
    assert "created" == put(engine, "a", payload=b"1", **given)
    (lease,) = engine.pop(now=START)
    engine.complete(lease, now=START)
    assert "merged a" == put(engine, "b", 9 * MINUTE, payload=b"2", **given)
    assert "merged a" == put(engine, "b", 18 * MINUTE, **given), "quiet for nine minutes only"
    assert b"1" == data(engine, "a")

    assert "created" == put(engine, "b", 28 * MINUTE, **given)


def test_a_leading_burst_lasts_no_longer_than_at_most(engine: Engine) -> None:
    given: dict[str, Any] = {
        "debounce": 10 * MINUTE,
        "debounce_mode": "leading",
        "debounce_at_most": 15 * MINUTE,
    }
    put(engine, "a", **given)
    assert "merged a" == put(engine, "b", 9 * MINUTE, **given)
    assert "merged a" == put(engine, "b", 15 * MINUTE - 1, **given)

    assert "created" == put(engine, "b", 15 * MINUTE, **given)


def test_both_runs_the_first_at_once_and_once_more_after_the_burst(engine: Engine) -> None:
    given: dict[str, Any] = {"debounce": 10 * MINUTE, "debounce_mode": "both"}
    assert "created" == put(engine, "a", payload=b"1", **given)
    assert "created" == put(engine, "b", 1 * MINUTE, payload=b"2", **given)
    assert "merged b" == put(engine, "c", 5 * MINUTE, payload=b"3", **given)
    assert ("waiting", 15 * MINUTE) == (engine.state("a"), due(engine, "b"))
    assert ["a", "b"] == [
        lease.jid
        for now in (MINUTE, 15 * MINUTE)
        for lease in engine.pop(count=2, lease=0, now=START + now)
    ]
    assert b"3" == data(engine, "b")

    assert "created" == put(engine, "c", 15 * MINUTE, **given)
    assert "waiting" == engine.state("c"), "a new burst, so it leads"


def test_one_put_alone_runs_once_with_both(engine: Engine) -> None:
    given: dict[str, Any] = {"debounce": 10 * MINUTE, "debounce_mode": "both"}
    put(engine, "a", **given)
    engine.pop(lease=0, now=START)

    assert [] == engine.pop(now=START + 20 * MINUTE)
    assert "created" == put(engine, "b", 20 * MINUTE, **given)
    assert "waiting" == engine.state("b")


def test_a_burst_that_goes_on_after_the_longest_wait_goes_on_trailing(engine: Engine) -> None:
    given: dict[str, Any] = {
        "debounce": 10 * MINUTE,
        "debounce_at_most": 12 * MINUTE,
        "debounce_mode": "both",
    }
    put(engine, "a", **given)
    put(engine, "b", 5 * MINUTE, **given)
    put(engine, "x", 14 * MINUTE, **given)
    assert 17 * MINUTE == due(engine, "b")
    assert ["a", "b"] == [lease.jid for lease in engine.pop(count=2, now=START + 17 * MINUTE)]

    assert "created" == put(engine, "c", 18 * MINUTE, **given), "four minutes after the last"
    assert 28 * MINUTE == due(engine, "c")


def test_a_deadline_moves_with_the_job(engine: Engine) -> None:
    put(engine, "a", debounce=1000, start_within=500)
    put(engine, "b", 900, debounce=1000, start_within=500)
    engine.ticks(now=START + 2399)
    assert "waiting" == engine.state("a")
    engine.ticks(now=START + 2400)

    assert "cancelled" == engine.state("a")


# Several in one call


def member(jid: str, payload: bytes = b"", **given: Any) -> tuple[Any, ...]:
    return "put", "q", jid, "", payload, options(**{"unique": "k", **given})


def test_puts_of_one_call_count_each_other(engine: Engine) -> None:
    answers = engine.step(
        member("a", b"1", if_duplicate="replace"),
        member("b", b"2", if_duplicate="replace"),
        member("c", unique="l"),
        member("d", b"3", if_duplicate="replace"),
        now=START,
    )

    assert [b"created", b"merged a", b"created", b"merged a"] == answers
    assert b"3" == data(engine, "a")
    assert {"waiting": 2} == engine.counts()


def test_bursts_of_one_call_are_bursts(engine: Engine) -> None:
    given: dict[str, Any] = {"debounce": 1000, "debounce_mode": "both"}
    answers = engine.step(*(member(jid, jid.encode(), **given) for jid in "abcd"), now=START)

    assert [b"created", b"created", b"merged b", b"merged b"] == answers
    assert ("waiting", 1000, b"d") == (engine.state("a"), due(engine, "b"), data(engine, "b"))


def test_one_that_is_refused_refuses_the_call_or_itself(engine: Engine) -> None:
    members = [member("a"), member("b", if_duplicate="refuse"), member("c")]
    with pytest.raises(Refused, match="EXISTS"):
        engine.step(*members, now=START)
    assert engine.state("a") is None

    created, refusal, merged = engine.step(*members, mode="each", now=START)
    assert (b"created", b"merged a") == (created, merged)
    assert isinstance(refusal, Exception)


def test_a_refused_put_holds_no_key(engine: Engine) -> None:
    answers = engine.step(
        member("a", depends=["nobody"], missing="refuse"), member("b"), mode="each", now=START
    )

    assert isinstance(answers[0], Exception)
    assert b"created" == answers[1]


def test_a_job_that_the_call_ends_holds_its_key_no_more(engine: Engine) -> None:
    put(engine, "a")
    (lease,) = engine.pop(now=START)
    assert [b"complete", b"created"] == engine.step(
        ("complete", *lease.key, b"", "", b""), member("b"), now=START
    )
    assert [1, b"created"] == engine.step(("cancel", "b"), member("c"), now=START)
    assert [b"merged c", 1] == engine.step(member("d"), ("cancel", "c"), now=START)
    assert not holds(engine)


def test_a_job_that_the_call_puts_again_holds_its_key_no_more(engine: Engine) -> None:
    put(engine, "a")
    again = ("put", "q", "a", "", b"new", b"")

    assert [b"replaced", b"created"] == engine.step(again, member("b"), now=START)
    assert "merged b" == put(engine, "c")


def test_a_put_that_a_failed_parent_ends_at_once_holds_no_key(engine: Engine) -> None:
    engine.put("parent", now=START)
    (lease,) = engine.pop(now=START)
    engine.fail(lease, now=START)
    orphan: dict[str, Any] = {"depends": ["parent"], "parent_failure": "cancel"}

    assert [b"created", b"created"] == engine.step(member("a", **orphan), member("b"), now=START)
    assert ("cancelled", "waiting") == (engine.state("a"), engine.state("b"))
    assert "merged b" == put(engine, "c")


# Repeats


def test_a_marked_put_that_comes_again_is_answered_as_before_and_is_no_second_one(
    engine: Engine,
) -> None:
    args = ("q", "b", "", b"2", options(unique="k", if_exists="repeated"))
    put(engine, "a", payload=b"1", unique_until="started")
    assert b"merged a" == engine.call("put", *args, now=f"{START}/mark")
    (lease,) = engine.pop(now=START)
    engine.complete(lease, now=START)

    assert b"merged a" == engine.call("put", *args, now=f"{START}/mark")
    assert engine.state("b") is None


# What does not go together


@pytest.mark.parametrize(
    ("named", "given"),
    [
        ("unique", {"unique": ""}),
        ("unique", {"unique": "x" * 256}),
        ("unique_until", {"unique": None, "unique_until": "done"}),
        ("unique_for", {"unique": None, "unique_for": 5}),
        ("if_duplicate", {"unique": None, "if_duplicate": "keep"}),
        ("debounce", {"unique": None, "debounce": 5}),
        ("unique_until", {"unique_until": "failed"}),
        ("unique_for", {"unique_for": 0}),
        ("unique_for", {"unique_for": 5, "unique_until": "done"}),
        ("if_duplicate", {"if_duplicate": "drop"}),
        ("if_duplicate=replace", {"if_duplicate": "replace", "unique_until": "done"}),
        ("if_duplicate=replace", {"if_duplicate": "replace", "unique_for": 5}),
        ("debounce", {"if_duplicate": "postpone"}),
        ("debounce", {"debounce_mode": "both"}),
        ("debounce", {"debounce_at_most": 5}),
        ("debounce", {"debounce": 0}),
        ("debounce", {"debounce": 5, "delay": 5}),
        ("debounce", {"debounce": 5, "depends": ["a"]}),
        ("debounce", {"debounce": 5, "unique_for": 5}),
        ("debounce", {"debounce": 5, "if_duplicate": "keep"}),
        ("debounce_mode", {"debounce": 5, "debounce_mode": "middle"}),
        ("debounce_at_most", {"debounce": 5, "debounce_at_most": 4}),
    ],
)
def test_options_that_contradict_each_other_are_refused_by_name(
    engine: Engine, named: str, given: dict[str, Any]
) -> None:
    packed = options(**{k: v for k, v in {"unique": "k", **given}.items() if v is not None})

    assert refused(engine, "put", "q", "a", "", b"", packed).startswith(f"INVALID {named}: ")


def test_a_recurring_job_takes_no_key(engine: Engine) -> None:
    args = ("q", "t", "", b"", 1000, 0, options(unique="k"))

    assert "INVALID options: unique is not known here" == refused(engine, "recur", *args)
