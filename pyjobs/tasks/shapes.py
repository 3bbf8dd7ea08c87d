"""What an annotation says of a value: whether it is one, and how it travels.

A value with an annotation travels as plain text, numbers, lists and maps, which another language
can write too; the annotation says what it is to be again. Where nothing says so, or a union leaves
it open, it says so itself (`pyjobs.tasks.plain`). A model, or a member of an Enum, travels only
where an annotation names its class: none is ever imported because a payload asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from msgpack import ExtType

from pyjobs import codec
from pyjobs.tasks import models, plain


class Mismatch(Exception):
    """A value is not of the annotated type; says where, what is wanted, and what it is."""


class Shape:
    """Any value at all that says itself what it is."""

    text = "anything"
    """What is wanted, for people."""

    def pack(self, value: Any, path: str) -> Any:
        """Return what travels; raises Mismatch, and EncodingError for what never can."""
        return plain.pack(value, path)

    def mark(self, value: Any, path: str) -> Any:
        """Return what travels and says itself what it is."""
        return self.pack(value, path)

    def is_marked(self, data: Any) -> bool:
        """Whether data are what `mark` returns, so that no other shape is meant."""
        return not (isinstance(data, ExtType) and data.code == plain.NAMED)

    def unpack(self, data: Any, path: str) -> Any:  # noqa: ARG002 - others say where
        """Return the value; raises Mismatch, and DecodingError for what is not readable."""
        return plain.unpack(data)

    def wrong(self, value: Any, path: str) -> Mismatch:
        """Return what is to be raised for a value that is none."""
        return Mismatch(f"{path}: must be {self.text}, not {shown(value)}")


class Leaf(Shape):
    """What travels as it is."""

    def __init__(self, *kinds: type) -> None:
        self._kinds = kinds
        self.text = "None" if kinds == (type(None),) else kinds[0].__name__

    def pack(self, value: Any, path: str) -> Any:
        """See Shape."""
        if type(value) not in self._kinds:
            raise self.wrong(value, path)
        return plain.pack(value, path)

    def is_marked(self, data: Any) -> bool:
        """See Shape."""
        return type(data) in self._kinds

    def unpack(self, data: Any, path: str) -> Any:
        """See Shape."""
        if type(data) not in self._kinds:
            raise self.wrong(data, path)
        return data


class Text(Shape):
    """What travels as text: a Decimal, a UUID, a date, a time, a timedelta, a datetime."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._number, self._write, self._read = plain.TEXTS[kind]
        self.text = kind.__name__

    def pack(self, value: Any, path: str) -> Any:
        """See Shape. A datetime with a time zone travels as an instant."""
        if type(value) is not self._kind:
            raise self.wrong(value, path)
        if isinstance(value, datetime) and value.tzinfo:
            return plain.pack(value, path)
        return self._write(value)

    def mark(self, value: Any, path: str) -> Any:
        """See Shape."""
        self.pack(value, path)
        return plain.pack(value, path)

    def is_marked(self, data: Any) -> bool:
        """See Shape."""
        if isinstance(data, ExtType):
            return bool(data.code == self._number)
        return isinstance(data, datetime) and self._kind is datetime

    def unpack(self, data: Any, path: str) -> Any:
        """See Shape."""
        found = plain.unpack(data) if isinstance(data, ExtType) else data
        if isinstance(found, self._kind):
            return found
        try:
            if isinstance(found, str):
                return self._read(found)
            if isinstance(found, int) and self._kind is Decimal:
                return Decimal(found)
        except (ArithmeticError, ValueError):
            pass
        raise self.wrong(found, path)


class Many(Shape):
    """A list, set, frozenset, or tuple of any length, of members of one shape."""

    def __init__(self, kind: type, member: Shape) -> None:
        self._kind = kind
        self._member = member
        self.text = f"{kind.__name__} of {member.text}"

    def pack(self, value: Any, path: str) -> Any:
        """See Shape."""
        return self._packed(value, path, self._member.pack)

    def mark(self, value: Any, path: str) -> Any:
        """See Shape."""
        packed = self._packed(value, path, self._member.mark)
        number = plain.CONTAINERS.get(self._kind)
        return packed if number is None else ExtType(number, codec.encode(packed))

    def _packed(self, value: Any, path: str, member: Callable[[Any, str], Any]) -> Any:
        if type(value) is not self._kind:
            raise self.wrong(value, path)
        return plain.pack_members(self._kind, value, path, member)

    def is_marked(self, data: Any) -> bool:
        """See Shape."""
        found = (
            None if isinstance(data, list) != (self._kind is list) else members(data, self._kind)
        )
        return found is not None and all(map(self._member.is_marked, found))

    def unpack(self, data: Any, path: str) -> Any:
        """See Shape."""
        found = members(data, self._kind)
        if found is None:
            raise self.wrong(plain.unpack(data), path)
        return self._kind(
            self._member.unpack(item, f"{path}[{at}]") for at, item in enumerate(found)
        )


