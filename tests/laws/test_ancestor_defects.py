"""What was wrong in the systems that this one descends from is not wrong here.

The numbers are those of the list of known defects that the tests were written from.
"""

from __future__ import annotations

import random

import pytest

from tests.engine.conftest import Engine, Refused, dump, options, refused


def test_an_error_leaves_nothing_written(engine: Engine) -> None:
    """6.1 1: options were validated after the old tags had been removed."""
    engine.put("a", tags=["t"])
    engine.put("b")
    engine.pop("q", count=2)
    bad = {
        "put": ("q", "a", "K", b"", options(tags=["new"], priority="high")),
        "timeout": ("a", "nobody"),
        "cancel": ("a", "nobody"),
        "heartbeat": ("w", "", "q", "a", b""),
        "step": ("all", "timeout", 1, "a", "timeout", 1, "nobody"),
    }
    for command, args in bad.items():
        refused(engine, command, *args)


def test_a_pop_of_far_too_many_is_refused_and_the_most_allowed_is_whole(engine: Engine) -> None:
    """6.1 2: a pop of 8,000 failed half-way and handed the same jobs out again."""
    for start in range(0, 300, 100):
        engine.step(*(("put", "q", f"{start + n}", "", b"", b"") for n in range(100)))
    assert refused(engine, "pop", "w", "r", 0, 9000, "", 0, "ordered", 0, "q").startswith(
        "INVALID count"
    )
    engine.pop(count=100)

    assert {"waiting": 200, "running": 100} == engine.counts()


def test_a_retry_leaves_the_job_in_its_own_queue(engine: Engine) -> None:
    """6.1 3: given another queue it was put there while its record named the old one."""
    engine.put("other", queue="other")
    engine.put("a")
    (lease,) = engine.pop()
    with pytest.raises(Refused, match="LEASELOST"):
        engine.call("retry", "other", "a", lease.record.token, "", "", "")
    engine.retry(lease)

    assert {"waiting": 1} == engine.counts()
    assert "complete" == engine.complete(engine.pop()[0])


@pytest.mark.parametrize("way", ["heartbeat", "complete", "fail", "put", "release", "retry"])
def test_the_grace_of_one_lease_is_not_that_of_the_next(engine: Engine, way: str) -> None:
    """6.1 4: the mark stayed, and the next expiry was handed over without notice."""
    engine.configure("grace-period", 2)
    engine.put("a")
    (lease,) = engine.pop(lease=1000, now=0)
    engine.tick(now=1000)
    queue = "q"
    if way == "heartbeat":
        engine.heartbeat(lease, lease=1000, now=2000)
    else:
        if way == "complete":
            queue = "next"
            engine.complete(lease, queue, now=2000)
        elif way == "fail":
            engine.fail(lease, now=2000)
            engine.call("unfail", "a", "", now=2000)
        elif way == "put":
            engine.put("a", now=2000)
        elif way == "release":
            engine.release(lease, now=2000)
        else:
            engine.retry(lease, now=2000)
        engine.pop(queue, lease=1000, now=2000)

    assert [] == engine.pop(queue, worker="other", now=3000)
    assert 2 == engine.events().count(("stalled", "a", ""))
    assert 1 == len(engine.pop(queue, worker="other", now=5000))
    assert engine.history("a").count("timed-out") == 1


