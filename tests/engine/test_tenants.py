"""tenants: who has jobs waiting in a queue."""

from __future__ import annotations

from tests.engine.conftest import Engine, refused


def read(engine: Engine, queue: str = "q") -> list[tuple[str, int, int]]:
    _, *found = engine.call("tenants", queue, "", 100)
    return [(name.decode(), int(weight), waiting) for name, weight, waiting in found]


def test_tenants_with_their_weights_and_waiting_jobs(engine: Engine) -> None:
    engine.call("tenant", "b", 5)
    for jid, tenant in (("1", "b"), ("2", "a"), ("3", "b")):
        engine.put(jid, tenant=tenant)
    engine.put("4")

    assert [("", 1, 1), ("a", 1, 1), ("b", 5, 2)] == read(engine)


def test_one_whose_jobs_are_all_handed_out_is_not_there(engine: Engine) -> None:
    engine.put("1", tenant="a")
    engine.put("2", tenant="b")
    engine.pop()

    assert ["b"] == [name for name, _, _ in read(engine) if name]


def test_a_queue_without_tenants(engine: Engine) -> None:
    engine.put("1")

    assert [] == read(engine)
    assert [] == read(engine, "never")


def test_weights_of_some(engine: Engine) -> None:
    engine.call("tenant", "b", 5)

    assert [b"", [b"a", 1, 0], [b"b", 5, 0]] == engine.call("tenants", "", "", 0, "a", "b")


def test_pages(engine: Engine) -> None:
    for n in range(7):
        engine.put(str(n), tenant=f"t{n}")
    seen, cursor = [], b""
    while True:
        cursor, *found = engine.call("tenants", "q", cursor, 3)
        seen += [each[0].decode() for each in found if each[0]]
        if not cursor:
            break

    assert [f"t{n}" for n in range(7)] == seen


def test_what_is_refused(engine: Engine) -> None:
    assert "queue" in refused(engine, "tenants", "", "", 10)
    assert "count" in refused(engine, "tenants", "q", "", 0)
    assert "arguments" in refused(engine, "tenants", "q", "", 1, "a")
