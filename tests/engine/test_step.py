"""step: several commands in one call, every check before the first write."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, Lease, dump, leases, options, refused


def put(jid: str, queue: str = "q", payload: bytes = b"", **given: Any) -> tuple[Any, ...]:
    return "put", queue, jid, "", payload, options(**given)


def complete(lease: Lease, next_queue: str = "") -> tuple[Any, ...]:
    return "complete", *lease.key, b"", next_queue, b""


POP = ("pop", "w", "x", 0, 100, "", 0, "ordered", 0, "q")


def flat(*members: Any) -> list[Any]:
    return [part for name, *own in members for part in (name, len(own), *own)]


def test_answers_come_in_the_order_of_the_members(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    answers = engine.step(complete(lease), put("b"), put("c", delay=5), ("pause", "r"), POP)

    assert [b"complete", b"created", b"created", 1] == answers[:-1]
    assert ["b"] == [one.jid for one in leases(answers[-1])]


def test_an_empty_step_does_nothing(engine: Engine) -> None:
    assert [] == engine.step()


def test_one_refusal_refuses_all_and_nothing_is_written(engine: Engine) -> None:
    engine.put("a", tags=["t"])
    engine.put("b", queue="other")
    (lease,) = engine.pop()
    good = [
        complete(lease, "next"),
        put("c", tags=["t"]),
        put("b", queue="new"),
        ("pause", "other"),
        ("priority", "b2", 1),
    ]
    for bad in (
        ("priority", "nobody", 1),
        ("priority", "c", "high"),
        put("d", depends=["nobody"], missing="refuse"),
        ("fail", "q", "a", lease.key[2], "g", "", b""),
    ):
        answer = refused(engine, "step", "all", *flat(*good[:4], bad))
        assert answer.split()[0] in {"NOJOB", "INVALID"}


def test_in_mode_each_a_refusal_is_one_answer_and_the_others_go_on(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    answers = engine.step(
        put("b", priority="high"), complete(lease), ("cancel", "nobody"), POP, mode="each"
    )

    assert str(answers[0]).startswith("INVALID priority")
    assert b"complete" == answers[1]
    assert "NOJOB no job nobody" == str(answers[2])
    assert [0] != answers[3]


def test_the_same_job_twice_is_refused(engine: Engine) -> None:
    engine.put("a")
    for members in (
        [put("a"), ("cancel", "a")],
        [("priority", "a", 1), put("a")],
        [put("new"), put("new")],
        [("move", "a", "other", ""), ("priority", "a", 1)],
    ):
        answer = refused(engine, "step", "all", *flat(*members))
        assert answer.endswith("is named twice in one call")
        assert answer.startswith("INVALID jid")


def test_in_mode_each_the_second_member_on_a_job_is_refused(engine: Engine) -> None:
    engine.put("a")
    answers = engine.step(("priority", "a", 1), ("cancel", "a"), mode="each")

    assert b"1" == answers[0]
    assert str(answers[1]).startswith("INVALID jid")
    assert "waiting" == engine.state("a")


@pytest.mark.parametrize("last", ["pop", "tick"])
def test_a_pop_or_a_tick_can_only_come_last(engine: Engine, last: str) -> None:
    member = POP if last == "pop" else ("tick",)
    answer = refused(engine, "step", "all", *flat(member, put("a")))

    assert answer == f"INVALID member: {last} can only come last"


def test_commands_that_read_or_list_are_no_members(engine: Engine) -> None:
    for name in ("get", "peek", "jobs", "queues", "step", "drain", "nothing", ""):
        answer = refused(engine, "step", "all", name, 0)
        assert answer.startswith("INVALID member")


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    for argument, args in {
        "mode": ("some", "tick", 0),
        "mode:": (),
        "number of arguments": ("all", "tick"),
        "arguments": ("all", "tick", 1),
        "arguments:": ("all", "tick", -1),
        "members": ("all", *flat(*([put("a")] * 102))),
    }.items():
        answer = refused(engine, "step", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer


def test_a_hundred_members_and_a_pop_fit_into_one_step(engine: Engine) -> None:
    *answers, popped = engine.step(*(put(f"{n:03}") for n in range(100)), POP)

    assert [b"created"] * 100 == answers
    assert [f"{n:03}" for n in range(100)] == [one.jid for one in leases(popped)]


def test_later_members_count_on_what_earlier_ones_are_going_to_do(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.step(complete(lease), put("child", depends=["a"]), put("b"), put("c", depends=["b"]))

    assert ["waiting", "depends"] == [engine.state(jid) for jid in ("child", "c")]


@pytest.mark.parametrize("end", ["complete", "fail", "retry", "timeout"])
def test_a_job_may_be_put_to_wait_for_one_that_ends_later_in_the_step(
    engine: Engine, end: str
) -> None:
    engine.put("a", retries=0)
    (lease,) = engine.pop()
    last: tuple[Any, ...] = {
        "complete": complete(lease),
        "fail": ("fail", *lease.key, "g", "", b""),
        "retry": ("retry", *lease.key, "", "", ""),
        "timeout": ("timeout", "a"),
    }[end]
    engine.step(put("child", queue="children", depends=["a"], parent_failure="run"), last)

    assert {"waiting": 1} == engine.counts("children")
    assert ["child"] == engine.order("children")


def test_what_depends_on_a_job_that_fails_earlier_in_the_step_acts_upon_it(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.step(
        ("fail", *lease.key, "g", "", b""),
        put("b", depends=["a"], parent_failure="fail"),
        put("c", depends=["b"], parent_failure="fail"),
        put("d", depends=["a"], parent_failure="cancel"),
        put("e", depends=["d"]),
    )

    states = [engine.state(jid) for jid in "abcde"]
    assert ["failed", "failed", "failed", "cancelled", "waiting"] == states


def test_a_job_cancelled_earlier_in_the_step_is_unknown_to_the_later_members(
    engine: Engine,
) -> None:
    engine.put("a")
    answer = refused(
        engine, "step", "all", *flat(("cancel", "a"), put("b", depends=["a"], missing="refuse"))
    )
    assert "NOJOB depends: no job a" == answer
    engine.step(("cancel", "a"), put("b", depends=["a"]))

    assert "waiting" == engine.state("b")


@pytest.mark.parametrize("how", ["depend", "put"])
def test_a_cycle_within_a_step_is_refused(engine: Engine, how: str) -> None:
    jids = "abc"
    for jid in jids:
        engine.put(jid)
    members = [
        ("depend", jid, "", options(depends=[parent]))
        if how == "depend"
        else put(jid, depends=[parent])
        for jid, parent in zip(jids, "bca", strict=True)
    ]
    answer = refused(engine, "step", "all", *flat(*members))

    assert answer.startswith("CYCLE")


def test_what_a_step_adds_and_takes_out_again_is_out(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.put("child", depends=["a"])
    before = dump(engine)
    answers = engine.step(
        put("x", depends=["a"]), ("undepend", "child", 0, "a"), complete(lease, "q"), mode="all"
    )

    assert [b"created", b"waiting", b"waiting"] == answers
    assert before != dump(engine)
    assert {"depends": 1, "waiting": 2} == engine.counts()


def test_jobs_popped_in_a_step_may_have_been_put_by_it(engine: Engine) -> None:
    payload = b"\x00" * 5000
    created, popped = engine.step(put("a", payload=payload, tags=["t"]), POP)
    (lease,) = leases(popped)

    assert (b"created", payload, "running") == (created, lease.payload, engine.state("a"))
    assert ["put", "popped"] == engine.history("a")
