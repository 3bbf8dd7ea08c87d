"""depend: a job that does not run yet waits for further jobs. Here too: dependencies at put."""

from __future__ import annotations

from itertools import pairwise

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
