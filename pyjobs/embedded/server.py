"""The server of a folder, as its users and its guardian see it."""

from __future__ import annotations

import fcntl
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from pyjobs.embedded.folders import alias_of
from pyjobs.embedded.locks import PAUSE, held
from pyjobs.errors import EmbeddedServerError

PATIENCE: Final = 10.0
"""Seconds in which a server has to answer or to end."""


@dataclass(frozen=True)
class EmbeddedServer:
    """The server of one folder, whether it runs or not."""

    folder: Path

    @property
    def socket(self) -> Path:
        """The unix socket, by a path that is short enough to connect to."""
        return (alias_of(self.folder) or self.folder) / "valkey.sock"

    @property
    def url(self) -> str:
        """The address for a client, `unix:///...`."""
        return f"unix://{quote(str(self.socket))}"

    @property
    def log(self) -> Path:
        """What the server and its guardian wrote."""
        return self.folder / "valkey.log"

    @property
    def pid(self) -> int | None:
        """The process id that the server answers; None when it does not answer."""
        pid = self.info().get("process_id")
        return None if pid is None else int(pid)

    @property
    def running(self) -> bool:
        """Whether the server's process exists."""
        return held(self.folder / "server.lock", fcntl.LOCK_SH)

    def answers(self) -> bool:
        """Tell whether it takes commands; waits while it reads its data, however long that is."""
        with self._connection() as connection:
            while (answer := _ping(connection)) is None:
                time.sleep(PAUSE)
            return answer

    def info(self) -> dict[str, Any]:
        """Ask for INFO; empty when the server does not answer."""
        with self._connection() as connection, suppress(redis.RedisError, OSError):
            return dict(connection.info())
        return {}

    def shut_down(self) -> None:
        """Ask the server to write its data and to end, and wait until it has ended.

        Raises:
            EmbeddedServerError: it refuses, or has not ended within 10 s.
        """
        deadline = time.monotonic() + PATIENCE
        with self._connection() as connection:
            try:
                connection.shutdown()
            except redis.RedisError as error:  # not a ConnectionError: that is how it should end
                raise self.failure(f"does not stop ({error})") from error
        while self.running:
            if time.monotonic() > deadline:
                raise self.failure("does not stop")
            time.sleep(PAUSE)

    def failure(self, what: str) -> EmbeddedServerError:
        """Build the error that says what happened, and shows the end of the log."""
        try:
            lines = self.log.read_text(errors="replace")[-4096:].splitlines()[-8:]
        except OSError as error:
            lines = [f"(it cannot be read: {error.strerror})"]
        text = "\n  ".join(lines or ["(it is empty)"])
        return EmbeddedServerError(
            f"the embedded server in {self.folder} {what}; its log {self.log} ends with:\n  {text}"
        )

    def _connection(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket),
            socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )


def _ping(connection: redis.Redis) -> bool | None:
    """Tell whether the server answers; None: it does, but is still reading its data."""
    try:
        return bool(connection.ping())
    except redis.BusyLoadingError:
        return None
    except redis.ResponseError:
        return True  # it is busy with a long call
    except (redis.RedisError, OSError):
        return False
