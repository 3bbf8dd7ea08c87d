"""Job data as bytes, and back: msgpack, and nothing that it cannot give back as it was.

Carried exactly: None, bool, int from -2**63 to 2**64 - 1, float (infinities and NaN too), str,
bytes, list, dict (in its order, with any of these but list and dict as keys) and `msgpack.ExtType`.

Carried as what it stands for: an aware datetime comes back in UTC, the same instant to the
microsecond; a tuple comes back as a list, a bytearray or memoryview as bytes, the Jid that a put
has answered as text, Jids as a list, and a `msgpack.Timestamp` as a datetime, cut to the
microsecond.

All else is refused by `encode`, subclasses of these types included, because the subclass would be
lost on the way.
"""

import operator
from collections.abc import Iterator
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from msgpack import ExtType, Packer, Timestamp, unpackb

from pyjobs.errors import DecodingError, EncodingError
from pyjobs.jids import Jid, Jids

_MAX_DEPTH = 1024
_MAX_SHOWN_KEY = 40
_MAX_SHOWN_PATH = 200

# How msgpack begins a timestamp that lies before 1970 or after 2514.
_FAR_TIMESTAMP = b"\xc7\x0c\xff"

# What msgpack raises for what it cannot pack or unpack.
_FAILURES = (TypeError, ValueError, OverflowError, BufferError, RecursionError)

_LEAVES = (type(None), bool, int, float, str, Jid, bytes, bytearray, memoryview, datetime)
_CONTAINERS = (list, tuple, dict, Jids)
_CARRIED = frozenset((*_LEAVES, *_CONTAINERS, ExtType, Timestamp))

# By name, so that no module is imported only to be refused.
_INSTEAD = {
    "set": "a list, sorted if its order is to be the same each time",
    "frozenset": "a list, sorted if its order is to be the same each time",
    "decimal.Decimal": "str(value)",
    "uuid.UUID": "str(value)",
    "datetime.date": "value.isoformat()",
    "datetime.time": "value.isoformat()",
    "datetime.timedelta": "value.total_seconds()",
}


def encode(data: object, what: str = "data") -> bytes:
    """Return `data` as msgpack bytes; `encode(decode(payload))` gives the same bytes again.

    Raises EncodingError, whose text begins with the path of the first offending value, such as
    `data['rooms'][2]` (`what` is its first word), for what msgpack cannot carry: naive datetimes,
    datetimes outside the years 1 to 9999 in UTC, integers past 64 bits, text with lone surrogates,
    sets, objects, subclasses of the types that are carried, tuples as keys, a container inside
    itself, and nesting deeper than the installed msgpack goes (1,024 levels; 511 in its older
    versions).
    """
    try:
        # A new Packer a call costs 0.05 us more than a shared one, which would be neither safe
        # across threads nor willing to give back the memory of its largest payload.
        payload: bytes = Packer(strict_types=True, datetime=True).pack(data)
        if _FAR_TIMESTAMP not in payload:
            return payload
    except _FAILURES:
        pass
    return _encode_with_care(data, what)


def decode(payload: bytes) -> Any:
    """Return the data that `payload` holds.

    Raises DecodingError when `payload` is not exactly one msgpack value, or holds one that Python
    has no value for (a map key that is a list, a date outside the years 1 to 9999).
    """
    try:
        # msgpack takes its limits on lengths from the payload's own, so none is stated here.
        return unpackb(payload, raw=False, timestamp=3, strict_map_key=False)
    except _FAILURES as error:
        why = f"a payload of {len(payload)} bytes is not readable: {_reason(error)}"
        raise DecodingError(why) from error


def canonical(payload: bytes) -> bytes:
    """Return bytes that are the same for the same data, whatever the order of its dictionaries."""
    packed: bytes = Packer(datetime=True).pack(_sorted(decode(payload)))
    return packed


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return [_sorted(member) for member in value]
    if isinstance(value, dict):
        members = [(encode(key), _sorted(member)) for key, member in value.items()]
        # Pairs beside a mark, so that no list is taken for a dictionary.
        return ["{}", *sorted(members, key=operator.itemgetter(0))]
    return value


