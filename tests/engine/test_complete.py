"""complete: the holder's work on a job is done, for good or in this queue."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused


def test_a_job_is_put_popped_and_completed(engine: Engine) -> None:
    assert "created" == engine.put("a", now=0)
    (lease,) = engine.pop(now=1)
    assert "complete" == engine.complete(lease, now=2)

    assert "complete" == engine.state("a", now=3)
    assert ["put", "popped", "done"] == engine.history("a")
    assert {"complete": 1} == engine.counts()


def test_a_repeated_complete_is_answered_as_the_first(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop(now=1)
    assert "waiting" == engine.complete(lease, "next", now=2)
    (second,) = engine.pop("next", now=3)

    assert "waiting" == engine.complete(lease, "next", now=4)
    assert "complete" == engine.complete(second, now=5)
    assert "complete" == engine.complete(second, now=6)


def test_a_lease_that_was_taken_away_completes_nothing(engine: Engine) -> None:
    engine.put("a")
    (lost,) = engine.pop(now=0, lease=1000)
    (held,) = engine.pop(now=1000, worker="other")
    with pytest.raises(Refused, match="LEASELOST expired"):
        engine.complete(lost, now=1001)

    assert "complete" == engine.complete(held, now=1002)
