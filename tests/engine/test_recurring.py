"""recurring: templates as they are stored."""

from __future__ import annotations

from tests.engine.conftest import Engine, dump, refused
from tests.engine.templates import Template, known, look, recur


def test_a_template_is_shown_with_all_that_was_given(engine: Engine) -> None:
    payload = b"\x82\xa1a\xc4\x03\x00\x01\xff\xa1b\xcf\xff\xff\xff\xff\xff\xff\xff\xff"
    recur(
        engine,
        klass="jobs.Sweep",
        payload=payload,
        interval=86_400_000,
        offset=3_600_000,
        now=1_785_000_000_000,
        priority=1 - 2**53,
        retries=2,
        tags=["tidy", "daily"],
        lease=0,
        backlog=3,
        run_within=9,
        context=b"\xff",
    )

    assert look(engine) == Template(
        queue="q",
        jid="t",
        klass="jobs.Sweep",
        payload=payload,
        interval=86_400_000,
        due=1_785_003_600_000,
        count=0,
        backlog=3,
        priority=1 - 2**53,
        retries=2,
        tags=["tidy", "daily"],
        lease=0,
        paused=False,
        options={"run_within": 9, "context": b"\xff"},
    )


def test_what_was_not_given_is_shown_with_its_default(engine: Engine) -> None:
    recur(engine, klass="")
    found = known(engine)

    assert ("", 0, 0, 5, [], None, False) == (
        found.klass,
        found.backlog,
        found.priority,
        found.retries,
        found.tags,
        found.lease,
        found.paused,
    )


def test_children_are_counted(engine: Engine) -> None:
    recur(engine, interval=10)
    engine.ticks(now=35)

    assert (4, 40) == (known(engine).count, known(engine).due)


def test_several_are_answered_in_order_and_unknown_ones_with_nothing(engine: Engine) -> None:
    recur(engine, "b")
    recur(engine, "a")
    engine.put("job")
    answer = engine.call("recurring", "a", "none", "job", "b")

    assert [b"a", None, None, b"b"] == [one and one[1] for one in answer]


def test_looking_changes_nothing(engine: Engine) -> None:
    recur(engine)
    before = dump(engine)
    look(engine, now=100_000)
    engine.call("jobs", "q", "recurring", "", 10, now=100_000)
    engine.counts(now=100_000)

    assert before == dump(engine)


def test_templates_are_listed_by_their_next_slot(engine: Engine) -> None:
    recur(engine, "later", offset=500)
    recur(engine, "sooner", offset=100)

    assert [b"", b"sooner", b"later"] == engine.call("jobs", "q", "recurring", "", 10)


def test_an_empty_jid_and_too_many_jids_are_refused(engine: Engine) -> None:
    assert refused(engine, "recurring", "").startswith("INVALID jid: ")
    assert refused(engine, "recurring", *map(str, range(101))).startswith("INVALID arguments: ")
