"""What a user's own conftest.py would hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pyjobs import testing
from pyjobs.testing.plugin import immediate_jobs, jobs
from tests.testing import app

__all__ = ["immediate_jobs", "jobs"]


@pytest.fixture(scope="session")
def jobs_server(server: Any) -> str:
    """Give the address of the server of this run; a user's tests have one of their own."""
    url: str = server.url
    return url


@pytest.fixture(autouse=True)
def _nothing_sent() -> Iterator[None]:
    app.sent.clear()
    yield
    app.sent.clear()


@pytest.fixture(autouse=True)
def _nothing_left(server: Any) -> Iterator[None]:
    """See to it that no test leaves a key in the server."""
    yield
    assert [] == list(server.admin.scan_iter("{*"))


@pytest.fixture
def mail(jobs: testing.Workbench) -> testing.Workbench:
    """Give a workbench in which the application works."""
    jobs.adopt(app.client)
    jobs.adopt(app.aio)
    return jobs
