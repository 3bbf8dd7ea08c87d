"""The two executors: what a plan asks for is sent over held connections, sync and async.

Connections are made from the user's own pool settings, but with redis-py's repeats switched off:
one call of ours is sent once, and `pyjobs/engine.py` decides about repeats.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Generator
from contextlib import closing
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from pyjobs.calls import Call
from pyjobs.engine import LEAVES, Broken, Engine, Pause, Refused, Send

T = TypeVar("T")

Work = Generator[Any, Any, T]
"""A plan: yields Calls, Sends and Pauses, is sent their answers, returns a result."""

FAILURES = (RedisConnectionError, RedisTimeoutError, InvalidResponse, OSError)
UNUSABLE = (AuthenticationError, BusyLoadingError, ReadOnlyError)
"""Refusals after which the next call had better connect anew, perhaps to another server."""


def _settings(pool: Any, retry: Any) -> dict[str, Any]:
    settings = dict(pool.connection_kwargs)
    settings["retry"] = retry
    settings.pop("retry_on_error", None)
    settings.pop("retry_on_timeout", None)
    settings["decode_responses"] = False
    settings.setdefault("health_check_interval", 0)
    return settings


# redis-py takes these words off the message; newer versions keep them as `status_code`.
_WORDS: dict[type[Exception], str] = {
    OutOfMemoryError: "OOM",
    ReadOnlyError: "READONLY",
    NoScriptError: "NOSCRIPT",
    NoPermissionError: "NOPERM",
    BusyLoadingError: "LOADING",
    AuthenticationError: "WRONGPASS",
}


def _refused(error: Exception) -> Refused:
    """The server's error with its first word."""
    word = getattr(error, "status_code", None) or _WORDS.get(type(error), "")
    message = str(error)
    if word in {"", "ERR"} or message.startswith(word):
        return Refused(message)
    return Refused(f"{word} {message}")


def _plain(answer: Any) -> Any:
    """Errors inside an answer, at any depth, as values of ours."""
    if isinstance(answer, list):
        if not LEAVES.issuperset(map(type, answer)):
            for at, item in enumerate(answer):
                if isinstance(item, (list, Exception)):
                    answer[at] = _plain(item)
    elif isinstance(answer, Exception):
        return _refused(answer)
    return answer


def _flatten(engine: Engine, work: Call[T] | Work[T], patient: bool = True) -> Work[T]:
    """One generator of Sends and Pauses for a call or a plan of several."""
    if isinstance(work, Call):
        return engine.talk(work, patient)
    return _flattened(engine, work, patient)


def _flattened(engine: Engine, work: Work[T], patient: bool) -> Work[T]:
    answer: Any = None
    error: BaseException | None = None
    with closing(work):
        while True:
            try:
                wish = work.throw(error) if error is not None else work.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            answer, error = None, None
            if isinstance(wish, Call):
                try:
                    answer = yield from engine.talk(wish, patient)
                except Exception as failure:  # noqa: BLE001 - it is the plan's to handle or let go
                    error = failure
            else:
                answer = yield wish


def _limit(connection: Any, timeout: float | None) -> None:
    """Let the answer take so long; None: as long as the user's settings say."""
    timeout = connection.socket_timeout if timeout is None else timeout
    socket = connection._sock  # noqa: SLF001 - reading takes no timeout in older versions
    if socket.gettimeout() != timeout:
        socket.settimeout(timeout)


def _packed(args: tuple[Any, ...]) -> tuple[bytes]:
    """Pack a command; names that are no valid UTF-8 go back as the bytes that they came as."""
    try:
        return (pack_command(args),)
    except UnicodeEncodeError:
        texts: list[Any] = [
            part.encode(errors="surrogateescape") if isinstance(part, str) else part
            for part in args
        ]
        return (pack_command(tuple(texts)),)


