"""restore: jobs that were revoked run as any others."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused, refused

K = "jobs.Klass"


def test_a_klass_runs_again(engine: Engine) -> None:
    engine.put("a")
    engine.call("revoke", "klass", K)
    assert 1 == engine.call("restore", "klass", K)

    assert ["a"] == [lease.jid for lease in engine.pop()]
    assert 0 == engine.call("restore", "klass", K)


def test_only_that_one(engine: Engine) -> None:
    engine.call("revoke", "klass", K)
    engine.call("revoke", "klass", "other")
    engine.call("restore", "klass", "other")

    assert [K.encode(), 0, 0] == engine.call("revoked")


def test_one_whose_time_is_over_was_not_revoked_any_more(engine: Engine) -> None:
    engine.call("revoke", "klass", K, 1000)

    assert 0 == engine.call("restore", "klass", K, now=1000)


def test_a_job_runs_again(engine: Engine) -> None:
    engine.put("a")
    engine.call("revoke", "job", "a")
    assert [1, 0] == [engine.call("restore", "job", "a") for _ in range(2)]

    assert ["a"] == [lease.jid for lease in engine.pop()]


def test_a_klass_that_nobody_knows(engine: Engine) -> None:
    assert 0 == engine.call("restore", "klass", "nobody")


def test_a_job_that_was_ended_is_gone(engine: Engine) -> None:
    engine.put("a")
    engine.call("revoke", "job", "a")
    engine.pop()

    assert "NOJOB no job a" == refused(engine, "restore", "job", "a")


@pytest.mark.parametrize("args", [("queue", "q"), ("klass", ""), ("klass", K, 1), ("job",)])
def test_bad_calls_are_refused(engine: Engine, args: tuple[object, ...]) -> None:
    with pytest.raises(Refused) as error:
        engine.call("restore", *args)
    assert "INVALID" == error.value.word
