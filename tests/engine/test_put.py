"""put: accepts a job, new or again under the same jid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.conftest import Engine, Lease, dump, options, refused
from tests.engine.templates import recur

MOST = 2**53 - 1
NAME = "x" * 255


def test_a_put_job_waits_with_the_defaults(engine: Engine) -> None:
    assert "created" == engine.put("a", now=7)

    found = engine.get("a", now=8)
    assert found
    assert ("q", "a", "jobs.Klass", 0) == (found.queue, found.jid, found.klass, found.ends)
    record = found.record
    assert ("waiting", 0, 5, 5, 0) == (
        record.state,
        record.priority,
        record.retries,
        record.left,
        record.attempt,
    )
    assert [("put", 7)] == [(entry.what, entry.time) for entry in record.history("q")]
    assert [("put", "a", "waiting")] == engine.events()


def test_a_job_without_klass_is_a_plain_data_item(engine: Engine) -> None:
    engine.put("a", klass="", payload=b"anything")
    (lease,) = engine.pop()

    assert ("", b"anything") == (lease.klass, lease.payload)


def test_names_hold_any_bytes_up_to_the_limit(engine: Engine) -> None:
    for name in (NAME, "{", "a b\n", "job:a", "\0", "ä", "1"):
        engine.put(name, queue=name, klass=name)
        (lease,) = engine.pop(name)
        assert (name, name, name) == (lease.jid, lease.queue, lease.klass)
        assert "complete" == engine.complete(lease)


def test_a_delayed_job_is_scheduled_until_its_moment(engine: Engine) -> None:
    engine.put("delay", delay=1000, now=500)
    engine.put("at", at=1500, now=500)

    assert {"scheduled": 2} == engine.counts()
    assert [] == engine.pop(count=2, now=1499)
    assert ["delay", "at"] == [lease.jid for lease in engine.pop(count=2, now=1500)]


def test_a_moment_that_has_passed_is_now(engine: Engine) -> None:
    engine.put("a", at=500, now=500)

    assert "waiting" == engine.state("a")


def test_of_a_delay_and_a_moment_the_later_counts(engine: Engine) -> None:
    engine.put("a", at=2000, delay=100, now=0)
    engine.put("b", at=100, delay=2000, now=0)

    assert [] == engine.pop(count=2, now=1999)
    assert 2 == len(engine.pop(count=2, now=2000))


def test_putting_again_replaces_everything_but_the_history(engine: Engine) -> None:
    engine.put("a", payload=b"old", priority=3, retries=1, tags=["t"], now=0)
    assert "replaced" == engine.put("a", queue="other", klass="K", payload=b"new", now=1)

    found = engine.get("a")
    assert found
    assert ("other", "K", b"new") == (found.queue, found.klass, found.record.payload)
    assert (0, 5) == (found.record.priority, found.record.retries)
    assert {} == engine.counts("q")
    assert {"waiting": 1} == engine.counts("other")


def test_the_history_of_a_replaced_job_tells_both_puts(engine: Engine) -> None:
    engine.put("a", now=10)
    engine.put("a", queue="other", now=20)
    engine.put("a", queue="third", now=30)

    found = engine.get("a")
    assert found
    assert [("put", 10, b"q"), ("put", 20, b"other"), ("put", 30, b"third")] == [
        (entry.what, entry.time, entry.detail) for entry in found.record.history(found.queue)
    ]


def test_each_put_of_a_job_that_was_running_is_in_its_history(engine: Engine) -> None:
    engine.put("a", now=0)
    engine.pop(now=1)
    engine.put("a", now=2)
    engine.put("a", now=3)

    assert ["put", "popped", "put", "put"] == engine.history("a")


@pytest.mark.parametrize("state", ["scheduled", "depends", "running", "complete", "failed"])
def test_a_job_in_any_state_can_be_put_again(engine: Engine, state: str) -> None:
    engine.put("parent", queue="parents")
    if state == "scheduled":
        engine.put("a", delay=1000)
    elif state == "depends":
        engine.put("a", depends=["parent"])
    else:
        engine.put("a")
        (lease,) = engine.pop()
        if state == "complete":
            engine.complete(lease)
        elif state == "failed":
            engine.fail(lease)
    assert state == engine.state("a")

    assert "replaced" == engine.put("a", queue="other", now=1)
    assert {} == engine.counts("q")
    assert {"waiting": 1} == engine.counts("other")
    found = engine.get("a")
    assert found
    assert (set(), None) == (found.dependencies, found.failure)


def test_a_job_that_is_put_again_goes_behind_its_equals(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid)
    engine.put("a")

    assert ["b", "c", "a"] == engine.order()


def test_if_exists_keep_leaves_the_job_as_it_is(engine: Engine) -> None:
    assert "created" == engine.put("a", payload=b"old", if_exists="keep")
    before = dump(engine)
    assert "kept" == engine.put("a", payload=b"new", queue="other", if_exists="keep", now=5)

    assert before == dump(engine)


def test_if_exists_error_refuses_and_writes_nothing(engine: Engine) -> None:
    engine.put("a")
    answer = refused(engine, "put", "q", "a", "K", b"x", options(if_exists="error"))

    assert answer.startswith("EXISTS job a exists")


def test_a_repeated_put_is_answered_as_the_first(engine: Engine) -> None:
    assert "created" == engine.put("a", nonce="n1")
    before = dump(engine)
    assert "created" == engine.put("a", nonce="n1", now=1)
    assert before == dump(engine)

    assert "replaced" == engine.put("a", nonce="n2", now=2)
    assert "replaced" == engine.put("a", nonce="n2", now=3)


@pytest.mark.parametrize("given", [{"nonce": "n"}, {"if_exists": "repeated"}])
def test_a_put_repeated_when_the_job_was_popped_or_has_ended_changes_nothing(
    engine: Engine, given: dict[str, Any]
) -> None:
    engine.put("a", **given)
    (lease,) = engine.pop()
    assert "created" == engine.put("a", **given, now=1)
    assert "running" == engine.state("a")
    engine.complete(lease, now=2)

    assert "created" == engine.put("a", **given, now=3)
    assert "complete" == engine.state("a")


@pytest.mark.parametrize("given", [{"nonce": "n"}, {"if_exists": "repeated"}])
def test_a_put_repeated_after_the_job_has_left_does_not_bring_it_back(
    engine: Engine, given: dict[str, Any]
) -> None:
    engine.configure("jobs-history-count", 0)
    for jid in ("completed", "cancelled"):
        engine.put(jid, **given)
    (lease,) = engine.pop()
    engine.complete(lease, now=1)
    engine.cancel("cancelled", now=1)

    assert "created" == engine.put("completed", **given, now=2)
    assert "created" == engine.put("cancelled", **given, now=2)
    assert [] == engine.pop(count=2, now=3)


def test_a_put_refused_by_if_exists_error_is_not_refused_when_repeated(engine: Engine) -> None:
    assert "created" == engine.put("a", if_exists="error", nonce="n")
    assert "created" == engine.put("a", if_exists="error", nonce="n")
    answer = refused(engine, "put", "q", "a", "K", b"", options(if_exists="error", nonce="m"))
    assert answer.startswith("EXISTS")


def test_a_cancelled_jid_can_be_put_anew(engine: Engine) -> None:
    engine.put("a", tags=["t"])
    engine.cancel("a")

    assert "created" == engine.put("a", if_exists="error", now=1)
    assert ["put"] == engine.history("a")
    assert -1 == engine.server.pttl(engine.root + "job:a")


WORK: dict[str, Any] = {
    "run_within": 1000,
    "kill_within": 2000,
    "backoff": "linear",
    "backoff_base": 5,
    "backoff_cap": 50,
    "backoff_jitter": 0,
    "context": b"\x81\xa5trace\xff\x00\x80",
    "keep_result": 3000,
    "limits": ["smtp"],
    "order_key": "k",
    "tenant": "acme",
    "lease": 4000,
    "tags": ["t"],
}


def kept(lease: Lease) -> dict[str, Any]:
    """Return the options that came with a popped job, but for those of the put itself."""
    return {name: value for name, value in lease.record.options.items() if name != "nonce"}


def test_options_of_the_work_come_with_the_job_byte_for_byte(engine: Engine) -> None:
    engine.put("a", nonce="n", if_exists="replace", priority=1, delay=0, **WORK)
    (lease,) = engine.pop()

    assert kept(lease) == WORK


def test_options_of_the_work_stay_from_attempt_to_attempt_and_queue_to_queue(
    engine: Engine,
) -> None:
    engine.put("parent")
    engine.put("a", depends=["parent"], **WORK)
    (parent,) = engine.pop()
    engine.complete(parent)
    (lease,) = engine.pop()
    engine.retry(lease)
    (lease,) = engine.pop()
    engine.complete(lease, "next")
    (lease,) = engine.pop("next")

    assert kept(lease) == WORK


def test_a_job_that_is_put_again_has_the_new_options_only(engine: Engine) -> None:
    engine.put("a", **WORK)
    engine.put("a", run_within=7)
    (lease,) = engine.pop()

    assert kept(lease) == {"run_within": 7}


@pytest.mark.parametrize("retries", [0, 1, 32767, 32768, 65535])
def test_retries_are_kept_exactly(engine: Engine, retries: int) -> None:
    engine.put("a", retries=retries)
    (lease,) = engine.pop()
    assert (retries, retries) == (lease.record.retries, lease.record.left)

    expected = "waiting" if retries else "failed"
    assert expected == engine.retry(lease)


@pytest.mark.parametrize("priority", [-MOST, -(2**52) - 1, -1, 0, 1, 3, 2**52 + 1, MOST])
def test_priorities_are_exact_integers(engine: Engine, priority: int) -> None:
    engine.put("a", priority=priority)
    engine.put("later", priority=priority, delay=1000)

    for jid in ("a", "later"):
        found = engine.get(jid)
        assert found
        assert priority == found.record.priority
    assert 2 == len(engine.pop(count=2, now=1000))


@pytest.mark.parametrize(
    ("argument", "given"),
    [
        ("priority", {"priority": 2**53}),
        ("priority", {"priority": -(2**53)}),
        ("priority", {"priority": 1.5}),
        ("priority", {"priority": float("nan")}),
        ("priority", {"priority": float("inf")}),
        ("priority", {"priority": "high"}),
        ("priority", {"priority": [1]}),
        ("priority", {"priority": True}),
        ("delay", {"delay": -1}),
        ("delay", {"delay": 0.5}),
        ("delay", {"delay": 3155760000001}),
        ("at", {"at": -1}),
        ("at", {"at": 2**48}),
        ("retries", {"retries": -1}),
        ("retries", {"retries": 65536}),
        ("lease", {"lease": -1}),
        ("lease", {"lease": 3155760000001}),
        ("run_within", {"run_within": -1}),
        ("run_within", {"run_within": "long"}),
        ("kill_within", {"kill_within": 3155760000001}),
        ("backoff", {"backoff": "quadratic"}),
        ("backoff_base", {"backoff_base": 0}),
        ("backoff_cap", {"backoff_cap": 0}),
        ("backoff_jitter", {"backoff_jitter": 1001}),
        ("backoff_jitter", {"backoff_jitter": 0.5}),
        ("context", {"context": b"x" * 4097}),
        ("context", {"context": {"trace": "x"}}),
        ("keep_result", {"keep_result": -1}),
        ("limits", {"limits": "smtp"}),
        ("limits", {"limits": [""]}),
        ("limits", {"limits": [str(n) for n in range(9)]}),
        ("limits", {"limits": ["queue:q"]}),
        ("limits", {"limits": ["smtp", "klass:mail.Send"]}),
        ("limits", {"limits": ["order:x"]}),
        ("limits", {"limits": ["customer:*"]}),
        ("lease", {"limits": ["smtp"], "lease": 0}),
        ("lease", {"order_key": "k", "lease": 0}),
        ("order_key", {"order_key": ""}),
        ("order_key", {"order_key": ["k"]}),
        ("tenant", {"tenant": NAME + "x"}),
        ("tags", {"tags": "t"}),
        ("tags", {"tags": [""]}),
        ("tags", {"tags": [1]}),
        ("tags", {"tags": [None, "t"]}),
        ("tags", {"tags": {"t": 1}}),
        ("tags", {"tags": [NAME + "x"]}),
        ("tags", {"tags": [str(n) for n in range(101)]}),
        ("depends", {"depends": [""]}),
        ("depends", {"depends": {"p": 1}}),
        ("depends", {"depends": [str(n) for n in range(101)]}),
        ("missing", {"missing": "ignore"}),
        ("parent_failure", {"parent_failure": "explode"}),
        ("if_exists", {"if_exists": "perhaps"}),
        ("if_exists", {"if_exists": 1}),
        ("hold", {"hold": "yes"}),
        ("nonce", {"nonce": "n" * 33}),
        ("nonce", {"nonce": 1}),
        ("options", {"colour": "red"}),
    ],
)
def test_a_bad_option_is_named_and_nothing_is_written(
    engine: Engine, argument: str, given: dict[str, object]
) -> None:
    engine.put("a", tags=["old"])
    for jid in ("a", "b"):
        answer = refused(engine, "put", "new", jid, "K", b"", options(**given))
        assert answer.startswith("INVALID ")
        assert argument in answer


@pytest.mark.parametrize(
    ("argument", "args"),
    [
        ("queue", ("", "a", "K", b"", b"")),
        ("queue", (NAME + "x", "a", "K", b"", b"")),
        ("jid", ("q", "", "K", b"", b"")),
        ("jid", ("q", NAME + "x", "K", b"", b"")),
        ("klass", ("q", "a", NAME + "x", b"", b"")),
        ("data", ("q", "a", "K", b"x" * 1001, b"")),
        ("options", ("q", "a", "K", b"", b"\xc1")),
        ("options", ("q", "a", "K", b"", b"\x01")),
        ("options", ("q", "a", "K", b"", b"\x91\x01")),
        ("options", ("q", "a", "K", b"", options(colour="x" * 65536))),
        ("arguments", ("q", "a", "K", b"")),
        ("arguments", ("q", "a", "K", b"", b"", b"")),
    ],
)
def test_a_bad_argument_is_named_and_nothing_is_written(
    engine: Engine, argument: str, args: tuple[object, ...]
) -> None:
    engine.configure("max-payload", 1000)
    answer = refused(engine, "put", *args)

    assert answer.startswith("INVALID ")
    assert argument in answer


def test_each_option_is_accepted_at_its_limit(engine: Engine) -> None:
    names = [f"{n:0255}" for n in range(100)]
    each: tuple[dict[str, Any], ...] = (
        {"delay": 3155760000000},
        {"delay": 0},
        {"at": 2**48 - 1},
        {"at": 0},
        {"lease": 3155760000000},
        {"run_within": 3155760000000, "kill_within": 0},
        {"backoff": "fixed", "backoff_base": 1, "backoff_cap": 1, "backoff_jitter": 1000},
        {"context": b"x" * 4096, "keep_result": 3155760000000},
        {"tags": names},
        {"tags": []},
        {"depends": names},
        {"depends": []},
        {"nonce": "n" * 32},
    )
    for jid, given in enumerate(each):
        assert "created" == engine.put(str(jid), **given)


def test_a_payload_may_be_as_large_as_the_setting_says(engine: Engine) -> None:
    payload = b"x" * 1048576
    engine.put("a", payload=payload)
    (lease,) = engine.pop()

    assert payload == lease.payload
    assert "INVALID data" in refused(engine, "put", "q", "b", "K", payload + b"x", b"")


def test_a_put_of_a_template_s_jid_is_refused(engine: Engine) -> None:
    engine.put("other")
    key = engine.root + "template:a"
    engine.server.set(key, "t", px=60000)
    assert refused(engine, "put", "q", "a", "K", b"", b"").startswith("EXISTS jid")
    engine.server.delete(key)


def test_data_of_a_later_format_is_refused(engine: Engine) -> None:
    engine.put("a")
    engine.server.hset(engine.root, "format", "3")

    assert refused(engine, "put", "q", "b", "K", b"", b"").startswith("VERSION")
    engine.server.hset(engine.root, "format", "1")


@pytest.mark.parametrize(
    "first",
    [
        lambda engine: engine.put("b", limits=["a"]),
        lambda engine: engine.put("b", order_key="k"),
        lambda engine: engine.put("b", tenant="t"),
        lambda engine: engine.put("b", unique="u"),
        lambda engine: engine.put("b", flow="f"),
        lambda engine: engine.call("limit", "a", 1, "", "", ""),
        lambda engine: engine.configure("max-jobs-q", 10),
        lambda engine: recur(engine, interval=0, calendar="{}"),
    ],
)
def test_what_older_libraries_do_not_know_raises_the_format(
    engine: Engine, first: Callable[[Engine], object]
) -> None:
    def format_of_data() -> Any:
        return engine.server.hget(engine.root, "format")

    engine.put("a")
    engine.complete(engine.pop()[0])
    engine.call("pause", "q")
    engine.call("unpause", "q")
    assert b"1" == format_of_data()

    first(engine)
    assert b"2" == format_of_data()
    engine.put("c", "other")
    assert (b"2", "c") == (format_of_data(), engine.pop("other")[0].jid)