class Connections:
    """Runs calls and plans over connections like those of a `redis.Redis`.

    `within`: seconds that an answer, and to connect, may take if the user's settings do not say; a
    call whose connection breaks is then not sent again either, as its sender has other duties.
    None: no limit, and calls are repeated.
    """

    def __init__(self, server: redis.Redis, engine: Engine, within: float | None = None) -> None:
        self._pool = server.connection_pool
        self._settings = _settings(self._pool, redis.retry.Retry(NoBackoff(), 0))
        self._patient = within is None
        if within is not None:
            for name in ("socket_timeout", "socket_connect_timeout"):
                self._settings[name] = self._settings.get(name) or within
        self._engine = engine
        self._free: deque[Any] = deque()
        self._process = os.getpid()

    def run(self, work: Call[T] | Work[T], timeout: float | None = None) -> T:
        """Carry a call or a plan out; an answer may take `timeout` seconds, if not said otherwise.

        None: as long as the user's settings say.
        """
        answer: Any = None
        # Closed at once when it is broken off, not when it is collected: it may have to note that.
        with closing(_flatten(self._engine, work, self._patient)) as flat:
            while True:
                try:
                    wish = flat.send(answer)
                except StopIteration as end:
                    return end.value  # type: ignore[no-any-return]
                if isinstance(wish, Pause):
                    time.sleep(wish.seconds)
                    answer = None
                else:
                    answer = self._exchange(wish, timeout)

    def line(self) -> Line:
        """Return a connection of its own, for a command whose answer is waited for elsewhere."""
        return Line(self._pool.connection_class(**self._settings))

    def _take(self) -> Any:
        if self._process != os.getpid():
            self._free, self._process = deque(), os.getpid()
        try:
            return self._free.pop()
        except IndexError:
            return self._pool.connection_class(**self._settings)

    def _exchange(self, send: Send, timeout: float | None = None) -> Any:
        connection = self._take()
        sent = False
        try:
            connection.connect()
            packed = _packed(send.args)
            sent = True
            connection.send_packed_command(packed, check_health=False)
            if send.meanwhile is not None:
                send.meanwhile()
            _limit(connection, timeout if send.timeout is None else send.timeout)
            answer = connection.read_response(disable_decoding=True)
        except UNUSABLE as error:
            connection.disconnect()
            return _refused(error)
        except ResponseError as error:
            self._free.append(connection)
            return _refused(error)
        except FAILURES as error:
            connection.disconnect()
            self.close()  # what broke this one is likely to have broken the others
            return Broken(sent, str(error))
        except BaseException:
            connection.disconnect()
            raise
        self._free.append(connection)
        return _plain(answer)

    def close(self) -> None:
        """Close the connections that are held."""
        while True:
            try:
                connection = self._free.pop()
            except IndexError:
                return
            connection.disconnect()


class Line:
    """A connection on which a command is under way while its sender does something else."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def send(self, *args: Any) -> bool:
        """Send a command; tells whether that went well."""
        try:
            self._connection.connect()
            self._connection.send_packed_command(_packed(args), check_health=False)
        except (*FAILURES, ResponseError):
            self.close()
            return False
        return True

    def fileno(self) -> int:
        """Return the descriptor that can be read when the answer comes."""
        number: int = self._connection._sock.fileno()  # noqa: SLF001 - there is no other way to it
        return number

    def answer(self, timeout: float = 1.0) -> Any:
        """Read the answer, which is about to come: its value, Refused or Broken."""
        try:
            _limit(self._connection, timeout)
            return _plain(self._connection.read_response(disable_decoding=True))
        except ResponseError as error:
            return _refused(error)
        except FAILURES as error:
            self.close()
            return Broken(True, str(error))

    def close(self) -> None:
        """Close it, whatever is under way; the next command opens it again."""
        self._connection.disconnect()


class AsyncConnections:
    """Runs calls and plans over connections like those of a `redis.asyncio.Redis`."""

    def __init__(self, server: redis.asyncio.Redis, engine: Engine) -> None:
        self._pool = server.connection_pool
        self._settings = _settings(self._pool, redis.asyncio.retry.Retry(NoBackoff(), 0))
        self._engine = engine
        self._loops: WeakKeyDictionary[Any, deque[Any]] = WeakKeyDictionary()
        self._process = os.getpid()

    async def run(self, work: Call[T] | Work[T]) -> T:
        """Carry a call or a plan out."""
        answer: Any = None
        with closing(_flatten(self._engine, work)) as flat:
            while True:
                try:
                    wish = flat.send(answer)
                except StopIteration as end:
                    return end.value  # type: ignore[no-any-return]
                if isinstance(wish, Pause):
                    await asyncio.sleep(wish.seconds)
                    answer = None
                else:
                    answer = await self._exchange(wish)

    @property
    def _free(self) -> deque[Any]:
        """The connections of the event loop that runs: they work in no other."""
        if self._process != os.getpid():
            self._loops, self._process = WeakKeyDictionary(), os.getpid()
        return self._loops.setdefault(asyncio.get_running_loop(), deque())

    async def _exchange(self, send: Send) -> Any:
        free = self._free
        connection = free.pop() if free else self._pool.connection_class(**self._settings)
        sent = False
        try:
            await connection.connect()
            packed = _packed(send.args)
            sent = True
            await connection.send_packed_command(packed, check_health=False)
            if send.meanwhile is not None:
                send.meanwhile()
            answer = await connection.read_response(disable_decoding=True, timeout=send.timeout)
        except UNUSABLE as error:
            await connection.disconnect(nowait=True)
            return _refused(error)
        except ResponseError as error:
            free.append(connection)
            return _refused(error)
        except FAILURES as error:
            await connection.disconnect(nowait=True)
            while free:
                await free.pop().disconnect(nowait=True)
            return Broken(sent, str(error))
        except BaseException:
            # A cancelled task must not leave its answer to be read by the next call.
            await connection.disconnect(nowait=True)
            raise
        free.append(connection)
        return _plain(answer)

    async def close(self) -> None:
        """Close the connections that are held."""
        free = self._free
        while free:
            await free.pop().disconnect()
