"""A call of the engine: a name, arguments, how to read the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")

Argument = bytes | str | int

Kind = Literal["puts", "drains", "reads"]

DICE = 1_000_000
"""The `dice` of a retry is a number below this."""


@dataclass(slots=True)
class Call(Generic[T]):
    """One command with its arguments, ready to be sent.

    `kind` says how the server treats it: refused when memory is full (`puts`), runs then too
    (`drains`), writes nothing (`reads`). `jids` are the jobs it is about. `repeat_at` is the
    position of the argument that tells a repeat from a first sending, if the command has one.
    `marked`: nothing else tells a repeat, so the engine keeps the answer for a while under a mark.
    `meanwhile` is called while the server works; it raises nothing, and does no harm when it is
    called again with a repeat.
    """

    name: str
    args: list[Argument]
    read: Callable[[Any], T]
    kind: Kind = "drains"
    jids: tuple[str, ...] = ()
    repeat_at: int | None = None
    marked: bool = False
    meanwhile: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """What a holder shows: the queue, the job and the token of its lease."""

    queue: str
    jid: str
    token: bytes
