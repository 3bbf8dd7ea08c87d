"""depend: a job that does not run yet waits for further jobs. Here too: dependencies at put."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.engine.conftest import Engine, options, refused


def end(engine: Engine, jid: str, how: str, now: int = 0) -> None:
    """Let a waiting job of the queue p run and end."""
    (lease,) = engine.pop("p", now=now)
    assert jid == lease.jid
    if how == "failed":
        engine.fail(lease, now=now)
    else:
        engine.complete(lease, now=now)


def test_a_job_waits_for_all_that_it_depends_on(engine: Engine) -> None:
    engine.put("one", queue="p")
    engine.put("two", queue="p")
    engine.put("child", depends=["one", "two", "one"])

    found = engine.get("child")
    assert found
    assert {"one", "two"} == found.dependencies
    assert {"depends": 1} == engine.counts()
    end(engine, "one", "complete")
    assert "depends" == engine.state("child")
    end(engine, "two", "complete", now=5)
    assert "waiting" == engine.state("child")
    assert ["put", "unblocked"] == engine.history("child")
    assert ("unblocked", "child", "waiting") in engine.events()


def test_a_parent_names_its_dependents(engine: Engine) -> None:
    engine.put("parent", queue="p")
    for jid in "ab":
        engine.put(jid, depends=["parent"])

    found = engine.get("parent")
    assert found
    assert ["a", "b"] == sorted(found.dependents)


def test_an_unknown_parent_counts_as_done_unless_it_is_to_be_refused(engine: Engine) -> None:
    engine.put("a", depends=["nobody"])
    assert "waiting" == engine.state("a")

    given = options(depends=["nobody"], missing="refuse")
    assert "NOJOB depends: no job nobody" == refused(engine, "put", "q", "b", "K", b"", given)
    assert "NOJOB depends: no job nobody" == refused(engine, "depend", "a", "", given)


def test_a_complete_parent_counts_as_done(engine: Engine) -> None:
    engine.put("parent", queue="p")
    end(engine, "parent", "complete")
    engine.put("child", depends=["parent"], missing="refuse")

    assert "waiting" == engine.state("child")


def test_a_complete_parent_that_has_left_at_once_counts_as_done_and_not_as_unknown(
    engine: Engine,
) -> None:
    engine.configure("jobs-history", 0)
    engine.put("parent", queue="p")
    end(engine, "parent", "complete")
    engine.put("child", depends=["parent"], missing="refuse")

    assert "waiting" == engine.state("child")
    engine.cancel("child")
    given = options(depends=["child"], missing="refuse")
    assert refused(engine, "put", "q", "a", "K", b"", given) == "NOJOB depends: no job child"


def test_a_parent_that_went_on_to_a_next_queue_is_not_done(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", depends=["parent"])
    (lease,) = engine.pop("p")
    engine.complete(lease, "next")
    assert "depends" == engine.state("child")

    (lease,) = engine.pop("next")
    engine.complete(lease)
    assert "waiting" == engine.state("child")


def test_a_delay_runs_when_the_dependencies_are_done(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", depends=["parent"], delay=1000)
    end(engine, "parent", "complete", now=5000)

    assert "scheduled" == engine.state("child")
    assert [] == engine.pop(now=5999)
    assert ["child"] == engine.order(now=6000)


@pytest.mark.parametrize(
    ("policy", "state"),
    [("wait", "depends"), ("run", "waiting"), ("fail", "failed"), ("cancel", "cancelled")],
)
def test_what_becomes_of_a_job_when_its_parent_fails_is_its_choice(
    engine: Engine, policy: str, state: str
) -> None:
    engine.put("parent", queue="p")
    engine.put("child", depends=["parent"], parent_failure=policy, payload=b"x" * 5000)
    end(engine, "parent", "failed")
    assert state == engine.state("child")

    engine.put("late", depends=["parent"], parent_failure=policy, payload=b"x" * 5000, tags=["t"])
    assert state == engine.state("late")


def test_a_job_that_failed_with_its_parent_tells_so(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", depends=["parent"], parent_failure="fail")
    end(engine, "parent", "failed", now=9)

    found = engine.get("child")
    assert found
    assert found.failure
    assert ("failed-parent-q", 9) == (found.failure["group"], found.failure["when"])
    assert "parent" in found.failure["message"]
    assert set() == found.dependencies


def test_by_default_a_job_waits_for_its_failed_parent_to_be_put_right(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", depends=["parent"])
    end(engine, "parent", "failed")
    engine.call("unfail", "parent", "")
    end(engine, "parent", "complete")

    assert "waiting" == engine.state("child")


@pytest.mark.parametrize("door", ["put", "depend", "complete", "parent"])
def test_failure_passes_down_a_chain_through_any_door(engine: Engine, door: str) -> None:
    engine.put("root", queue="p")
    engine.put("middle")
    engine.put("last", depends=["middle"], parent_failure="fail")
    if door == "parent":
        engine.depend("middle", depends=["root"], parent_failure="fail")
    end(engine, "root", "failed")
    if door == "put":
        engine.put("middle", depends=["root"], parent_failure="fail")
    elif door == "depend":
        engine.depend("middle", depends=["root"], parent_failure="fail")
    elif door == "complete":
        (lease,) = engine.pop()
        answer = engine.complete(lease, "next", depends=["root"], parent_failure="fail")
        assert "failed" == answer
    engine.ticks()

    assert "failed" == engine.state("middle")
    assert "failed" == engine.state("last")


def test_a_job_cancelled_by_its_policy_is_kept_failed_while_others_wait_for_it(
    engine: Engine,
) -> None:
    engine.put("root", queue="p")
    engine.put("middle", depends=["root"], parent_failure="cancel")
    engine.put("last", depends=["middle"])
    end(engine, "root", "failed")
    engine.ticks()

    assert ["failed", "depends"] == [engine.state("middle"), engine.state("last")]


def test_a_job_completed_into_a_queue_where_its_policy_cancels_it_is_answered_so(
    engine: Engine,
) -> None:
    engine.put("root", queue="p")
    end(engine, "root", "failed")
    engine.put("a")
    (lease,) = engine.pop()
    answer = engine.complete(lease, "next", depends=["root"], parent_failure="cancel")

    assert ("cancelled", "cancelled") == (answer, engine.state("a"))
    again = engine.complete(lease, "next", depends=["root"], parent_failure="cancel")
    assert "cancelled" == again


@pytest.mark.parametrize("length", [1, 2, 50])
def test_a_cycle_is_refused(engine: Engine, length: int) -> None:
    jids = [f"j{n}" for n in range(length)]
    engine.put(jids[0])
    for parent, child in pairwise(jids):
        engine.put(child, depends=[parent])

    given = options(depends=[jids[-1]])
    assert refused(engine, "put", "q", jids[0], "K", b"", given).startswith("CYCLE")
    assert refused(engine, "depend", jids[0], "", given).startswith("CYCLE")
    (lease,) = engine.pop()
    answer = refused(engine, "complete", *lease.key, b"", "next", given)
    assert answer.startswith("CYCLE")


def test_a_new_job_cannot_depend_on_itself(engine: Engine) -> None:
    engine.put("other")
    answer = refused(engine, "put", "q", "a", "K", b"", options(depends=["a"]))

    assert answer.startswith("CYCLE")


def test_when_too_many_jobs_wait_for_one_it_takes_no_more_dependencies(engine: Engine) -> None:
    engine.put("root")
    for start in range(0, 1001, 100):
        engine.step(
            *(
                ("put", "q", f"c{n}", "", b"", options(depends=["root"]))
                for n in range(start, min(start + 100, 1001))
            )
        )
    engine.put("other", queue="p")

    answer = refused(engine, "depend", "root", "", options(depends=["other"]))
    assert answer.startswith("CYCLE depends: too many")


def test_a_waiting_job_can_be_made_to_wait_for_more(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("a", now=3)
    assert "depends" == engine.depend("a", depends=["parent"], now=5)
    assert {"depends": 1} == engine.counts()
    end(engine, "parent", "complete", now=7)

    found = engine.get("a")
    assert found
    assert [("put", 3), ("unblocked", 7)] == [
        (entry.what, entry.time) for entry in found.record.history("q")
    ]


def test_a_scheduled_job_keeps_its_moment_through_a_dependency(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("a", at=5000)
    assert "depends" == engine.depend("a", depends=["parent"])
    end(engine, "parent", "complete", now=1000)

    assert [] == engine.pop(now=4999)
    assert ["a"] == engine.order(now=5000)


def test_depending_on_what_is_done_changes_nothing(engine: Engine) -> None:
    engine.put("a")

    assert "waiting" == engine.depend("a", depends=["nobody"])
    assert ["a"] == engine.order()


@pytest.mark.parametrize("state", ["running", "complete", "failed"])
def test_a_job_that_runs_or_has_ended_takes_no_dependencies(engine: Engine, state: str) -> None:
    engine.put("parent", queue="p")
    engine.put("a")
    (lease,) = engine.pop()
    if state == "complete":
        engine.complete(lease)
    elif state == "failed":
        engine.fail(lease)
    answer = refused(engine, "depend", "a", "", options(depends=["parent"]))

    assert answer == f"STATE depend: job a is {state}"


@pytest.mark.parametrize("given", [{"limits": ["a"]}, {"order_key": "k"}])
def test_it_says_so_when_the_job_is_throttled(engine: Engine, given: dict[str, Any]) -> None:
    engine.limit("a", 1)
    engine.put("a", hold=True, **given)
    engine.put("before", **given)
    engine.pop()

    assert ["throttled", "throttled"] == [engine.depend("a", "last") for _ in "12"]
    assert "throttled" == engine.state("a")


def test_it_says_so_when_a_limit_lets_the_job_start_after_all(engine: Engine) -> None:
    engine.call("limit", "a", "", 2, 1000, "")
    engine.put("a", hold=True, limits=["a"])
    for jid in "bcd":
        engine.put(jid, limits=["a"])
    engine.pop(count=2)
    assert "throttled" == engine.state("d")

    assert ["waiting", "waiting"] == [engine.depend("a", "last", now=1000) for _ in "12"]
    assert ("waiting", "waiting") == (engine.state("a"), engine.state("d"))


def test_bad_arguments_are_named(engine: Engine) -> None:
    engine.put("a")
    for argument, args in {
        "jid": ("", "", b""),
        "hold": ("a", "perhaps", b""),
        "options": ("a", "", options(priority=1)),
        "depends": ("a", "", options(depends=[str(n) for n in range(101)])),
        "arguments": ("a", ""),
    }.items():
        answer = refused(engine, "depend", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
    assert "NOJOB no job b" == refused(engine, "depend", "b", "", b"")


def slices(count: int, size: int = 100) -> list[list[str]]:
    jids = [f"p{n}" for n in range(count)]
    return [jids[start : start + size] for start in range(0, count, size)]


def put_all(engine: Engine, jids: list[str], queue: str = "p") -> None:
    engine.step(*(("put", queue, jid, "", b"", b"") for jid in jids))


def test_many_dependencies_come_in_slices_under_a_hold(engine: Engine) -> None:
    parts = slices(250)
    for part in parts:
        put_all(engine, part)
    engine.put("child", depends=parts[0], hold=True)
    for jid in parts[0]:
        end(engine, jid, "complete")
    assert "depends" == engine.state("child")
    assert "depends" == engine.depend("child", "more", depends=parts[1])
    assert "depends" == engine.depend("child", "last", depends=parts[2])
    for jid in parts[1] + parts[2][:-1]:
        end(engine, jid, "complete")
    assert "depends" == engine.state("child")
    end(engine, parts[2][-1], "complete")

    assert ["child"] == engine.order()


def test_the_last_slice_frees_a_job_whose_dependencies_are_all_done(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", depends=["parent"], hold=True)
    end(engine, "parent", "complete")
    assert "depends" == engine.state("child")

    assert "waiting" == engine.depend("child", "last")


def test_a_delay_that_has_passed_does_not_come_again(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", depends=["parent"], delay=1000)
    end(engine, "parent", "complete")
    assert "scheduled" == engine.state("child")
    engine.tick(now=1000)

    engine.put("other", queue="p", now=1000)
    assert "depends" == engine.depend("child", depends=["other"], now=1000)
    end(engine, "other", "complete", now=1001)
    assert "waiting" == engine.state("child")


def test_a_hold_is_lifted_by_a_last_slice_that_adds_nothing(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", depends=["parent"], hold=True)
    assert "depends" == engine.depend("child", "last", depends=["nobody"])

    end(engine, "parent", "complete")
    assert "waiting" == engine.state("child")


def test_a_hold_does_not_outlive_the_job_s_failure(engine: Engine) -> None:
    engine.put("bad", queue="p")
    engine.put("child", hold=True, parent_failure="fail")
    end(engine, "bad", "failed")
    assert "failed" == engine.depend("child", "more", depends=["bad"])
    engine.call("unfail", "child", "")
    (lease,) = engine.pop()
    engine.put("good", queue="p")
    engine.complete(lease, "next", depends=["good"])
    end(engine, "good", "complete")

    assert "waiting" == engine.state("child")


def test_a_hold_does_not_outlive_another_put(engine: Engine) -> None:
    engine.put("child", hold=True)
    engine.put("child")
    (lease,) = engine.pop()
    engine.put("good", queue="p")
    engine.complete(lease, "next", depends=["good"])
    end(engine, "good", "complete")

    assert "waiting" == engine.state("child")


@pytest.mark.parametrize("how", ["complete", "failed"])
def test_the_dependents_of_a_job_are_told_in_slices(engine: Engine, how: str) -> None:
    jids = slices(500)
    engine.put("parent", queue="p")
    for part in jids:
        engine.step(
            *(
                ("put", "q", jid, "", b"", options(depends=["parent"], parent_failure="run"))
                for jid in part
            )
        )
    end(engine, "parent", how)
    assert {"waiting": 20, "depends": 480} == engine.counts()
    told = 20
    while told < 500:
        engine.tick()
        now_told = engine.counts()["waiting"]
        assert 0 < now_told - told <= 20
        told = now_told

    assert [jid for part in jids for jid in part] == sorted(
        engine.order(), key=lambda jid: int(jid[1:])
    )


def test_an_unfailed_parent_stops_telling_its_dependents(engine: Engine) -> None:
    engine.put("parent", queue="p")
    given = options(depends=["parent"], parent_failure="fail")
    engine.step(*(("put", "q", f"c{n}", "", b"", given) for n in range(50)))
    end(engine, "parent", "failed")
    engine.call("unfail", "parent", "")
    engine.ticks()

    assert {"failed": 20, "depends": 30} == engine.counts()
    end(engine, "parent", "complete")
    engine.ticks()
    assert {"failed": 20, "waiting": 30} == engine.counts()


def test_what_one_job_does_when_a_parent_fails_is_not_another_ones(engine: Engine) -> None:
    """Also when the same options are sent for both, one after the other."""
    for jid in ("first", "parent"):
        engine.put(jid)
    engine.put("fails", depends=["first"], parent_failure="fail")
    engine.put("waits", depends=["first"])
    engine.depend("fails", depends=["parent"])
    engine.depend("waits", depends=["parent"])
    engine.fail(engine.pop()[0])
    engine.fail(engine.pop()[0])

    assert ("failed", "depends") == (engine.state("fails"), engine.state("waits"))


# Branches: at which end of its parents a job runs

BRANCHES = {
    ("complete", "complete"): "waiting",
    ("complete", "failed"): "cancelled",
    ("complete", "ended"): "waiting",
    ("failed", "complete"): "depends",
    ("failed", "failed"): "waiting",
    ("failed", "ended"): "waiting",
    ("cancelled", "complete"): "cancelled",
    ("cancelled", "failed"): "cancelled",
    ("cancelled", "ended"): "waiting",
}
"""By how the parent ended and when the dependent is to run: what becomes of the dependent."""


def end_in_flow(engine: Engine, how: str) -> None:
    """Let the job `parent` of the flow f end; one that others wait for is cancelled with it."""
    if how == "cancelled":
        engine.call("flow_cancel", "f")
    else:
        end(engine, "parent", how)
    engine.ticks()


def put_parent(engine: Engine) -> None:
    engine.step(("put", "p", "parent", "", b"", options(flow="f")), ("seal", "f"))


@pytest.mark.parametrize(("how", "run_when"), BRANCHES)
def test_a_branch_is_taken_by_how_its_parent_ends(engine: Engine, how: str, run_when: str) -> None:
    put_parent(engine)
    engine.put("child", depends=["parent"], run_when=run_when, tags=["t"], payload=b"x" * 5000)
    engine.put("other", queue="p", priority=9)
    engine.depend("other", depends=["parent"], run_when=run_when)
    end_in_flow(engine, how)

    assert BRANCHES[how, run_when] == engine.state("child")
    assert BRANCHES[how, run_when] == engine.state("other")


@pytest.mark.parametrize("door", ["put", "depend", "complete"])
@pytest.mark.parametrize(
    ("how", "run_when"), [branch for branch in BRANCHES if branch[0] != "cancelled"]
)
def test_a_branch_is_taken_at_once_when_its_parent_has_ended_already(
    engine: Engine, how: str, run_when: str, door: str
) -> None:
    put_parent(engine)
    end_in_flow(engine, how)
    if door == "put":
        engine.put("child", depends=["parent"], run_when=run_when)
    else:
        engine.put("child")
        if door == "depend":
            engine.depend("child", depends=["parent"], run_when=run_when)
        else:
            engine.complete(engine.pop()[0], "q", depends=["parent"], run_when=run_when)

    assert BRANCHES[how, run_when] == engine.state("child")


@pytest.mark.parametrize("how", ["complete", "failed"])
@pytest.mark.parametrize("run_when", ["complete", "failed", "ended"])
def test_a_branch_is_taken_by_how_its_parent_ends_in_the_same_step(
    engine: Engine, how: str, run_when: str
) -> None:
    engine.put("parent", queue="p")
    (lease,) = engine.pop("p")
    ending: tuple[object, ...] = (how, *lease.key, b"", "", b"")
    if how == "failed":
        ending = ("fail", *lease.key, "group", "why", b"")
    engine.step(
        ending, ("put", "q", "child", "", b"", options(depends=["parent"], run_when=run_when))
    )

    assert BRANCHES[how, run_when] == engine.state("child")


def test_an_unknown_parent_counts_as_complete_for_a_branch_too(engine: Engine) -> None:
    for run_when in ("complete", "failed", "ended"):
        engine.put(run_when, depends=["nobody"], run_when=run_when)

    found = [engine.state(run_when) for run_when in ("complete", "failed", "ended")]
    assert ["waiting", "cancelled", "waiting"] == found


def test_a_branch_that_is_not_taken_is_passed_down(engine: Engine) -> None:
    """What waits for one that was cancelled goes too, but for what runs whatever its end."""
    engine.put("parent", queue="p")
    engine.put("repair", depends=["parent"], run_when="failed")
    engine.put("check", depends=["repair"])
    engine.put("alarm", depends=["repair"], run_when="failed")
    engine.put("fails", depends=["check"], parent_failure="fail")
    engine.put("tell", depends=["parent", "repair", "check"], run_when="ended")
    end(engine, "parent", "complete")
    assert ("cancelled", "repair", "parent ended") in engine.events()
    engine.ticks()

    gone = {engine.state(jid) for jid in ("repair", "check", "alarm", "fails")}
    assert {"cancelled"} == gone
    assert "waiting" == engine.state("tell")


def test_of_several_parents_of_a_branch_one_that_ends_otherwise_is_enough(
    engine: Engine,
) -> None:
    for jid in ("one", "two"):
        engine.put(jid, queue="p")
    engine.put("child", depends=["one", "two"], run_when="failed")
    end(engine, "one", "failed")
    assert "depends" == engine.state("child")
    end(engine, "two", "complete")

    assert "cancelled" == engine.state("child")


def test_one_job_can_wait_for_different_ends(engine: Engine) -> None:
    for jid in ("one", "two", "three"):
        engine.put(jid, queue="p")
    engine.put("child", depends=["one"])
    engine.depend("child", depends=["two"], run_when="failed")
    engine.depend("child", depends=["three"], run_when="ended")
    end(engine, "one", "complete")
    end(engine, "two", "failed")
    assert "depends" == engine.state("child")
    end(engine, "three", "failed")

    assert "waiting" == engine.state("child")


def test_a_later_dependency_goes_by_what_the_put_said(engine: Engine) -> None:
    for jid in ("one", "two"):
        engine.put(jid, queue="p")
    engine.put("child", depends=["one"], run_when="failed")
    engine.depend("child", depends=["two"])
    end(engine, "one", "failed")
    end(engine, "two", "failed")

    assert "waiting" == engine.state("child")


def test_a_parent_that_is_put_back_is_told_of_as_it_ends_then(engine: Engine) -> None:
    """The branch for its failure has been taken; the other one waits for the parent to be right."""
    engine.put("parent", queue="p")
    engine.put("repair", depends=["parent"], run_when="failed")
    engine.put("next", depends=["parent"])
    end(engine, "parent", "failed")
    assert ["waiting", "depends"] == [engine.state("repair"), engine.state("next")]
    engine.call("unfail", "parent", "")
    end(engine, "parent", "complete")

    assert ["waiting", "waiting"] == [engine.state("repair"), engine.state("next")]


@pytest.mark.parametrize("again", ["unfail", "put", "move"])
def test_those_that_were_not_told_yet_go_by_the_parent_s_next_end(
    engine: Engine, again: str
) -> None:
    engine.put("parent", queue="p")
    given = options(depends=["parent"], run_when="failed")
    engine.step(*(("put", "q", f"c{n:02}", "", b"", given) for n in range(50)))
    end(engine, "parent", "failed")
    args: dict[str, tuple[object, ...]] = {
        "unfail": ("unfail", "parent", ""),
        "put": ("put", "p", "parent", "", b"", b""),
        "move": ("move", "parent", "p", 0),
    }
    engine.call(*args[again])  # type: ignore[arg-type]
    engine.ticks()
    assert {"waiting": 20, "depends": 30} == engine.counts()
    end(engine, "parent", "complete")
    engine.ticks()

    assert {"waiting": 20} == engine.counts()


def test_a_job_that_is_put_again_waits_for_nothing_it_waited_for(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", depends=["parent"], run_when="failed")
    engine.put("child")
    end(engine, "parent", "complete")

    assert "waiting" == engine.state("child")


def test_those_that_wait_for_a_branch_that_is_put_again_wait_for_the_new_one(
    engine: Engine,
) -> None:
    engine.put("parent", queue="p")
    engine.put("branch", depends=["parent"], run_when="failed")
    engine.put("child", depends=["branch"])
    end(engine, "parent", "complete")
    assert "cancelled" == engine.state("branch")
    engine.put("branch")
    engine.ticks()
    assert ["waiting", "depends"] == [engine.state("branch"), engine.state("child")]
    engine.complete(engine.pop()[0])

    assert "waiting" == engine.state("child")


def test_a_branch_takes_no_policy_for_a_parent_that_fails(engine: Engine) -> None:
    for run_when in ("failed", "ended"):
        given = options(depends=["x"], run_when=run_when, parent_failure="fail")
        answer = refused(engine, "put", "q", "a", "K", b"", given)
        assert f"INVALID parent_failure: does not go with run_when={run_when}" == answer
    engine.put("b", depends=["x"], run_when="complete", parent_failure="fail")
    given = options(depends=["x"], run_when="soon")
    assert refused(engine, "put", "q", "a", "K", b"", given).startswith("INVALID run_when")


def test_those_who_wait_for_a_branch_are_told_that_it_is_not_taken(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("branch", depends=["parent"], run_when="failed")
    engine.put("child", depends=["branch"])
    rings = engine.call("wait", 1, "branch", "child")[2::3]
    end(engine, "parent", "complete")
    engine.ticks()

    assert [1, 1] == [engine.server.xlen(ring) for ring in rings]


@pytest.mark.parametrize(
    ("policy", "state"), [({}, "cancelled"), ({"run_when": "ended"}, "waiting")]
)
def test_a_parent_that_the_same_step_has_cancelled_by_the_way_is_told_of(
    engine: Engine, policy: dict[str, str], state: str
) -> None:
    """Its branch is not taken, as the step completes the job that it waited for."""
    engine.put("parent", queue="p")
    engine.put("branch", depends=["parent"], run_when="failed", payload=b"x" * 5000)
    (lease,) = engine.pop("p")
    engine.step(
        ("complete", *lease.key, b"", "", b""),
        ("put", "q", "late", "", b"", options(depends=["branch"], **policy)),
    )
    engine.ticks()

    assert ["cancelled", state] == [engine.state("branch"), engine.state("late")]


@pytest.mark.parametrize(
    ("policy", "state"), [({}, "depends"), ({"parent_failure": "fail"}, "failed")]
)
def test_a_parent_that_the_same_step_has_failed_by_the_way_is_told_of(
    engine: Engine, policy: dict[str, str], state: str
) -> None:
    engine.put("parent", queue="p")
    engine.put("branch", depends=["parent"], parent_failure="fail")
    (lease,) = engine.pop("p")
    engine.step(
        ("fail", *lease.key, "group", "why", b""),
        ("put", "q", "late", "", b"", options(depends=["branch"], **policy)),
    )
    engine.ticks()

    assert ["failed", state] == [engine.state("branch"), engine.state("late")]
