"""Cron expressions of five fields: where one is wrong, and the library that reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pyjobs import options
from pyjobs.errors import InvalidArgument

if TYPE_CHECKING:
    from cronsim import CronSim

_FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, L and LW for the last"),
    ("month", "1 to 12 or jan to dec"),
    ("day of the week", "0 to 7 or sun to sat, 5#2 for the second, 5L for the last"),
)

_NAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

_LONGEST = 255


def cronsim() -> type[CronSim]:
    """Return the class of the optional package that reads expressions."""
    try:
        from cronsim import CronSim  # noqa: PLC0415 - of an optional extra
    except ImportError as error:
        raise InvalidArgument(
            f"cron: needs one more package: pip install 'pyjobs[cron]' ({error})"
        ) from error
    return CronSim


def passes(expression: str) -> bool:
    """Whether it goes by the time that passes: its minute or its hour begins with a star."""
    return any(field.startswith("*") for field in expression.split()[:2])


def moments(expression: str, start: dt.datetime) -> Iterator[dt.datetime]:
    """Yield the moments after this one, as far as there are any."""
    coming = cronsim()(expression, start)
    while True:
        try:
            yield next(coming)
        except (StopIteration, OverflowError):  # noqa: PERF203 - it ends so, or with the years
            return


def _understood(expression: str) -> bool:
    start = dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc)
    try:
        cronsim()(expression, start)
    except InvalidArgument:
        raise
    except Exception:  # noqa: BLE001 - the library has more than its own errors for what is wrong
        return False
    return True


def read(expression: str) -> str:
    """Return an expression with single spaces and without names; refused is where it is wrong."""
    options.text(expression, "cron")
    if len(expression) > _LONGEST:
        raise InvalidArgument(f"cron: has more than {_LONGEST} characters")
    parts = _NAMES.get(expression.strip().lower(), expression).split()
    if len(parts) != len(_FIELDS):
        names = ", ".join(name for name, _ in _FIELDS)
        raise InvalidArgument(
            f"cron: {expression!r} has {len(parts)} fields, and five are taken: {names}"
        )
    at = 0
    for position, part in enumerate(parts):
        at = expression.find(part, at)
        for term in part.split(","):
            alone = ["*"] * len(_FIELDS)
            alone[position] = term
            if not _understood(" ".join(alone)):
                name, range_ = _FIELDS[position]
                where = f"{term!r} in {expression!r}, at character {at + 1},"
                raise InvalidArgument(f"cron: {where} is no {name}: {range_}")
            at += len(term) + 1
        at -= 1
    plain = " ".join(parts)
    if not _understood(plain):
        raise InvalidArgument(f"cron: {expression!r} never comes: no such month has such a day")
    return plain
