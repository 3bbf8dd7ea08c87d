"""Laws are shown on raw calls of the engine, as the tests of its commands are."""

from __future__ import annotations

from tests.engine.conftest import engine

__all__ = ["engine"]