class Fixed(Shape):
    """A tuple of so many members, each of its own shape."""

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        self._shapes = shapes
        self.text = f"a tuple of {len(shapes)}"

    def pack(self, value: Any, path: str) -> Any:
        """See Shape."""
        self._refuse_other(value, path)
        pairs = enumerate(zip(self._shapes, value, strict=True))
        return [shape.pack(item, f"{path}[{at}]") for at, (shape, item) in pairs]

    def mark(self, value: Any, path: str) -> Any:
        """See Shape."""
        self._refuse_other(value, path)
        pairs = enumerate(zip(self._shapes, value, strict=True))
        packed = [shape.mark(item, f"{path}[{at}]") for at, (shape, item) in pairs]
        return ExtType(plain.TUPLE, codec.encode(packed))

    def _refuse_other(self, value: Any, path: str) -> None:
        if type(value) is not tuple or len(value) != len(self._shapes):
            raise self.wrong(value, path)

    def is_marked(self, data: Any) -> bool:
        """See Shape."""
        found = None if isinstance(data, list) else members(data, tuple)
        if found is None or len(found) != len(self._shapes):
            return False
        pairs = zip(self._shapes, found, strict=True)
        return all(shape.is_marked(item) for shape, item in pairs)

    def unpack(self, data: Any, path: str) -> Any:
        """See Shape."""
        found = members(data, tuple)
        if found is None or len(found) != len(self._shapes):
            raise self.wrong(plain.unpack(data), path)
        pairs = enumerate(zip(self._shapes, found, strict=True))
        return tuple(shape.unpack(item, f"{path}[{at}]") for at, (shape, item) in pairs)


def members(data: Any, kind: type) -> list[Any] | None:
    """Return what a container holds, packed; None when it is of another kind."""
    if isinstance(data, ExtType) and plain.MADE.get(data.code) is kind:
        found: list[Any] = codec.decode(data.data)
        return found
    return data if isinstance(data, list) else None


class Map(Shape):
    """A dictionary."""

    def __init__(self, key: Shape, value: Shape) -> None:
        self._key = key
        self._value = value
        self.text = "dict"

    def pack(self, value: Any, path: str) -> Any:
        """See Shape."""
        if type(value) is not dict:
            raise self.wrong(value, path)
        return {
            self._pack_key(key, path): self._value.pack(item, f"{path}[{key!r}]")
            for key, item in value.items()
        }

    def _pack_key(self, key: Any, path: str) -> Any:
        packed = self._key.pack(key, f"{path}: the key")
        if isinstance(packed, (list, dict)):  # of which none can be a key
            packed = self._key.mark(key, f"{path}: the key")
        return packed

    def mark(self, value: Any, path: str) -> Any:
        """See Shape."""
        if type(value) is not dict:
            raise self.wrong(value, path)
        return {
            self._key.mark(key, f"{path}: the key"): self._value.mark(item, f"{path}[{key!r}]")
            for key, item in value.items()
        }

    def is_marked(self, data: Any) -> bool:
        """See Shape."""
        return isinstance(data, dict) and all(
            self._key.is_marked(key) and self._value.is_marked(item) for key, item in data.items()
        )

    def unpack(self, data: Any, path: str) -> Any:
        """See Shape."""
        if not isinstance(data, dict):
            raise self.wrong(data, path)
        return {
            self._key.unpack(key, f"{path}: the key"): self._value.unpack(item, f"{path}[{key!r}]")
            for key, item in data.items()
        }


