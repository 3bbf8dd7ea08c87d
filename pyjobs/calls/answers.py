"""What reads the answers of several commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pyjobs.record import text
from pyjobs.snapshot import Snapshot, read_found

T = TypeVar("T")


def word(answer: bytes) -> str:
    """Return a word of the engine."""
    return answer.decode()


def same(answer: T) -> T:
    """Return what needs no reading."""
    return answer


def texts(answer: Sequence[bytes]) -> list[str]:
    """Return texts, whatever bytes they are made of."""
    return [text(item) for item in answer]


def page(answer: Sequence[bytes]) -> tuple[str, list[str]]:
    """Return the cursor of the next page, and what is on this one."""
    return text(answer[0]), texts(answer[1:])


def counted_page(answer: Sequence[Any]) -> tuple[str, int, list[str]]:
    """As `page`, with how many there are in all."""
    return text(answer[0]), answer[1], texts(answer[2:])


def sizes(answer: Sequence[Any]) -> dict[str, int]:
    """Return numbers by name."""
    return {text(answer[at]): int(answer[at + 1]) for at in range(0, len(answer), 2)}


def snapshots(answer: Sequence[Any]) -> list[Snapshot | None]:
    """Return jobs as they are stored; None for an unknown one."""
    return [read_found(item) for item in answer]