def _encode_with_care(data: object, what: str) -> bytes:
    """Return what `encode` does, for data with tuples or far dates in it; find what is wrong."""
    try:
        payload: bytes = Packer(strict_types=True, datetime=True, default=_as_plain).pack(data)
        # Two things can be packed and not be read: a tuple as a key, a year past the calendar.
        decode(payload)
    except _FAILURES as error:
        _refuse_what_is_not_carried(data, what)
        raise EncodingError(f"{what}: {_reason(error)}") from error
    return payload


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _as_plain(value: object) -> list[object] | str:
    if isinstance(value, (tuple, Jids)) and type(value) in {tuple, Jids}:
        return list(value)
    if type(value) is Jid:
        return str(value)
    raise TypeError(f"cannot carry {_type_name(type(value))}")


def _refuse_what_is_not_carried(data: object, what: str) -> None:
    """Raise EncodingError for the first value, in the order of packing, that cannot be carried."""
    path = [what]
    entered: list[int] = []
    # One iterator for each container that is being read: recursion would end before msgpack's does.
    reading = [iter([("", data, False)])]
    while reading:
        for step, value, is_key in reading[-1]:
            objection = _objection_to(value, is_key)
            if objection is None and not is_key and type(value) in _CONTAINERS:
                objection = _objection_to_entering(value, entered)
                if objection is None:
                    path.append(step)
                    entered.append(id(value))
                    reading.append(_members(value))
                    break
            if objection is not None:
                # msgpack's own error would add no place, and may show the value.
                raise EncodingError(f"{_shown_path([*path, step])}: {objection}") from None
        else:
            reading.pop()
            if reading:
                path.pop()
                entered.pop()


def _members(container: Any) -> Iterator[tuple[str, object, bool]]:
    """Yield (step of the path, member, whether it is a key) for all that a container holds."""
    if type(container) is not dict:
        for index, member in enumerate(container):
            yield f"[{index}]", member, False
        return
    for key, member in container.items():
        yield "", key, True
        yield f"[{_shown_key(key)}]", member, False


def _objection_to_entering(container: object, entered: list[int]) -> str | None:
    if id(container) in entered:
        return f"a {type(container).__name__} that contains itself"
    if len(entered) == _MAX_DEPTH:
        return f"nested deeper than the {_MAX_DEPTH} levels that msgpack carries"
    return None


def _objection_to(value: object, is_key: bool) -> str | None:
    objection = _objection_to_type(type(value)) or _objection_to_value(value)
    if objection is None and is_key and type(value) is tuple:
        objection = "a tuple, which would come back as a list and so cannot be a key"
    return f"the key is {objection}" if objection and is_key else objection


def _objection_to_type(kind: type) -> str | None:
    if kind in _CARRIED:
        return None
    name = _type_name(kind)
    if issubclass(kind, Enum):
        return f"an Enum member ({name}); pass its .value"
    if name in _INSTEAD:
        return f"a {name}, which msgpack cannot carry; pass {_INSTEAD[name]}"
    for base in kind.__mro__:
        if base in _CARRIED:
            plain = base.__name__
            return f"a {name}, which would come back as a plain {plain}; pass a {plain} itself"
    return f"a {name}, which msgpack cannot carry; pass text, numbers, lists or dicts made of it"


def _objection_to_value(value: object) -> str | None:
    if type(value) is int and not -(2**63) <= value < 2**64:
        return f"an integer of {value.bit_length()} bits; msgpack carries -2**63 to 2**64 - 1"
    if type(value) is str:
        try:
            value.encode()
        except UnicodeEncodeError as error:
            return f"text with a lone surrogate at index {error.start}, which is not valid Unicode"
    if type(value) is datetime:
        if value.utcoffset() is None:
            return "a naive datetime, which names no instant; give it a time zone"
        try:
            value.astimezone(timezone.utc)
        except OverflowError:
            return "a datetime that lies outside the years 1 to 9999 in UTC"
    if isinstance(value, Timestamp):
        try:
            value.to_datetime()
        except OverflowError:
            return "a Timestamp that lies outside the years 1 to 9999"
    return None


def _type_name(kind: type) -> str:
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _shown_key(key: object) -> str:
    """Return a key as it is to be shown in a path: short, and without running its own code."""
    if isinstance(key, (str, bytes)) and len(key) > _MAX_SHOWN_KEY:
        return f"{key[:_MAX_SHOWN_KEY]!r}..."
    if key is None or isinstance(key, (str, bytes, int, float)):
        return repr(key)
    return f"<{_type_name(type(key))}>"


def _shown_path(steps: list[str]) -> str:
    path = "".join(steps)
    if len(path) <= _MAX_SHOWN_PATH:
        return path
    return f"{path[: _MAX_SHOWN_PATH // 2]}...{path[-_MAX_SHOWN_PATH // 2 :]}"
