"""How a call reaches the engine: delivery of the Lua library, bounded repeats, errors.

Everything here is without I/O: `talk` is a generator that says what to send, is told what came of
it, and returns the call's answer. `pyjobs/connections.py` drives it, sync and async.

Every command of the engine may be repeated after a cut connection (it is known by a jid, a token or
a request number), so a call whose answer got lost is sent again, a bounded number of times.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from pyjobs import errors
from pyjobs.calls import Call
from pyjobs.library import Library, library

T = TypeVar("T")

LEAVES = frozenset((bytes, int, type(None)))
"""Types of what holds neither an error nor anything else: an answer may be hundreds of them."""

PAUSES = (0.02, 0.1, 0.5, 1.0)
"""Seconds to wait before each repeat."""


@dataclass(frozen=True, slots=True)
class Send:
    """A command for the server; `timeout` is how long its answer may take beyond the usual.

    `meanwhile` is called once it is on its way.
    """

    args: tuple[Any, ...]
    timeout: float | None = None
    meanwhile: Callable[[], object] | None = None


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

OLDEST = {"valkey": (7, 2), "redis": (7, 0)}
"""The oldest versions of servers that will do."""

_FLOOR = "Redis 7.0, Valkey 7.2, or newer"

_MISSING = ("Function not found", "NOSCRIPT")
_PASSING = ("LOADING", "MASTERDOWN", "BUSY", "TRYAGAIN", "CLUSTERDOWN")
# Of a command that is sent, not of one that the engine uses.
_FORBIDDEN = re.compile(r"NOPERM .*'(fcall|fcall_ro|function\|load)'")

# What keeps a server from loading functions for a while, but not from running scripts.
_PUTS_OFF = {"puts": (), "drains": ("OOM",), "reads": ("OOM", "READONLY")}

# A right that is missing inside the engine, as newer and older servers say it.
_DENIED = ("ACL failure", "The user executing the script can't")

_DELIVERIES = 5  # of one call: somebody may drop again what was just loaded
_DETOUR = 1000  # calls that go as scripts before functions are tried again


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
        self._detour = math.inf if delivery == "scripts" else 0

    def key(self, name: str) -> str:
        """Return a key of the namespace."""
        return self.root + name

    @property
    def _functions(self) -> bool:
        return not self._detour

    def talk(self, call: Call[T], patient: bool = True) -> Talk[T]:
        """Send a call, and again if need be; returns its answer.

        Not `patient`: a connection that breaks is the caller's to bear.
        """
        args, sent = call.args, False
        mark = f"/{secrets.token_hex(8)}" if call.marked else ""
        self._detour = max(self._detour - 1, 0)
        for pause in (*PAUSES, None):
            answer = yield from self._delivered(call, mark, args)
            if isinstance(answer, Broken):
                if answer.sent:
                    sent = True
                    if call.repeat_at is not None:
                        args = [*call.args]
                        args[call.repeat_at] = 1
                if pause is None or not patient:
                    _give_up(call, sent, answer.message, len(PAUSES) + 1 if patient else 1)
            elif not isinstance(answer, Refused):
                return call.read(_exceptions(answer, call, self.library))
            elif pause is None or not answer.message.startswith(_PASSING):
                raise _settled(refusal(answer.message, call, self.library), call, sent)
            yield Pause(pause)
        raise AssertionError  # the last round returns or raises

    def _delivered(self, call: Call[Any], mark: str, args: list[Any]) -> Talk[Any]:
        """Send a call, and before that what the server lacks; returns what came of it."""
        answer = yield Send((*self._head(call, mark), *args), meanwhile=call.meanwhile)
        for _ in range(_DELIVERIES):
            if not isinstance(answer, Refused):
                break
            refused = yield from self._provide(call, answer)
            if refused is not None:
                return refused
            answer = yield Send((*self._head(call, mark), *args))
        return answer

    def _head(self, call: Call[Any], mark: str) -> tuple[Any, ...]:
        now = f"{'' if self.now is None else self.now()}{mark}"
        suffix = "_RO" if call.kind == "reads" else ""
        if self._functions:
            return "FCALL" + suffix, self.library.function(call.name), 1, self.root, now
        return "EVALSHA" + suffix, self.library.hashes[call.kind], 1, self.root, call.name, now

    def _provide(self, call: Call[Any], refused: Refused) -> Talk[Refused | None]:
        """Load what was missing, or take the other way; returns the refusal if it stands."""
        message = refused.message
        missing = message.startswith(_MISSING)
        if missing or _unknown(message):
            yield from self._refuse_old()
        if missing:
            return (yield from self._load(call))
        return None if self._takes_scripts(message, call) else refused

    def _load(self, call: Call[Any]) -> Talk[Refused | None]:
        if self._functions:
            answer = yield Send(("FUNCTION", "LOAD", self.library.code))
            if isinstance(answer, Refused) and "already exists" in answer.message:
                return None
        else:
            answer = yield Send(("SCRIPT", "LOAD", self.library.scripts[call.kind]))
        # When the connection broke, the call itself will tell.
        if not isinstance(answer, Refused) or self._takes_scripts(answer.message, call):
            return None
        return answer

    def _takes_scripts(self, message: str, call: Call[Any]) -> bool:
        """Whether functions are missing or forbidden and scripts take their place from now on.

        A full server and a replica load no functions either, for as long as they are that.
        """
        if not self._functions or self.delivery != "auto":
            return False
        if _unknown(message) or _FORBIDDEN.match(message):
            self._detour = math.inf
        elif message.startswith(_PUTS_OFF[call.kind]):
            self._detour = _DETOUR
        return not self._functions

    def _refuse_old(self) -> Talk[None]:
        answer = yield Send(("INFO", "server"))
        if isinstance(answer, Refused) and _unknown(answer.message):
            raise errors.ServerTooOld(f"pyjobs needs {_FLOOR}: the server answers {answer.message}")
        if not isinstance(answer, bytes):
            return  # not allowed, or cut off: the call itself will tell
        fields = dict(line.split(":", 1) for line in answer.decode().splitlines() if ":" in line)
        name = "valkey" if "valkey_version" in fields else "redis"
        version = fields.get(f"{name}_version", "")
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        if numbers and numbers < OLDEST[name]:
            raise errors.ServerTooOld(
                f"the server is {name.capitalize()} {version}; pyjobs needs {_FLOOR}"
            )


def _unknown(message: str) -> bool:
    return message.lower().startswith("unknown command")


def _exceptions(answer: Any, call: Call[Any], engine: Library) -> Any:
    """Turn errors inside a list of answers into exceptions of ours."""
    if not isinstance(answer, list) or LEAVES.issuperset(map(type, answer)):
        return answer
    jids = call.jids if len(call.jids) == len(answer) else ()
    for at, item in enumerate(answer):
        if isinstance(item, Refused):
            answer[at] = refusal(item.message, call, engine, jids[at] if jids else "")
        elif isinstance(item, list):
            _exceptions(item, call, engine)
    return answer


def _give_up(call: Call[Any], sent: bool, message: str, tries: int) -> NoReturn:
    times = "once" if tries == 1 else f"{tries} times"
    about = f" on job {', '.join(call.jids[:3])}" if call.jids else ""
    if sent and call.kind != "reads":
        raise errors.OutcomeUnknown(
            f"{call.name}{about}: the connection broke {times} ({message}). It may have been "
            "applied; repeating it with the same jid is safe",
            call.jids,
        )
    raise errors.ConnectionError(
        f"{call.name}{about}: the server cannot be reached, tried {times} ({message}). "
        "Nothing was applied"
    )


def _settled(error: errors.PyjobsError, call: Call[Any], sent: bool) -> errors.PyjobsError:
    """Return the error, or OutcomeUnknown when an earlier sending may have been applied.

    A refusal of the engine's own settles it: the engine knows a repeat.
    """
    if not sent or call.kind == "reads" or not isinstance(error, errors.ServerError):
        return error
    if isinstance(error, (errors.EngineBug, errors.FormatVersion)):
        return error
    return errors.OutcomeUnknown(
        f"{call.name}: the connection broke, and the call may have been applied; its repeat was "
        f"refused ({error}). Repeating it with the same jid is safe",
        call.jids,
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
    if word in {"LEASELOST", "FULL"}:
        why, _, text = text.partition(" ")
        described = f"{call.name}: {text}"
        lost = word == "LEASELOST"
        return errors.LeaseLost(described, jid, why) if lost else errors.QueueFull(described, why)
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
    if place and not message.startswith(_DENIED):
        return errors.EngineBug(f"{call.name}: error in the engine at {place}: {message}", place)
    return errors.ServerError(f"{call.name}: {message}")
