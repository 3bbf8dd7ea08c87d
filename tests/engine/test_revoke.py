"""revoke: jobs are not to run, one or all of a klass; a pop that comes to one ends it."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused, refused

K = "jobs.Klass"


def test_no_job_of_a_revoked_klass_runs(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", klass="other")
    assert b"revoked" == engine.call("revoke", "klass", K)
    engine.put("c")

    assert ["b"] == [lease.jid for lease in engine.pop(count=5)]
    assert ["cancelled", "cancelled"] == [engine.state("a"), engine.state("c")]
    assert [] == engine.pop()


def test_until_its_time_is_over(engine: Engine) -> None:
    engine.put("a")
    engine.call("revoke", "klass", K, 1000)

    assert [] == engine.pop(now=999)
    engine.put("b", now=999)
    assert ["b"] == [lease.jid for lease in engine.pop(now=1000)]


def test_once_the_first_job_that_a_pop_comes_to(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid)
    engine.call("revoke", "klass", K, "", 1)

    assert ["b", "c"] == [lease.jid for lease in engine.pop(count=5)]
    assert "cancelled" == engine.state("a")
    assert [] == engine.call("revoked")


def test_the_last_call_counts(engine: Engine) -> None:
    engine.call("revoke", "klass", K, 1000, 1)
    engine.call("revoke", "klass", K)

    assert [K.encode(), 0, 0] == engine.call("revoked")


def test_what_runs_is_left_alone(engine: Engine) -> None:
    engine.put("a")
    (held,) = engine.pop()
    engine.call("revoke", "klass", K)

    assert "complete" == engine.complete(held)


def test_a_job_that_others_wait_for_fails_instead(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", klass="other", depends=["a"])
    engine.call("revoke", "klass", K)

    assert [] == engine.pop()
    assert ("failed", "depends") == (engine.state("a"), engine.state("b"))
    assert [b"", b"revoked-q", 1] == engine.call("groups", "", 10)


def test_one_job_is_revoked(engine: Engine) -> None:
    engine.put("a")
    engine.put("b")
    engine.call("revoke", "job", "a")

    assert ["b"] == [lease.jid for lease in engine.pop(count=5)]
    assert "cancelled" == engine.state("a")


def test_it_stays_revoked_wherever_it_goes(engine: Engine) -> None:
    engine.put("a", delay=100)
    engine.call("revoke", "job", "a")
    engine.call("move", "a", "other", "")

    assert [] == engine.pop("q", "other", now=500)
    assert "cancelled" == engine.state("a")


def test_put_again_it_stays_revoked_until_it_was_ended(engine: Engine) -> None:
    engine.put("a")
    engine.call("revoke", "job", "a")
    engine.put("a", now=1)
    assert [] == engine.pop(now=2)

    engine.put("a", now=3)
    assert ["a"] == [lease.jid for lease in engine.pop(now=4)]


def test_the_event_says_why(engine: Engine) -> None:
    engine.put("a")
    engine.call("revoke", "klass", K)
    engine.pop()

    assert ("cancelled", "a", "revoked") == engine.events()[-1]


def test_a_pop_goes_past_a_bounded_number_of_them_and_asks_to_be_repeated(engine: Engine) -> None:
    for number in range(50):
        engine.put(f"a{number}")
    engine.put("b", klass="other")
    engine.call("revoke", "klass", K)

    answer = engine.call("pop", "w", "r1", 0, 1, "", 0, "ordered", 0, "q")
    assert [0] == answer
    assert ["b"] == [lease.jid for lease in engine.pop()]


@pytest.mark.parametrize("state", ["running", "complete", "failed"])
def test_a_job_that_runs_or_has_ended_is_refused(engine: Engine, state: str) -> None:
    engine.put("a")
    (held,) = engine.pop()
    if state == "complete":
        engine.complete(held)
    elif state == "failed":
        engine.call("fail", *held.key, "group", "", "")

    assert f"STATE revoke: job a is {state}" == refused(engine, "revoke", "job", "a")


@pytest.mark.parametrize(
    ("args", "word", "text"),
    [
        (("queue", "q"), "INVALID", "kind: unknown word queue"),
        (("klass", ""), "INVALID", "klass: must be a text that is not empty"),
        (("klass", K, -1), "INVALID", "until: "),
        (("klass", K, "soon"), "INVALID", "until: must be an integer"),
        (("klass", K, "", 2), "INVALID", "once: "),
        (("job", "a", 5), "INVALID", "arguments: 3 given"),
        (("job", "a"), "NOJOB", "no job a"),
    ],
)
def test_bad_calls_are_refused(
    engine: Engine, args: tuple[object, ...], word: str, text: str
) -> None:
    with pytest.raises(Refused, match=text) as error:
        engine.call("revoke", *args)
    assert word == error.value.word


def test_there_is_a_limit_to_revoked_klasses(engine: Engine) -> None:
    for number in range(100):
        engine.call("revoke", "klass", f"k{number}")

    text = refused(engine, "revoke", "klass", "one more")
    assert "INVALID klass: there are 100 revoked ones, the limit" == text
