"""explain: why a job does not run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, Refused, refused


def explain(engine: Engine, jid: str = "a", now: int = 0) -> dict[str, Any]:
    """Return what is told, texts as texts."""
    answer = engine.call("explain", jid, now=now)
    names = [name.decode() for name in answer[::2]]
    values = [
        value.decode()
        if isinstance(value, bytes)
        else [item.decode() for item in value]
        if isinstance(value, list)
        else value
        for value in answer[1::2]
    ]
    return dict(zip(names, values, strict=True))


NOBODY = {"workers": 0, "silent": 0}


def test_a_waiting_job_is_behind_those_that_are_handed_out_before_it(engine: Engine) -> None:
    engine.put("first")
    engine.put("a", now=5)
    engine.put("urgent", priority=-1)
    engine.put("later", priority=1)
    engine.put("elsewhere", queue="r")

    told = {"now": 7, "state": "waiting", "queue": "q", "since": 5, "ahead": 2, **NOBODY}
    assert told == explain(engine, now=7)
    assert 0 == explain(engine, "urgent")["ahead"]
    assert ["urgent", "first", "a", "later"] == engine.waiting()


def test_a_scheduled_job_is_due_at_a_moment(engine: Engine) -> None:
    engine.put("a", delay=1234, now=1000)

    told = {"now": 1500, "state": "scheduled", "queue": "q", "due": 2234, **NOBODY}
    assert told == explain(engine, now=1500)


def test_the_jobs_that_it_waits_for_come_with_their_states(engine: Engine) -> None:
    engine.put("bad")
    (lease,) = engine.pop()
    engine.fail(lease)
    engine.put("running")
    engine.pop()
    engine.put("late", delay=1000)
    engine.put("a", depends=["bad", "running", "late"], now=5)

    told = explain(engine, now=6)
    parents = told.pop("parents")
    assert {
        "now": 6,
        "state": "depends",
        "queue": "q",
        "since": 5,
        "waits": 3,
        **NOBODY,
        "silent": 1,
    } == told
    assert {"bad": "failed", "running": "running", "late": "scheduled"} == dict(
        zip(parents[::2], parents[1::2], strict=True)
    )


def test_of_very_many_parents_only_some_are_named(engine: Engine) -> None:
    names = [f"parent-{n}" for n in range(300)]
    for name in names:
        engine.put(name)
    engine.put("a", depends=names[:100], hold=True)
    engine.depend("a", "more", depends=names[100:200])
    engine.depend("a", "last", depends=names[200:])

    told = explain(engine)
    assert (300, 20) == (told["waits"], len(told["parents"]))
    assert set(told["parents"][::2]) < set(names)
    assert set(told["parents"][1::2]) == {"waiting"}


def test_a_job_under_a_hold_waits_for_further_dependencies(engine: Engine) -> None:
    engine.put("a", hold=True)

    told = explain(engine)
    assert (1, 0, []) == (told["held"], told["waits"], told["parents"])


def test_a_running_job_has_a_holder_and_the_end_of_its_lease(engine: Engine) -> None:
    engine.put("a", now=0)
    engine.pop(lease=1000, now=5)

    told = {"state": "running", "queue": "q", "since": 5, "worker": "w", "ends": 1005}
    assert {"now": 1004, **told} == explain(engine, now=1004)
    assert {"now": 1005, **told, "stalled": 1} == explain(engine, now=1005)


def test_a_lease_without_end_never_ends(engine: Engine) -> None:
    engine.put("a")
    engine.pop(lease=0)

    assert 0 == explain(engine)["ends"]
    assert "stalled" not in explain(engine, now=10**12)


def test_a_failed_job_is_in_a_group(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.fail(lease, "bad input", now=5)

    told = {"now": 6, "state": "failed", "queue": "q", "since": 5, "group": "bad input"}
    assert told == explain(engine, now=6)


def test_a_complete_job_is_done(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.complete(lease, now=5)

    assert {"now": 6, "state": "complete", "queue": "q", "since": 5} == explain(engine, now=6)


def test_a_cancelled_job_is_told_from_an_unknown_one(engine: Engine) -> None:
    engine.put("a")
    engine.cancel("a", now=5)

    assert "cancelled" == explain(engine, now=6)["state"]
    assert "NOJOB no job b" == refused(engine, "explain", "b")


def test_a_job_that_left_when_it_was_done_is_unknown(engine: Engine) -> None:
    engine.configure("jobs-history-count", 0)
    engine.put("a")
    (lease,) = engine.pop()
    engine.complete(lease)

    assert "NOJOB no job a" == refused(engine, "explain", "a")


def test_a_paused_queue_is_a_reason(engine: Engine) -> None:
    engine.put("a")
    engine.call("pause", "q")
    assert 1 == explain(engine)["paused"]

    engine.call("unpause", "q")
    assert "paused" not in explain(engine)


def test_live_workers_are_those_that_have_reported_to_serve_the_queue(engine: Engine) -> None:
    engine.put("a")
    engine.call("report", "serves", b"", "other", "q", now=1000)
    engine.call("report", "another", b"", "other", now=1000)
    engine.pop("other", worker="silent", now=1000)

    told = explain(engine, now=1000)
    assert (1, 1) == (told["workers"], told["silent"])


def test_a_worker_without_a_sign_of_life_for_a_minute_is_gone(engine: Engine) -> None:
    engine.put("a")
    engine.call("report", "serves", b"", "q", now=0)
    engine.pop("other", worker="silent", now=0)
    assert 1 == explain(engine, now=59_999)["workers"]

    told = explain(engine, now=60_000)
    assert (0, 0) == (told["workers"], told["silent"])


def test_of_very_many_workers_the_last_hundred_are_looked_at(engine: Engine) -> None:
    engine.put("a")
    for n in range(150):
        engine.call("report", f"w{n}", b"", "q", now=n)

    assert 100 == explain(engine, now=150)["workers"]


def test_bad_arguments_are_refused_by_name(engine: Engine) -> None:
    for argument, args in {"jid": ("",), "arguments": ("a", "b")}.items():
        with pytest.raises(Refused, match=f"^INVALID {argument}: "):
            engine.call("explain", *args)


def test_limits_say_what_is_taken_and_when_they_open(engine: Engine) -> None:
    engine.call("limit", "a", 2, 1, 1000, "")
    for jid in ("1", "2", "a"):
        engine.put(jid, limits=["a", "free"])
    engine.pop()
    answer = engine.call("explain", "a", now=10)
    told = dict(zip(answer[::2], answer[1::2], strict=True))

    assert b"throttled" == told[b"state"]
    assert [[b"a", 2, 1, 1000, 1, 1, 0, 2, 1000, 1]] == told[b"limits"]


def test_a_waiting_job_under_a_queue_s_own_limit(engine: Engine) -> None:
    engine.call("limit", "queue:q", 1, "", "", "")
    engine.put("1")
    engine.put("a")
    engine.pop()
    answer = engine.call("explain", "a")
    told = dict(zip(answer[::2], answer[1::2], strict=True))

    assert (b"waiting", 0) == (told[b"state"], told[b"ahead"])
    assert [[b"queue:q", 1, b"", b"", b"", 1, 0, 0, b"", b""]] == told[b"limits"]


def test_who_is_ahead_in_the_line_of_an_order_key(engine: Engine) -> None:
    for jid in ("1", "2", "a"):
        engine.put(jid, order_key="k")
    engine.pop()
    told = explain(engine)

    assert ("throttled", "k", 2, ["1", "running"]) == tuple(
        told[name] for name in ("state", "order_key", "ahead", "behind")
    )


def test_whose_turn_is_before(engine: Engine) -> None:
    for tenant in ("x", "x", "y", "z"):
        engine.put(f"{tenant}{engine.counts().get('waiting', 0)}", tenant=tenant)
    engine.pop(count=2)
    engine.put("a", tenant="z")
    answer = engine.call("explain", "a")
    told = dict(zip(answer[::2], answer[1::2], strict=True))

    assert (b"z", 1) == (told[b"tenant"], told[b"ahead"])
    before, count = told[b"lanes"]
    assert 0 <= before < count == 2


def test_limits_that_a_job_was_put_with_are_told(engine: Engine) -> None:
    given: dict[str, Any] = {"start_within": 100, "finish_within": 200, "unique": "k"}
    engine.put("a", now=5, poison_after=2, **given)
    told = explain(engine, now=6)
    assert ("k", "a", 105, "cancel", 205) == tuple(
        told[name] for name in ("unique", "holder", "start_by", "late", "finish_by")
    )
    assert "lost" not in told

    engine.pop(lease=10, now=6)
    engine.tick(now=20)
    told = explain(engine, now=21)
    assert (205, 1, 2) == tuple(told[name] for name in ("finish_by", "lost", "poison"))
    assert "start_by" not in told
    (lease,) = engine.pop(now=21)
    engine.complete(lease, now=22)
    assert {"now": 23, "state": "complete", "queue": "q", "since": 22} == explain(engine, now=23)


def test_the_setting_says_how_many_lost_leases_stop_a_job(engine: Engine) -> None:
    engine.put("a")
    engine.pop(lease=10)
    engine.tick(now=20)

    assert (1, 3) == tuple(explain(engine, now=21)[name] for name in ("lost", "poison"))


def test_a_member_tells_its_flow_and_whether_that_is_sealed(engine: Engine) -> None:
    engine.put("a", flow="f")
    told = explain(engine)
    assert ("depends", "f", 1, 0) == tuple(
        told[name] for name in ("state", "flow", "unsealed", "waits")
    )
    engine.seal("f")

    told = explain(engine)
    assert "f" == told["flow"]
    assert "unsealed" not in told


def test_a_job_that_is_revoked_says_by_what_and_until_when(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", klass="other")
    engine.call("revoke", "klass", "jobs.Klass", 1000)
    told = explain(engine, now=999)
    assert ("klass", 1000) == (told["revoked"], told["until"])
    assert "revoked" not in explain(engine, now=1000)
    assert "revoked" not in explain(engine, "b")

    engine.call("revoke", "klass", "jobs.Klass", "", 1)
    assert ("once", 0) == (explain(engine)["revoked"], explain(engine)["until"])
    engine.call("revoke", "job", "a")
    assert ("job", 0) == (explain(engine)["revoked"], explain(engine)["until"])
