"""log: a user's own entry in a job's history."""

from __future__ import annotations

import pytest

from pyjobs.record import Entry
from tests.engine.conftest import Engine, Refused


def entries(engine: Engine, jid: str) -> list[Entry]:
    """Return the entries that were logged."""
    found = engine.get(jid)
    assert found
    return [entry for entry in found.record.history(found.queue) if entry.what == "log"]


def test_an_entry_holds_what_and_data_byte_for_byte(engine: Engine) -> None:
    engine.put("a")
    assert b"logged" == engine.call("log", "a", "half way", b"\x00\xff\r\n", "", now=1234)

    (entry,) = entries(engine, "a")
    assert b"\x08half way\x00\xff\r\n" == entry.detail
    assert (1234, 0) == (entry.time, entry.attempt)


def test_an_entry_names_the_attempt_in_which_it_was_written(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop(now=1)
    engine.call("log", "a", "first", "", "", now=2)
    engine.retry(lease, now=3)
    engine.pop(now=4)
    engine.call("log", "a", "second", "", "", now=5)

    assert [1, 2] == [entry.attempt for entry in entries(engine, "a")]
    assert ["put", "popped", "log", "retried", "popped", "log"] == engine.history("a")


def test_an_entry_is_published(engine: Engine) -> None:
    engine.put("a")
    engine.call("log", "a", "half way", "", "")

    assert ("log", "a", "half way") == engine.events()[-1]


def test_a_repeat_writes_nothing(engine: Engine) -> None:
    engine.put("a")
    for now in (1, 2):
        assert b"logged" == engine.call("log", "a", "once", "", "request 1", now=now)
    engine.call("log", "a", "twice", "", "request 2", now=3)

    assert [b"\x04once", b"\x05twice"] == [entry.detail for entry in entries(engine, "a")]
    assert 0 < engine.server.pttl(engine.root + "request:request 1") <= 60_000


def test_a_repeat_is_answered_when_the_job_has_gone_meanwhile(engine: Engine) -> None:
    engine.put("a")
    engine.call("log", "a", "once", "", "r", now=1)
    engine.call("cancel", "a", now=2)

    assert b"logged" == engine.call("log", "a", "once", "", "r", now=3)


def test_calls_without_a_request_are_all_written(engine: Engine) -> None:
    engine.put("a")
    for now in (1, 2):
        engine.call("log", "a", "same", "", "", now=now)

    assert 2 == len(entries(engine, "a"))


def test_a_logged_job_keeps_its_place(engine: Engine) -> None:
    engine.put("a")
    engine.put("b")
    engine.call("log", "a", "note", "", "", now=1)

    assert ["a", "b"] == [lease.jid for lease in engine.pop(count=2, now=2)]


def test_input_beyond_the_limits_is_refused_and_nothing_is_written(engine: Engine) -> None:
    engine.put("a")
    for what, data, request, text in [
        ("", "", "", "what: must be a text that is not empty"),
        ("w" * 256, "", "", "what: has 256 bytes, the limit is 255"),
        ("w", "d" * 4097, "", "data: has 4097 bytes, the limit is 4096"),
        ("w", "", "r" * 33, "request: has more than 32 bytes"),
    ]:
        with pytest.raises(Refused, match=f"INVALID {text}"):
            engine.call("log", "a", what, data, request)

    assert ["put"] == engine.history("a")
    assert b"logged" == engine.call("log", "a", "w" * 255, "d" * 4096, "r" * 32)


def test_an_unknown_job_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="NOJOB no job a"):
        engine.call("log", "a", "what", "", "r")
    engine.put("a")

    assert b"logged" == engine.call("log", "a", "what", "", "r")
    assert ["put", "log"] == engine.history("a")