class Member(Shape):
    """A member of an Enum; its value travels."""

    def __init__(self, kind: type[Enum]) -> None:
        self.kind = kind
        self.text = kind.__name__

    def pack(self, value: Any, path: str) -> Any:
        """See Shape."""
        if type(value) is not self.kind:
            raise self.wrong(value, path)
        return plain.pack(value.value, path)

    def mark(self, value: Any, path: str) -> Any:
        """See Shape."""
        return plain.name(self.kind, self.pack(value, path))

    def is_marked(self, data: Any) -> bool:
        """See Shape."""
        return plain.is_named(self.kind, data)

    def unpack(self, data: Any, path: str) -> Any:
        """See Shape."""
        data = unnamed(self.kind, data)
        try:
            return self.kind(plain.unpack(data))
        except ValueError:
            raise self.wrong(data, path) from None


class Model(Shape):
    """A dataclass, a NamedTuple, a Pydantic or a msgspec model; a map of its fields travels."""

    def __init__(self, model: models.Model) -> None:
        self._model = model
        self.text = model.kind.__name__

    def pack(self, value: Any, path: str) -> Any:
        """See Shape. A subclass is refused, since it would be lost."""
        if type(value) is not self._model.kind:
            raise self.wrong(value, path)
        return self._model.pack(value, path)

    def mark(self, value: Any, path: str) -> Any:
        """See Shape."""
        return plain.name(self._model.kind, self.pack(value, path))

    def is_marked(self, data: Any) -> bool:
        """See Shape."""
        return plain.is_named(self._model.kind, data)

    def unpack(self, data: Any, path: str) -> Any:
        """See Shape."""
        data = unnamed(self._model.kind, data)
        try:
            return self._model.unpack(data, path)
        except models.Unfit as error:
            raise Mismatch(f"{path}: is no {self.text}: {error}") from error


def unnamed(kind: type, data: Any) -> Any:
    """Return data without the name of its class; as it is, when that is another class."""
    if isinstance(data, ExtType) and data.code == plain.NAMED:
        name, inner = plain.named(data)
        # Its module may have another name where it was written.
        return inner if f".{name}".endswith(f".{kind.__qualname__}") else data
    return data


class Choice(Shape):
    """One of several shapes: of a union, or of an optional value."""

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        self._shapes = shapes
        self._is_open = sum(shape.text != "None" for shape in shapes) > 1
        self.text = " or ".join(shape.text for shape in shapes)

    def pack(self, value: Any, path: str) -> Any:
        """See Shape."""
        if self._is_open:
            return self.mark(value, path)
        for shape in self._shapes:
            with suppress(Mismatch):
                return shape.pack(value, path)
        raise self.wrong(value, path)

    def mark(self, value: Any, path: str) -> Any:
        """See Shape."""
        for shape in self._shapes:
            with suppress(Mismatch):
                return shape.mark(value, path)
        raise self.wrong(value, path)

    def is_marked(self, data: Any) -> bool:
        """See Shape."""
        return any(shape.is_marked(data) for shape in self._shapes)

    def unpack(self, data: Any, path: str) -> Any:
        """See Shape. What says itself what it is goes before what could be read so as well."""
        meant = [shape for shape in self._shapes if shape.is_marked(data)] if self._is_open else []
        for shape in (*meant, *self._shapes):
            with suppress(Mismatch):
                return shape.unpack(data, path)
        raise self.wrong(data, path)


class OneOf(Shape):
    """One of some values, as Literal lists them."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self._pairs = [(each, _marked(each)) for each in values]
        self.text = f"one of {', '.join(map(repr, values))}"

    def pack(self, value: Any, path: str) -> Any:
        """See Shape."""
        for each, packed in self._pairs:
            if type(each) is type(value) and each == value:
                return packed
        raise self.wrong(value, path)

    def is_marked(self, data: Any) -> bool:
        """See Shape."""
        return any(type(data) is type(packed) and data == packed for _, packed in self._pairs)

    def unpack(self, data: Any, path: str) -> Any:
        """See Shape."""
        for each, packed in self._pairs:
            if type(data) is type(packed) and data == packed:
                return each
        raise self.wrong(data, path)


def _marked(value: Any) -> Any:
    return Member(type(value)).mark(value, "") if isinstance(value, Enum) else value


def shown(value: Any) -> str:
    """Return a value for people: its type, and what it looks like if that is short and safe."""
    kind = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, (bool, int, float, str, bytes)) and len(repr(value)) <= 40:  # noqa: PLR2004
        return f"{kind} {value!r}"
    return kind
