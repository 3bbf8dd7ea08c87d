"""How a call reaches the engine: delivery of the Lua library, bounded repeats, errors.

Everything here is without I/O: `talk` is a generator that says what to send, is told what came of
it, and returns the call's answer. `pyjobs/connections.py` drives it, sync and async.

Every command of the engine may be repeated after a cut connection (it is known by a jid, a token or
a request number), so a call whose answer got lost is sent again, a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from pyjobs import errors
from pyjobs.calls import Call
from pyjobs.library import Library, library

T = TypeVar("T")

PAUSES = (0.02, 0.1, 0.5, 1.0)
"""Seconds to wait before each repeat."""


@dataclass(frozen=True, slots=True)
class Send:
    """A command for the server; `timeout` is how long its answer may take beyond the usual."""

    args: tuple[Any, ...]
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The server answered with an error."""

    message: str


@dataclass(frozen=True, slots=True)
class Broken:
    """No answer: the connection failed, before anything can have been sent or after."""

    sent: bool
    message: str


Talk = Generator[Send | Pause, Any, T]

_MISSING = ("Function not found", "NOSCRIPT")
_OLDEST = {"valkey": (7, 2), "redis": (7, 0)}


class Engine:
    """The engine of one namespace, as a client sees it.

    `delivery` is `functions`, `scripts` (EVALSHA), or `auto`: functions, unless the server has none
    or does not let this user load them.
    """

    def __init__(self, namespace: str, delivery: str = "auto", now: Any = None) -> None:
        self.root = f"{{{namespace}/0}}"
        self.library: Library = library()
        self.delivery = delivery
        self.now = now
        self._functions = delivery != "scripts"
        self._hashes: dict[str, bytes] = {}

    def key(self, name: str) -> str:
        """Return a key of the namespace."""
        return self.root + name

    def talk(self, call: Call[T]) -> Talk[T]:
        """Send a call, and again if need be; returns its answer."""
        args, sent = call.args, False
        for pause in (*PAUSES, None):
            answer = yield Send((*self._head(call), *args))
            if isinstance(answer, Refused) and answer.message.startswith(_MISSING[1]):
                answer = Refused(_MISSING[0])
            if isinstance(answer, Refused) and _MISSING[0] in answer.message:
                yield from self._deliver(call)
                answer = yield Send((*self._head(call), *args))
            elif isinstance(answer, Refused) and self._lacks_functions(answer.message):
                yield from self._fall_back(call)
                answer = yield Send((*self._head(call), *args))
            if isinstance(answer, Refused):
                raise refusal(answer.message, call, self.library)
            if not isinstance(answer, Broken):
                return call.read(_exceptions(answer, call, self.library))
            if answer.sent:
                sent = True
                if call.repeat_at is not None:
                    args = [*call.args]
                    args[call.repeat_at] = 1
            if pause is None:
                _give_up(call, sent, answer.message)
            yield Pause(pause)
        raise AssertionError  # the last round returns or raises

    def _head(self, call: Call[Any]) -> tuple[Any, ...]:
        now = "" if self.now is None else self.now()
        suffix = "_RO" if call.kind == "reads" else ""
        if self._functions:
            return "FCALL" + suffix, self.library.function(call.name), 1, self.root, now
        digest = self._hashes.get(call.kind, "0" * 40)
        return "EVALSHA" + suffix, digest, 1, self.root, call.name, now

    def _deliver(self, call: Call[Any]) -> Talk[None]:
        """Load what the call needs, after a look at the server's version."""
        yield from self._refuse_old()
        if self._functions:
            answer = yield Send(("FUNCTION", "LOAD", self.library.code))
            if isinstance(answer, Refused) and "already exists" not in answer.message:
                if self.delivery == "functions" or not self._lacks_functions(answer.message):
                    raise refusal(answer.message, call, self.library)
                yield from self._fall_back(call)
            return
        answer = yield Send(("SCRIPT", "LOAD", self.library.scripts[call.kind]))
        if isinstance(answer, Refused):
            raise refusal(answer.message, call, self.library)
        if not isinstance(answer, Broken):
            self._hashes[call.kind] = answer

    def _lacks_functions(self, message: str) -> bool:
        lacking = message.startswith("NOPERM") or "unknown command" in message.lower()
        return self._functions and self.delivery == "auto" and lacking

    def _fall_back(self, call: Call[Any]) -> Talk[None]:
        self._functions = False
        yield from self._deliver(call)

    def _refuse_old(self) -> Talk[None]:
        answer = yield Send(("INFO", "server"))
        if not isinstance(answer, bytes):
            return  # not allowed, or cut off: the call itself will tell
        fields = dict(line.split(":", 1) for line in answer.decode().splitlines() if ":" in line)
        name = "valkey" if "valkey_version" in fields else "redis"
        version = fields.get(f"{name}_version", "")
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        if numbers and numbers < _OLDEST[name]:
            floor = ".".join(map(str, _OLDEST[name]))
            raise errors.ServerTooOld(
                f"the server is {name.capitalize()} {version}; pyjobs needs {floor} or newer"
            )


def _exceptions(answer: Any, call: Call[Any], engine: Library) -> Any:
    """Turn errors inside a list of answers into exceptions of ours."""
    if not isinstance(answer, list):
        return answer
    jids = call.jids if len(call.jids) == len(answer) else ()
    return [
        refusal(item.message, call, engine, jids[at] if jids else "")
        if isinstance(item, Refused)
        else item
        for at, item in enumerate(answer)
    ]


def _give_up(call: Call[Any], sent: bool, message: str) -> NoReturn:
    tries = len(PAUSES) + 1
    about = f" on job {', '.join(call.jids[:3])}" if call.jids else ""
    if sent and call.kind != "reads":
        raise errors.OutcomeUnknown(
            f"{call.name}{about}: the connection broke {tries} times ({message}). It may have been "
            "applied; repeating it with the same jid is safe",
            call.jids,
        )
    raise errors.ConnectionError(
        f"{call.name}{about}: the server cannot be reached after {tries} tries ({message}). "
        "Nothing was applied"
    )


_SERVER = {
    "OOM": (errors.OutOfMemory, "the server's memory is full; nothing was applied"),
    "READONLY": (errors.ReadOnlyServer, "the server is a read-only replica; nothing was applied"),
    "LOADING": (errors.ServerLoading, "the server is loading its data; nothing was applied"),
    "MASTERDOWN": (errors.ServerLoading, "the replica has no primary; nothing was applied"),
}


def refusal(message: str, call: Call[Any], engine: Library, jid: str = "") -> errors.PyjobsError:
    """Turn the server's error into an exception; the first word decides."""
    word, _, text = message.partition(" ")
    jid = jid or (call.jids[0] if len(call.jids) == 1 else "")
    if word == "LEASELOST":
        reason, _, text = text.partition(" ")
        return errors.LeaseLost(f"{call.name}: {text}", jid, reason)
    kind = errors.WORDS.get(word)
    if kind is not None:
        described = f"{call.name}: {text}"
        if issubclass(kind, errors.JobError):
            return kind(described, jid)
        return kind(described)
    if word in _SERVER:
        known, described = _SERVER[word]
        return known(f"{call.name}: {described} ({message})")
    place = engine.place(message)
    if place:
        return errors.EngineBug(f"{call.name}: error in the engine at {place}: {message}", place)
    return errors.ServerError(f"{call.name}: {message}")
