"""Values that say themselves what they are: what msgpack does not carry, as its extension types.

Beside what `pyjobs.codec` carries: tuple, set, frozenset, Decimal, UUID, date, time, timedelta and
naive datetimes, at any depth. An aware datetime comes back in UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgpack import ExtType

from pyjobs import codec
from pyjobs.errors import DecodingError, EncodingError

TUPLE, SET, FROZENSET, DECIMAL, UNIQUE, DATE, TIME, PERIOD, NAIVE, NAMED = range(64, 74)
"""Numbers of the extension types. NAMED is a model or a member of an Enum, beside its name."""

_LEAVES = frozenset((type(None), bool, float, bytes))
_SMALL = 2**63
CONTAINERS: dict[Any, int] = {tuple: TUPLE, set: SET, frozenset: FROZENSET}
"""The extension types of containers that msgpack does not carry."""

TEXTS: dict[type, tuple[int, Callable[[Any], str], Callable[[str], Any]]] = {
    Decimal: (DECIMAL, str, Decimal),
    UUID: (UNIQUE, str, UUID),
    date: (DATE, date.isoformat, date.fromisoformat),
    time: (TIME, time.isoformat, time.fromisoformat),
    timedelta: (PERIOD, lambda period: str(_microseconds(period)), lambda text: _period(int(text))),
    datetime: (NAIVE, datetime.isoformat, datetime.fromisoformat),
}
"""Of each of these types the extension type, and how it is written and read."""

MADE = {number: kind for kind, number in CONTAINERS.items()}
"""What containers of these extension types become."""

_READ = {number: read for number, _, read in TEXTS.values()}


def _microseconds(period: timedelta) -> int:
    return period // timedelta(microseconds=1)


def _period(microseconds: int) -> timedelta:
    return timedelta(microseconds=microseconds)


def pack(value: Any, path: str) -> Any:
    """Return what `pyjobs.codec` carries for a value; `path` is said of what is refused."""
    kind = type(value)
    if kind in _LEAVES or _is_simple(kind, value):
        return value
    if kind is list:
        return [pack(item, f"{path}[{at}]") for at, item in enumerate(value)]
    if kind is dict:
        return {pack_key(key, path): pack(item, f"{path}[{key!r}]") for key, item in value.items()}
    if kind in CONTAINERS:
        return ExtType(CONTAINERS[kind], codec.encode(pack_members(kind, value, path)))
    if kind in TEXTS and not (kind is datetime and value.tzinfo):
        number, write, _ = TEXTS[kind]
        return ExtType(number, write(value).encode())
    try:
        codec.encode(value)
    except EncodingError as error:
        why = str(error).partition(": ")[2]
        if kind.__module__ not in {"builtins", "datetime"}:
            why = f"{why}; a model or an Enum travels where an annotation names its class"
        raise EncodingError(f"{path}: {why}") from None
    return value


def _is_simple(kind: type, value: Any) -> bool:
    """Whether there is nothing in a value that msgpack might not carry."""
    if kind is str:
        return bool(value.isascii())
    return kind is int and -_SMALL <= value < _SMALL


def pack_key(key: Any, path: str) -> Any:
    """Return what is carried for a key of a dictionary."""
    packed = pack(key, f"{path}: the key")
    if isinstance(packed, (list, dict)):
        raise EncodingError(f"{path}: the key {key!r} cannot be carried")
    return packed


def pack_members(
    kind: type, value: Any, path: str, member: Callable[[Any, str], Any] = pack
) -> list[Any]:
    """Return the members of a container; those of a set in an order that is always the same."""
    packed = [member(item, f"{path}[{at}]") for at, item in enumerate(value)]
    return packed if kind in {list, tuple} else sorted(packed, key=codec.encode)


def unpack(data: Any) -> Any:
    """Return the value that `pack` was given; raises DecodingError."""
    if type(data) is list:
        return [unpack(item) for item in data]
    if type(data) is dict:
        return {unpack(key): unpack(item) for key, item in data.items()}
    return _read(data) if isinstance(data, ExtType) else data


def _read(data: ExtType) -> Any:
    number, body = data
    try:
        if number in MADE:
            return MADE[number](unpack(item) for item in codec.decode(body))
        if number in _READ:
            return _READ[number](body.decode())
    except (ArithmeticError, TypeError, ValueError) as error:
        raise DecodingError(f"an extension of type {number} is not readable: {error}") from error
    return unpack(named(data)[1]) if number == NAMED else data


def name(kind: type, data: Any) -> ExtType:
    """Return the data of a model or member beside the name of its class."""
    return ExtType(NAMED, codec.encode([_name_of(kind), data]))


def _name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def is_named(kind: type, data: Any) -> bool:
    """Whether data are those of a model or member beside the name of this very class."""
    return isinstance(data, ExtType) and data.code == NAMED and named(data)[0] == _name_of(kind)


def named(data: ExtType) -> tuple[str, Any]:
    """Return the name of a class, and the data of the model or member."""
    found = codec.decode(data.data)
    if not isinstance(found, list) or len(found) != 2:  # noqa: PLR2004 - a name, and the data
        raise DecodingError("an extension of a model is not readable")
    return found[0], found[1]
