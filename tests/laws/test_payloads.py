"""A payload is bytes: what comes out is what was put in, whatever happened to the job."""

from __future__ import annotations

import random

import pytest

from tests.engine.conftest import Engine

INLINE = 1024
ANY = bytes(range(256))
SIZES = [1, 2, 255, INLINE - 1, INLINE, INLINE + 1, 100_000]
MSGPACK = {
    "empty list": b"\x90",
    "empty map": b"\x80",
    "16 digits": b"\xcf\x00\x23\x86\xf2\x6f\xc0\xff\xff",
    "64 bits": b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    "bin": b"\xc4\x02\x00\xff",
    "timestamp": b"\xd6\xff\x00\x00\x00\x01",
    "20 deep": b"\x91" * 20 + b"\xc0",
    "none": b"\xc0",
}


def content(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def shown(engine: Engine, jid: str = "a") -> bytes:
    found = engine.get(jid)
    assert found
    return found.record.payload


@pytest.mark.parametrize("size", SIZES)
def test_a_payload_survives_every_transition(engine: Engine, size: int) -> None:
    payload = content(size, 1)
    engine.put("parent", queue="p")
    engine.put("a", payload=payload, depends=["parent"], delay=1000)
    assert payload == shown(engine)
    engine.complete(engine.pop("p", now=0)[0])
    engine.call("priority", "a", -1)
    (lease,) = engine.pop(lease=1000, now=1000)
    assert payload == lease.payload
    engine.heartbeat(lease, lease=1000, now=1000)
    (lease,) = engine.pop(now=2000)
    assert payload == lease.payload
    engine.release(lease, now=2000)
    engine.retry(engine.pop(now=2000)[0], group="g", message="m" * 3000, now=2000)
    engine.call("timeout", engine.pop(now=2000)[0].jid, now=2000)
    engine.fail(engine.pop(now=2000)[0], now=2000)
    assert payload == shown(engine)
    engine.call("unfail", "a", "", now=2000)
    engine.move("a", "other", now=2000)
    engine.complete(engine.pop("other", now=2000)[0], "third", now=2000)
    engine.complete(engine.pop("third", now=2000)[0], now=2000)

    assert payload == shown(engine)


@pytest.mark.parametrize("first", [0, 10, INLINE, INLINE + 1, 5000])
@pytest.mark.parametrize("second", [1, INLINE, INLINE + 1, 5000])
def test_a_payload_may_grow_and_shrink(engine: Engine, first: int, second: int) -> None:
    engine.put("a", payload=content(first, 1))
    engine.put("a", payload=content(second, 2))
    assert content(second, 2) == shown(engine)
    (lease,) = engine.pop()
    assert content(second, 2) == lease.payload
    engine.complete(lease, "next", payload=content(first or 1, 3))
    (lease,) = engine.pop("next")
    assert content(first or 1, 3) == lease.payload
    engine.call("fail", *lease.key, "g", "", content(second, 4))
    assert content(second, 4) == shown(engine)

    outside = engine.server.exists(engine.root + "payload:a")
    assert (second > INLINE) == bool(outside)


@pytest.mark.parametrize("payload", MSGPACK.values(), ids=MSGPACK)
def test_nothing_looks_into_a_payload(engine: Engine, payload: bytes) -> None:
    engine.put("a", payload=payload)
    (lease,) = engine.pop()
    engine.heartbeat(lease)
    engine.call("fail", *lease.key, "g", "", payload)
    engine.call("unfail", "a", "")

    assert payload == engine.pop()[0].payload == shown(engine)


def test_payloads_of_both_kinds_come_to_their_own_jobs(engine: Engine) -> None:
    sizes = {f"{n:02}": SIZES[n % 6] + n for n in range(60)}
    for jid, size in sizes.items():
        engine.put(jid, payload=content(size, int(jid)))
    popped = engine.pop(count=100)

    assert {jid: content(size, int(jid)) for jid, size in sizes.items()} == {
        lease.jid: lease.payload for lease in popped
    }


def test_an_empty_payload_is_a_payload(engine: Engine) -> None:
    engine.put("a", payload=b"")

    assert b"" == engine.pop()[0].payload


def test_every_byte_may_stand_anywhere(engine: Engine) -> None:
    names = {"jid": ANY[:255], "queue": ANY[1:], "klass": ANY[:128]}
    args = (names["queue"], names["jid"], names["klass"], ANY, b"")
    assert b"created" == engine.call("put", *args)
    answer = engine.call("pop", ANY[:200], ANY[:255], 0, 1, "", 0, "ordered", 0, names["queue"])

    assert list(names.values()) == [answer[2], answer[1], answer[3]]
    (found,) = engine.call("get", names["jid"])
    assert list(names.values()) == [found[1], found[0], found[2]]
