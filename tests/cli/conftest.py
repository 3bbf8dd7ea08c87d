"""Real processes: what a user types, and what comes back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from pyjobs import Client
from tests.cli.terminal import Terminal
from tests.client.servers import OwnServer
from tests.conftest import Server


class Run(Protocol):
    """Runs `pyjobs` with arguments; further ones go to `subprocess.run`."""

    def __call__(self, *args: object, **options: Any) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A newcomer's: an empty home, nothing set."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}}
    home = tmp_path / "home"
    home.mkdir()
    return {**kept, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def command() -> list[str]:
    return [sys.executable, "-W", "error", "-m", "pyjobs"]


@pytest.fixture
def pyjobs(environment: dict[str, str], command: list[str], tmp_path: Path) -> Run:
    def run(*args: object, **options: Any) -> subprocess.CompletedProcess[str]:
        given: dict[str, Any] = {"env": environment, "cwd": tmp_path, "timeout": 50, **options}
        done = subprocess.run(
            [*command, *map(str, args)],
            capture_output=True,
            text=True,
            check=False,
            **given,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def client(server: Server, namespace: str) -> Iterator[Client]:
    with Client(server.url, namespace=namespace) as client:
        yield client


@pytest.fixture
def at(server: Server, namespace: str, environment: dict[str, str]) -> None:
    """The server and the namespace, as the environment says them."""
    environment.update(PYJOBS_URL=server.url, PYJOBS_NAMESPACE=namespace)


@pytest.fixture
def terminal(
    command: list[str], environment: dict[str, str], at: None
) -> Iterator[Callable[..., Terminal]]:
    """Give a function that runs `pyjobs` on a terminal."""
    with ExitStack() as stack:

        def start(*args: object, **options: Any) -> Terminal:
            made = Terminal([*command, *map(str, args)], environment, **options)
            return stack.enter_context(made)

        yield start


@pytest.fixture
def durable(
    pytestconfig: pytest.Config, environment: dict[str, str], at: None
) -> Iterator[OwnServer]:
    """A server of the test's own that keeps its data over a restart, as the environment says it."""
    with OwnServer(pytestconfig.option.redis_exec, "--appendonly", "yes") as own:
        environment.update(PYJOBS_URL=own.url)
        yield own
