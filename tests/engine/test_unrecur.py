"""unrecur: ends a recurring job; its children stay."""

from __future__ import annotations

from tests.engine.conftest import Engine, refused
from tests.engine.templates import keys_of, look, moments, recur, update


def unrecur(engine: Engine, jid: str = "t", now: int = 0) -> int:
    answer: int = engine.call("unrecur", jid, now=now)
    return answer


def test_a_template_ends_and_its_children_stay(engine: Engine) -> None:
    recur(engine, interval=100)
    assert [0, 100] == moments(engine, now=150)
    assert 1 == unrecur(engine, now=150)

    assert look(engine) is None
    assert [0, 100] == moments(engine, now=5000)


def test_nothing_of_a_template_remains(engine: Engine) -> None:
    recur(engine, payload=bytes(10_000), tags=["a"], nonce="1")
    assert ["recurring:1", "template:t"] == keys_of(engine)
    unrecur(engine)

    assert [] == keys_of(engine)
    engine.tick(now=1_000_000)
    assert not engine.server.exists(engine.root + "recurring:1", engine.root + "tag:a")
    assert [] == [m for m in engine.server.zrange(engine.root + "clock", 0, -1) if m[:1] == b"r"]


def test_a_paused_template_ends_without_a_trace(engine: Engine) -> None:
    recur(engine)
    update(engine, paused=True)
    unrecur(engine)

    assert [] == keys_of(engine)


def test_a_template_that_was_moved_ends_in_its_new_queue(engine: Engine) -> None:
    recur(engine)
    update(engine, queue="other")
    unrecur(engine)

    assert [] == keys_of(engine)


def test_a_repeated_unrecur_changes_nothing_and_says_so(engine: Engine) -> None:
    recur(engine)

    assert [1, 0] == [unrecur(engine), unrecur(engine)]
    assert 0 == unrecur(engine, "never was")


def test_the_other_templates_of_the_queue_go_on(engine: Engine) -> None:
    recur(engine, interval=100)
    recur(engine, "u", interval=100, offset=7)
    unrecur(engine)

    assert [7, 107] == moments(engine, now=150)


def test_the_jid_is_free_again(engine: Engine) -> None:
    recur(engine)
    unrecur(engine)

    assert "created" == engine.put("t")


def test_a_template_of_an_ended_ones_jid_counts_anew(engine: Engine) -> None:
    recur(engine)
    engine.ticks(now=0)
    unrecur(engine)
    assert "created" == recur(engine)

    assert look(engine).count == 0  # type: ignore[union-attr]


def test_a_job_is_no_template(engine: Engine) -> None:
    engine.put("t")
    assert 0 == unrecur(engine)

    assert "waiting" == engine.state("t")


def test_the_end_is_published_once(engine: Engine) -> None:
    recur(engine)
    unrecur(engine)
    unrecur(engine)

    assert [("recur", "t", "created"), ("unrecur", "t", "")] == engine.events()


def test_an_empty_jid_is_refused(engine: Engine) -> None:
    assert refused(engine, "unrecur", "").startswith("INVALID jid: ")
