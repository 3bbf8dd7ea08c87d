"""wait: what has become of jobs, and a ring for the ends of those that have not ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pyjobs import record
from tests.engine.conftest import Engine, Refused

Look = tuple[str, int, str]


def wait(engine: Engine, *jids: str, block: int = 1, now: int = 0) -> list[Look]:
    answer = engine.call("wait", block, *jids, now=now)
    parts = zip(answer[::3], answer[1::3], answer[2::3], strict=True)
    return [(state.decode(), attempt, ring.decode()) for state, attempt, ring in parts]


def ring(engine: Engine, jid: str = "a") -> str:
    return f"{engine.root}job-ring:{jid}"


def told(engine: Engine, jid: str = "a") -> int:
    """Return how many entries the ring of a job has."""
    entries: Any = engine.server.xlen(ring(engine, jid))
    return int(entries)


def awaited(engine: Engine, jid: str = "a") -> bool:
    found = engine.get(jid)
    return bool(found and found.record.flags & record.AWAITED)


def test_an_open_job_is_answered_with_its_state_its_attempts_and_its_ring(engine: Engine) -> None:
    engine.put("a")
    engine.put("b")
    engine.pop()

    assert [("running", 1, ring(engine)), ("waiting", 0, ring(engine, "b"))] == wait(
        engine, "a", "b"
    )


def test_who_only_looks_is_not_going_to_be_told(engine: Engine) -> None:
    engine.put("a")
    assert [("waiting", 0, "")] == wait(engine, "a", block=0)
    engine.complete(engine.pop()[0])

    assert 0 == told(engine)


def test_an_unknown_job_has_no_state(engine: Engine) -> None:
    assert [("", 0, "")] == wait(engine, "nobody")


def test_a_job_that_has_ended_has_no_ring(engine: Engine) -> None:
    engine.put("a")
    engine.complete(engine.pop()[0])

    assert [("complete", 1, "")] == wait(engine, "a")
    assert not awaited(engine)


def complete(engine: Engine) -> str:
    return engine.complete(engine.pop()[0])


def complete_with_a_result(engine: Engine) -> str:
    word: bytes = engine.call("complete", *engine.pop()[0].key, b"", "", b"", b"result")
    return word.decode()


def fail(engine: Engine) -> str:
    return engine.fail(engine.pop()[0])


def retry_without_retries(engine: Engine) -> str:
    return engine.retry(engine.pop()[0])


def run_out(engine: Engine) -> str:
    engine.pop(lease=1, now=0)
    engine.tick(now=1)
    return "failed"


def cancel(engine: Engine) -> str:
    engine.cancel("a")
    return "cancelled"


def fail_with_a_parent(engine: Engine) -> str:
    engine.put("parent", queue="p")
    engine.depend("a", depends=["parent"], parent_failure="fail")
    engine.fail(engine.pop("p")[0])
    return "failed"


def cancel_with_a_parent(engine: Engine) -> str:
    engine.put("parent", queue="p")
    engine.depend("a", depends=["parent"], parent_failure="cancel")
    engine.fail(engine.pop("p")[0])
    return "cancelled"


ENDS = [
    *(complete, complete_with_a_result, fail, retry_without_retries, run_out),
    *(cancel, fail_with_a_parent, cancel_with_a_parent),
]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kept", [100, 0])
def test_whatever_ends_a_job_tells_it_once(
    engine: Engine, end: Callable[[Engine], str], kept: int
) -> None:
    engine.configure("jobs-history-count", kept)
    engine.put("a", retries=0, keep_result=60_000)
    wait(engine, "a")
    state = end(engine)

    assert 1 == told(engine)
    assert not awaited(engine)
    assert state == wait(engine, "a", now=1)[0][0]


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_told_when_nobody_waits(engine: Engine, end: Callable[[Engine], str]) -> None:
    engine.put("a", retries=0)
    end(engine)

    assert 0 == told(engine)


def test_an_entry_does_not_stay_for_ever(engine: Engine) -> None:
    engine.put("a")
    wait(engine, "a")
    complete(engine)

    lifetime: Any = engine.server.pttl(ring(engine))
    assert 0 < lifetime <= 2000


def release(engine: Engine) -> None:
    engine.release(engine.pop()[0])


def retry(engine: Engine) -> None:
    engine.retry(engine.pop()[0])


def go_on(engine: Engine) -> None:
    engine.complete(engine.pop()[0], "next")


def move(engine: Engine) -> None:
    engine.move("a", "other")


def replace(engine: Engine) -> None:
    engine.put("a", payload=b"new")


@pytest.mark.parametrize("how", [release, retry, go_on, move, replace])
def test_what_is_not_an_end_tells_nothing_and_the_end_after_it_does(
    engine: Engine, how: Callable[[Engine], None]
) -> None:
    engine.put("a")
    wait(engine, "a")
    how(engine)
    assert (0, True) == (told(engine), awaited(engine))
    engine.complete(engine.pop("q", "next", "other")[0])

    assert 1 == told(engine)


def test_who_waits_for_a_job_that_came_back_takes_the_stale_entry_off(engine: Engine) -> None:
    engine.put("a")
    wait(engine, "a")
    fail(engine)
    engine.call("unfail", "a", "")
    assert 1 == told(engine)
    wait(engine, "a")
    assert 0 == told(engine)
    complete(engine)

    assert 1 == told(engine)


@pytest.mark.parametrize("args", [(), (1,), ("", "a"), (2, "a"), (1, ""), (1, *"a" * 101)])
def test_bad_arguments_are_refused(engine: Engine, args: tuple[Any, ...]) -> None:
    with pytest.raises(Refused) as refused:
        engine.call("wait", *args)
    assert "INVALID" == refused.value.word


def test_it_is_no_member_of_a_step(engine: Engine) -> None:
    with pytest.raises(Refused, match="not a command for a step"):
        engine.step(("wait", 1, "a"))
