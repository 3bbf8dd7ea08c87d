"""Real processes: what a user types, and what comes back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from pyjobs import Client
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
