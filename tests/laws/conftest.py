"""Laws are shown on raw calls of the engine, as the tests of its commands are.

Each ends with the engine's own check of the data, unless it keeps what is broken.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.conftest import Server
from tests.engine.conftest import Engine, engine

__all__ = ["engine"]

# No deadline: a busy machine is no fault of the engine.
_EASY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)

settings.register_profile("laws", _EASY, max_examples=40, stateful_step_count=50, derandomize=True)
settings.register_profile("long", _EASY, max_examples=2000, stateful_step_count=100)
settings.load_profile("laws")


@pytest.fixture(autouse=True)
def _sound(
    server: Server, namespace: str, delivery: str, request: pytest.FixtureRequest
) -> Iterator[None]:
    yield
    if not request.node.get_closest_marker("keeps"):
        assert [] == Engine(server.admin, namespace, delivery).check()
