"""weigh: the bytes that some jobs of a queue take, in one state."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, refused


def test_payloads_are_weighed_and_all_that_is_stored(engine: Engine) -> None:
    engine.put("a", payload=b"p" * 100)
    engine.put("b", payload=b"p" * 2000)
    records = sum(engine.server.strlen(f"{engine.root}job:{jid}") for jid in "ab")

    assert [2, 2100, records + 2000] == engine.call("weigh", "q", "waiting", 0, 100)


def test_a_failure_is_a_part_of_its_job(engine: Engine) -> None:
    engine.put("a", payload=b"p" * 10)
    engine.fail(engine.pop()[0], message="m" * 3000)
    jobs, payload, stored = engine.call("weigh", "q", "failed", 0, 100)

    assert (1, 10) == (jobs, payload)
    assert 3000 < stored < 3300


def test_pages_are_by_offset_and_end_with_the_set(engine: Engine) -> None:
    for n in range(25):
        engine.put(f"a{n}", payload=b"p" * n)
    pages = [engine.call("weigh", "q", "waiting", offset, 10)[:2] for offset in (0, 10, 20, 30)]

    assert [[10, 45], [10, 145], [5, 110], [0, 0]] == pages


@pytest.mark.parametrize("state", ["waiting", "scheduled", "depends", "running", "complete"])
def test_each_state_is_weighed(engine: Engine, state: str) -> None:
    engine.put("parent", "other")
    engine.put("a", payload=b"12345", delay=10 if state == "scheduled" else 0)
    if state == "depends":
        engine.depend("a", depends=["parent"])
    if state in {"running", "complete"}:
        (lease,) = engine.pop()
    if state == "complete":
        engine.complete(lease)

    assert [1, 5] == engine.call("weigh", "q", state, 0, 10)[:2]
    assert [0, 0, 0] == engine.call("weigh", "q", "failed", 0, 10)


def test_a_queue_that_is_not_known_has_no_weight(engine: Engine) -> None:
    assert [0, 0, 0] == engine.call("weigh", "nothing", "waiting", 0, 10)


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("", "waiting", 0, 1), "queue: must be a text that is not empty"),
        (("q", "heavy", 0, 1), "state: unknown word heavy"),
        (("q", "waiting", -1, 1), "offset: -1 is not between"),
        (("q", "waiting", 0, 101), "count: 101 is not between 1 and 100"),
    ],
)
def test_bad_arguments_are_refused_by_name(engine: Engine, args: tuple[object], why: str) -> None:
    assert refused(engine, "weigh", *args).startswith(f"INVALID {why}")
