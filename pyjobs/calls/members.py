"""Several calls in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyjobs.calls.call import Argument, Call


def _members(mode: str, calls: Sequence[Call[Any]]) -> list[Argument]:
    args: list[Argument] = [mode]
    for call in calls:
        args += [call.name, len(call.args), *call.args]
    return args


def _answers(calls: Sequence[Call[Any]]) -> Callable[[Sequence[Any]], list[Any]]:
    def read(answer: Sequence[Any]) -> list[Any]:
        return [
            item if isinstance(item, Exception) else call.read(item)
            for call, item in zip(calls, answer, strict=True)
        ]

    return read


def _jids(calls: Sequence[Call[Any]]) -> tuple[str, ...]:
    return tuple(jid for call in calls for jid in call.jids)


def _repeat_at(calls: Sequence[Call[Any]]) -> int | None:
    last = calls[-1]
    if last.repeat_at is None:
        return None
    before = sum(2 + len(call.args) for call in calls[:-1])
    return 1 + before + 2 + last.repeat_at


def _marked(calls: Sequence[Call[Any]]) -> bool:
    return any(call.marked for call in calls)


def step(calls: Sequence[Call[Any]], atomic: bool = True) -> Call[list[Any]]:
    """Put several calls into one; answers each one's answer, or the error of one that was refused.

    `atomic`: one refusal refuses them all.
    """
    args = _members("all" if atomic else "each", calls)
    return Call(
        "step", args, _answers(calls), "puts", _jids(calls), _repeat_at(calls), _marked(calls)
    )


def drain(calls: Sequence[Call[Any]], atomic: bool = False) -> Call[list[Any]]:
    """As step, for calls that put nothing; runs when memory is full."""
    args = _members("all" if atomic else "each", calls)
    return Call(
        "drain", args, _answers(calls), "drains", _jids(calls), _repeat_at(calls), _marked(calls)
    )