@pytest.mark.parametrize("priority", [0, 1000, 100_000])
def test_equal_jobs_run_first_in_first_out(engine: Engine, priority: int) -> None:
    """6.1 5: of one instant, or 1 ms apart at a high priority, the last came first."""
    jids = [str(n) for n in random.Random(5).sample(range(1000), 50)]
    for n, jid in enumerate(jids):
        engine.put(jid, priority=priority, now=1_785_000_000_000 + n // 10)

    assert jids == engine.order(now=1_785_000_001_000)


def test_a_change_of_priority_does_not_jump_the_queue(engine: Engine) -> None:
    """6.1 6: the job was scored with time 0 and came before all older ones."""
    for n, jid in enumerate("abc"):
        engine.put(jid, priority=1 if jid == "c" else 0, now=n)
    engine.call("priority", "c", 0, now=9)

    assert ["a", "b", "c"] == engine.order(now=9)


def test_a_due_job_of_high_priority_does_not_lose_to_one_due_earlier(engine: Engine) -> None:
    """6.1 7: a pop of one looked at the earliest due job alone."""
    for n in range(50):
        engine.put(f"low{n}", at=1000 + n, priority=9)
    engine.put("high", at=2000, priority=-9)

    assert ["high"] == [lease.jid for lease in engine.pop(now=2000)]


@pytest.mark.parametrize("command", ["put", "complete", "depend"])
def test_nobody_waits_for_itself_however_far_round(engine: Engine, command: str) -> None:
    """6.1 8: self-dependency and cycles were accepted, and waited in silence for ever."""
    engine.put("a")
    engine.put("b", depends=["a"])
    (lease,) = engine.pop() if command == "complete" else (None,)
    for parent in "ab":
        given = options(depends=[parent])
        if lease:
            answer = refused(engine, "complete", *lease.key, b"", "next", given)
        elif command == "put":
            answer = refused(engine, "put", "q", "a", "K", b"", given)
        else:
            answer = refused(engine, "depend", "a", "", given)
        assert answer.startswith("CYCLE")


def test_a_delay_that_has_had_its_effect_does_not_come_back(engine: Engine) -> None:
    """6.1 9: dropping the dependencies left a due time behind for a later unblocking."""
    for jid in ("one", "two"):
        engine.put(jid, queue="p")
    engine.put("a", depends=["one"], delay=1000, now=0)
    engine.call("undepend", "a", 1, now=0)
    assert "scheduled" == engine.state("a")
    (lease,) = engine.pop(now=1000)
    engine.complete(lease, "q", depends=["two"], now=1000)
    for parent in engine.pop("p", count=2, now=1000):
        engine.complete(parent, now=1000)

    assert ["a"] == engine.order(now=1000)


def test_a_new_put_without_dependencies_has_none(engine: Engine) -> None:
    """6.1 10: an explicit empty list did not clear the old ones."""
    engine.put("parent", queue="p")
    engine.put("a", depends=["parent"])
    engine.put("a", depends=[])

    assert "waiting" == engine.state("a")
    assert 1 == engine.cancel("parent")


@pytest.mark.parametrize(
    ("policy", "state"), [("run", "waiting"), ("fail", "failed"), ("cancel", "cancelled")]
)
def test_the_children_of_a_failed_parent_need_not_wait_for_ever(
    engine: Engine, policy: str, state: str
) -> None:
    """6.1 11: they did, and the parent could not be cancelled either."""
    engine.put("parent", retries=0)
    engine.put("child", queue="children", depends=["parent"], parent_failure=policy)
    engine.pop(lease=1000, now=0)
    engine.tick(now=1000)

    assert ["failed", state] == [engine.state("parent"), engine.state("child")]
    assert 1 == engine.cancel("parent")


def test_a_typing_error_in_a_dependency_can_be_refused(engine: Engine) -> None:
    """6.1 12: it counted as satisfied, always."""
    engine.put("parent")
    given = options(depends=["parnet"], missing="refuse")

    assert refused(engine, "put", "q", "a", "K", b"", given) == "NOJOB depends: no job parnet"


@pytest.mark.parametrize("way", ["put", "unfail", "move", "cancel", "group"])
def test_the_count_of_failed_jobs_is_taken_back_where_and_when_it_was_given(
    engine: Engine, way: str
) -> None:
    """6.1 13: it was taken from the new queue's hash, or not at all."""
    day = 86_400_000
    engine.put("a", now=day)
    engine.fail(engine.pop(now=day)[0], "g", now=day)
    assert 1 == engine.call("stats", "q", 1, now=day)[2]
    later = day + day
    if way == "put":
        engine.put("a", queue="other", now=later)
    elif way == "move":
        engine.move("a", "other", now=later)
    elif way == "cancel":
        engine.cancel("a", now=later)
    elif way == "unfail":
        engine.call("unfail", "a", "other", now=later)
    else:
        engine.call("unfail_group", "g", "other", 1, "", now=later)

    counts = [engine.call("stats", q, n, now=later)[2] for q in ("q", "other") for n in (1, 2)]
    assert [0, 0, 0, 0] == counts


def test_unfail_begins_a_new_stay(engine: Engine) -> None:
    """6.1 14: it left the failure's text and clock, and did not register the queue."""
    engine.put("a", now=0)
    engine.fail(engine.pop(now=0)[0], now=0)
    engine.call("unfail", "a", "new", now=50_000)
    found = engine.get("a")
    assert found
    assert found.failure is None
    assert {"waiting": 1} == engine.counts("new")
    engine.complete(engine.pop("new", now=50_010)[0], now=50_010)

    wait = engine.call("stats", "new", 0, now=50_010)[3]
    assert [1, 10] == wait[:2]


@pytest.mark.parametrize("payload", [b"\x90", b"\x80", b"\xcf\x00\x23\x86\xf2\x6f\xc0\xff\xff"])
def test_heartbeat_and_fail_leave_the_payload_as_it_is(engine: Engine, payload: bytes) -> None:
    """6.1 17: empty lists became maps, and 16-digit integers lost digits."""
    engine.put("a", payload=payload)
    (lease,) = engine.pop()
    engine.heartbeat(lease)
    engine.fail(lease)

    found = engine.get("a")
    assert found
    assert payload == found.record.payload


def test_a_job_that_was_timed_out_waits_is_held_by_nobody_and_has_a_retry_less(
    engine: Engine,
) -> None:
    """6.1 18: it stayed with its worker, and could go round for ever."""
    engine.put("a", retries=1)
    for state in (b"waiting", b"failed"):
        engine.pop(worker="me")
        assert 1 == engine.server.hlen(engine.root + "worker:me") - 1
        assert state == engine.call("timeout", "a")
        assert 0 == engine.server.hlen(engine.root + "worker:me") - 1

    assert {"failed": 1} == engine.counts()


def test_an_exhausted_job_tells_its_cause_and_its_worker(engine: Engine) -> None:
    """6.1 19: the text was a generic one and the worker empty."""
    engine.put("a", retries=0)
    engine.retry(engine.pop(worker="me")[0], group="flaky", message="no underpants")

    found = engine.get("a")
    assert found
    assert found.failure
    assert ("flaky", "no underpants", "me") == tuple(
        found.failure[name] for name in ("cause", "message", "worker")
    )


def test_every_transition_is_told_and_nothing_else(engine: Engine) -> None:
    """6.1 24: events were missing, and a cancel of an unknown job was published."""
    engine.put("parent")
    engine.put("a", queue="r", depends=["parent"], retries=9)
    engine.complete(engine.pop()[0])
    engine.release(engine.pop("r")[0])
    engine.retry(engine.pop("r")[0])
    engine.pop("r")
    engine.call("timeout", "a")
    engine.complete(engine.pop("r")[0], "s")
    engine.move("a", "t")
    engine.fail(engine.pop("t")[0])
    engine.call("unfail", "a", "")
    engine.cancel("a")
    refused(engine, "cancel", "nobody")

    told = [what for what, jid, _ in engine.events() if jid == "a"]
    expected = (
        "put unblocked popped released popped retried popped timed-out popped done moved popped "
        "failed unfailed cancelled"
    )
    assert expected.split() == told
    assert not [jid for _, jid, _ in engine.events() if jid == "nobody"]


def test_looking_changes_nothing(engine: Engine) -> None:
    """6.1 25: peek, queues and the list of scheduled jobs moved what was due."""
    engine.put("due", delay=1)
    engine.put("lost", queue="r")
    engine.pop("r", lease=1, now=0)
    before = dump(engine)
    engine.call("peek", "q", 0, 100, now=1000)
    engine.call("queues", "", 100, now=1000)
    for queue in "qr":
        for state in ("scheduled", "running", "stalled", "waiting"):
            engine.call("jobs", queue, state, "", 100, now=1000)
    engine.call("get", "due", "lost", now=1000)

    assert before == dump(engine)


def test_one_name_is_not_one_holder(engine: Engine) -> None:
    """6.2: a late holder could complete the lease of another of the same worker name."""
    engine.put("a")
    (late,) = engine.pop(worker="same", lease=1000, now=0)
    (held,) = engine.pop(worker="same", now=1000)
    with pytest.raises(Refused, match="LEASELOST expired"):
        engine.complete(late, now=1001)

    assert "complete" == engine.complete(held, now=1002)
