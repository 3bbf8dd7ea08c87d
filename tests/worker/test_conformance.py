"""What every pool does alike."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import pyjobs
from pyjobs.worker import Worker
from pyjobs.worker.options import PoolName
from tests.worker import jobs
from tests.worker.conftest import find, running

J = "tests.worker.jobs"


def run(client: pyjobs.Client, pool: PoolName, *queues: str, **options: Any) -> Worker:
    """Run all jobs that can be run now."""
    worker = Worker(client, queues or ("mail",), pool=pool, **options)
    worker.run_until_idle()
    return worker


@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_a_function_is_run_and_completes_its_job(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": 7})

    worker = run(client, pool)

    assert jobs.hear() == 7
    assert find(client, jid).state == "complete"
    assert worker.counts == {"done": 1}


def test_a_class_is_run_by_the_method_named_after_the_queue(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(f"{J}.Letter")

    run(client, pool)

    assert jobs.hear() == ("mail", jid)


@pytest.mark.parametrize("name", ["parcels", "_secret", "__init__"])
@pytest.mark.parametrize("klass", ["Letter", "AsyncLetter"])
def test_or_else_by_process(client: pyjobs.Client, pool: PoolName, name: str, klass: str) -> None:
    jid = client.queue(name).put(f"{J}.{klass}")

    run(client, pool, name)

    assert jobs.hear() == ("process", jid)


@pytest.mark.parametrize("kind", ["generator", "async_generator", "not_awaited"])
def test_code_that_has_only_made_ready_what_it_would_do_fails_its_job(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": 1}, retries=3, retry_on=["KeyError"])

    worker = run(client, pool)

    failure = find(client, jid).failure
    assert failure is not None
    assert (failure.group, worker.counts) == ("mail-NotBegun", {"failed": 1})
    assert "of which nothing has run" in failure.message
    assert jobs.heard.empty()


@pytest.mark.parametrize("kind", ["bad", "bad_async"])
def test_an_exception_fails_the_job_into_a_group_with_its_traceback(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": "luck"})

    worker = run(client, pool)

    failure = find(client, jid).failure
    assert failure is not None
    assert failure.group == "mail-ValueError"
    assert failure.message.startswith("Traceback")
    assert failure.message.endswith("ValueError: no luck\n")
    assert "pyjobs/worker/" not in failure.message
    assert worker.counts == {"failed": 1}


def test_a_long_traceback_loses_its_middle(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(f"{J}.deep")

    run(client, pool)

    failure = find(client, jid).failure
    assert failure is not None
    assert len(failure.message.encode()) <= 16_384
    assert failure.message.startswith("Traceback")
    assert failure.message.endswith("xxx\n")


@pytest.mark.parametrize("kind", ["exit", "interrupt", "other"])
def test_whatever_a_job_raises_is_its_own_failure(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    jid = queue.put(f"{J}.leave", {"n": kind})
    after = queue.put(f"{J}.say", {"n": 1})

    run(client, pool)

    assert find(client, jid).state == "failed"
    assert find(client, after).state == "complete"


@pytest.mark.parametrize("kind", ["move_on", "move_on_async"])
def test_a_job_that_has_moved_itself_is_left_where_it_is(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": 1})

    worker = run(client, pool)

    job = find(client, jid)
    assert (job.state, job.queue_name) == ("waiting", "next")
    assert worker.counts == {"moved": 1}


def test_also_when_it_raises_afterwards(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(f"{J}.move_on_and_fail")

    run(client, pool)

    assert (find(client, jid).state, find(client, jid).queue_name) == ("waiting", "next")


@pytest.mark.parametrize("kind", ["count_up", "count_up_async"])
def test_changed_data_is_stored_with_the_completion(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": 1})

    run(client, pool)

    assert find(client, jid).data == {"n": 2}


@pytest.mark.parametrize(
    ("kind", "group"), [("unstorable", "mail-EncodingError"), ("huge", "mail-InvalidArgument")]
)
def test_data_that_cannot_be_stored_fails_the_job(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str, group: str
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": 1})

    run(client, pool)

    job = find(client, jid)
    assert job.failure is not None
    assert job.failure.group == group


@pytest.mark.parametrize("kind", ["who_am_i", "who_am_i_async"])
def test_code_can_ask_which_job_it_works_on(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    queue.put(f"{J}.{kind}")

    run(client, pool)

    assert jobs.hear() is True
    assert pyjobs.current_job() is None


@pytest.mark.parametrize(
    ("error", "attempts", "group"),
    [
        ("class", [1, 2, 3], "mail-ConnectionResetError"),
        ("name", [1, 2, 3], "mail-Flaky"),
        ("subclass by name", [1, 2, 3], "mail-VeryFlaky"),
        ("other", [1], "mail-ValueError"),
        ("given up", [1], "mail-ConnectionRefusedError"),
    ],
)
def test_a_class_says_after_which_errors_it_is_tried_again(
    client: pyjobs.Client,
    queue: pyjobs.Queue,
    pool: PoolName,
    error: str,
    attempts: list[int],
    group: str,
) -> None:
    jid = queue.put(f"{J}.Stubborn", {"n": error}, retries=2)

    run(client, pool)

    failure = find(client, jid).failure
    assert [jobs.hear() for _ in attempts] == attempts
    assert jobs.heard.empty()
    assert failure is not None
    assert group in {failure.group, failure.cause}


@pytest.mark.parametrize(
    ("error", "own", "attempts"),
    [
        ("other", {"retry_on": [ValueError]}, 3),
        ("other", {"retry_on": ["Exception"]}, 3),
        ("other", {"retry_on": [KeyError]}, 1),
        ("subclass by name", {"give_up_on": ["Flaky"]}, 1),
        ("subclass by name", {"give_up_on": [f"{J}.Flaky"]}, 1),
        ("other", {"retry_on": ["builtins.Exception"]}, 3),
        ("other", {"retry_on": ["elsewhere.ValueError"]}, 1),
        ("name", {"give_up_on": ["VeryFlaky"]}, 3),
        ("given up", {"retry_on": [OSError]}, 3),
        ("class", {"retry_on": [OSError], "give_up_on": [ConnectionResetError]}, 1),
    ],
)
def test_a_job_says_so_before_its_class(
    client: pyjobs.Client,
    queue: pyjobs.Queue,
    pool: PoolName,
    error: str,
    own: dict[str, Any],
    attempts: int,
) -> None:
    jid = queue.put(f"{J}.Stubborn", {"n": error}, retries=2, **own)

    run(client, pool)

    assert [jobs.hear() for _ in range(attempts)] == list(range(1, attempts + 1))
    assert jobs.heard.empty()
    assert find(client, jid).state == "failed"


def test_a_result_that_cannot_be_carried_fails_the_job_and_is_named(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(f"{J}.uncarried", keep_result=60)

    run(client, pool)

    failure = find(client, jid).failure
    assert failure is not None
    assert failure.group == "mail-EncodingError"
    assert "EncodingError: result['open']: a object, which msgpack" in failure.message


def test_a_job_without_code_may_be_tried_again(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put("no.such.module.Klass", retries=1, retry_on=["ClassNotFound"])

    run(client, pool)

    job = find(client, jid)
    assert job.failure is not None
    assert ("failed-retries-mail", "mail-ClassNotFound", 2) == (
        job.failure.group,
        job.failure.cause,
        job.attempt,
    )


@pytest.mark.parametrize(
    ("klass", "group"),
    [
        (None, "mail-NoClass"),
        ("no.such.module.Klass", "mail-ClassNotFound"),
        (f"{J}.NoSuchName", "mail-ClassNotFound"),
        (f"{J}.NeitherNor", "mail-NotAJobClass"),
        ("tests.worker.broken.Klass", "mail-ClassNotFound"),
        ("tests.worker.interrupting.Klass", "mail-KeyboardInterrupt"),
        ("os.system", "mail-NotAJobClass"),
    ],
)
def test_a_job_without_code_fails_and_harms_nobody(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, klass: str | None, group: str
) -> None:
    if klass == "os.system":
        put = pyjobs.calls.put("mail", "evil", klass, b"\xc0", b"")
        client.run(put)
        jid = "evil"
    else:
        jid = queue.put(klass)
    queue.put(f"{J}.say", {"n": 1})

    run(client, pool)

    failure = find(client, jid).failure
    assert failure is not None
    assert failure.group == group
    assert jobs.hear() == 1


def test_names_that_are_no_text_harm_nobody(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    """Another language's client may put such a job."""
    for jid, klass in ((b"j\xff1", b"no\xff.Klass"), (b"j\xff2", f"{J}.count_up".encode())):
        put = pyjobs.calls.put("mail", "", "", pyjobs.codec.encode({"n": 1}), b"")
        put.args[1:3] = [jid, klass]
        client.run(put)

    worker = run(client, pool)

    assert worker.counts == {"failed": 1, "done": 1}
    assert queue.counts.failed == 1
    assert queue.counts.complete == 1


