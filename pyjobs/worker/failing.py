"""What is kept of an exception: its group and its traceback."""

from __future__ import annotations

import traceback

GROUP = 255
"""Bytes of a failure group: `NAME` in `lua/rules/limits.lua`."""

MESSAGE = 16_384
"""Bytes of a failure's message: `TEXT` in `lua/rules/limits.lua`."""

_OURS = ("pyjobs.worker.", "pyjobs.tasks.")

_CUT = b"\n[...]\n"


def group_of(queue: str, error: BaseException) -> str:
    """Return `<queue>-<ExceptionName>`; if that is too long, with less of the queue's name."""
    name = f"-{type(error).__name__}".encode(errors="replace")[:GROUP]
    start = queue.encode(errors="surrogateescape")[: GROUP - len(name)]
    return (start + name).decode(errors="ignore")


NAMES = 50
"""Names of an exception's classes: `NAMES` in `lua/rules/limits.lua`."""


def names_of(error: BaseException) -> list[str]:
    """Return the names of an exception's classes, its own first, and then those with modules."""
    kinds = type(error).__mro__
    names = [
        *(kind.__name__ for kind in kinds),
        *(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds),
    ]
    return [name.encode(errors="replace")[:GROUP].decode(errors="ignore") for name in names[:NAMES]]


def message_of(error: BaseException) -> str:
    """Return the traceback from the job's own code on, without its middle if it is too long."""
    trace = error.__traceback__
    while trace is not None and _is_ours(trace.tb_frame.f_globals.get("__name__")):
        trace = trace.tb_next
    try:
        text = "".join(traceback.format_exception(type(error), error, trace))
    except Exception as failure:  # noqa: BLE001 - an exception's own text may fail in any way
        text = f"{type(error).__name__} (its text cannot be had: {type(failure).__name__})"
    packed = text.encode(errors="backslashreplace")
    if len(packed) > MESSAGE:
        half = (MESSAGE - len(_CUT)) // 2
        packed = packed[:half] + _CUT + packed[-half:]
    return packed.decode(errors="ignore")


def _is_ours(module: object) -> bool:
    return isinstance(module, str) and module.startswith(_OURS)
