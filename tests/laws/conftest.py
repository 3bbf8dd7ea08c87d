"""Laws are shown on raw calls of the engine, as the tests of its commands are."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.engine.conftest import engine

__all__ = ["engine"]

# No deadline: a busy machine is no fault of the engine.
_EASY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)

settings.register_profile("laws", _EASY, max_examples=40, stateful_step_count=50, derandomize=True)
settings.register_profile("long", _EASY, max_examples=2000, stateful_step_count=100)
settings.load_profile("laws")