def test_the_error_of_an_import_is_kept(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put("tests.worker.broken.Klass")

    run(client, pool)

    failure = find(client, jid).failure
    assert failure is not None
    assert "ZeroDivisionError: division by zero" in failure.message


def test_ten_thousand_short_jobs_are_run_once_each(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put_many([{"klass": f"{J}.say", "data": {"n": n}, "retries": 0} for n in range(10_000)])

    worker = run(client, pool)

    assert Counter(jobs.heard.get() for _ in range(jobs.heard.qsize())) == dict.fromkeys(
        range(10_000), 1
    )
    # Where the machine stands still for a moment, what lies ready is given back and taken again.
    assert worker.counts == Counter(done=10_000, released=worker.counts["released"])
    assert queue.counts.complete == client.run(pyjobs.calls.queues())[1][0].complete


def test_jobs_run_at_the_same_time(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    slots = 1 if pool == "sync" else 3
    jids = queue.put_many([{"klass": jobs.HOLD[pool]}] * 4)

    with running(Worker(client, "mail", pool=pool, concurrency=3)):
        begun = [jobs.hear() for _ in range(slots)]
        assert sorted(begun) == sorted(("begun", jid) for jid in jids[:slots])
        assert jobs.heard.empty()
        jobs.go_on()
        rest = [jobs.hear() for _ in range(8 - slots)]

    assert Counter(what for what, _ in [*begun, *rest]) == {"begun": 4, "ended": 4}


@pytest.mark.parametrize("kind", ["mark", "mark_sync"])
def test_a_job_leaves_nothing_to_the_next_one(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    queue.put_many([{"klass": f"{J}.{kind}"}] * 3)

    run(client, pool, concurrency=1)

    assert [jobs.hear() for _ in range(3)] == [None] * 3


@pytest.mark.parametrize("kind", ["pass_on", "pass_on_async"])
def test_what_travels_with_a_job_goes_on_with_those_that_it_puts(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    with pyjobs.context(trace_id="7f3a"):
        queue.put(f"{J}.{kind}", {"n": 2})
    without = {"klass": f"{J}.{kind}", "data": {"n": 0}}

    with pyjobs.context(trace_id="that of the worker"):
        run(client, pool)
        assert [jobs.hear() for _ in range(3)] == [({"trace_id": "7f3a"},) * 2] * 3

        queue.put_many([{**without, "context": {}}])
        run(client, pool)
        assert jobs.hear() == ({}, {})


def test_names_that_are_no_text(client: pyjobs.Client, pool: PoolName) -> None:
    """Others put what Python would not; it is run, and fails, as any other job."""
    name, jid = b"caf\xe9", b"caf\xe9-1"
    queue, text = name.decode(errors="surrogateescape"), jid.decode(errors="surrogateescape")
    for klass in (f"{J}.bad", f"{J}.Letter"):
        client.run(pyjobs.calls.put(queue, text, klass, b"\x81\xa1n\x01", b""))

        run(client, pool, "caf*")

    assert jobs.hear() == ("process", text)
    assert [each.name for each in client.queues.counts] == [queue]


def test_attempts_are_counted_by_how_they_ended(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    """The last attempt asks for another one, and there is none."""
    queue.put(f"{J}.Stubborn", {"n": "name"}, retries=2)
    queue.put(f"{J}.move_on")
    queue.put(f"{J}.huge", {})

    worker = run(client, pool)

    assert worker.counts == {"retried": 2, "failed": 2, "moved": 1}
