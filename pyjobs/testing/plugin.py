"""Fixtures for pytest: `jobs`, a workbench, and `immediate_jobs`, whose jobs run when they are put.

Loaded where a conftest.py says `pytest_plugins = ["pyjobs.testing.plugin"]`, and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pyjobs.testing.bench import Workbench
from pyjobs.testing.server import throwaway_server


@pytest.fixture(scope="session")
def jobs_server() -> Iterator[str]:
    """Give the address of the tests' server: `$PYJOBS_TEST_URL`, else a throwaway one."""
    url = os.environ.get("PYJOBS_TEST_URL")
    if url:
        yield url
        return
    with throwaway_server() as url:
        yield url


@pytest.fixture
def jobs(jobs_server: str) -> Iterator[Workbench]:
    """Give a workbench of the test's own."""
    with Workbench(jobs_server) as bench:
        yield bench


@pytest.fixture
def immediate_jobs(jobs_server: str) -> Iterator[Workbench]:
    """Give a workbench whose jobs run when they are put."""
    with Workbench(jobs_server, immediate=True) as bench:
        yield bench
