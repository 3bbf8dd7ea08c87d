"""Classes whose values are maps of fields: dataclasses, NamedTuples, Pydantic, msgspec.

No library is imported to find out whether a class is one of its models.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, Protocol

from pyjobs.errors import EncodingError


class Unfit(Exception):
    """Data is no value of the model; says why."""


class Model(Protocol):
    """How values of a class become data, and data a value."""

    kind: type

    def pack(self, value: Any, path: str) -> Any:
        """Return what travels."""

    def unpack(self, data: Any, path: str) -> Any:
        """Return a value of the class; raises Unfit."""


class Fields:
    """A dataclass or a NamedTuple: each field that its constructor takes, by its annotation."""

    def __init__(
        self,
        kind: type,
        names: list[str],
        shape_of: Callable[[Any], Any],
        parts: tuple[Any, ...] = (),
    ) -> None:
        self.kind = kind
        self._names = names
        self._shape_of = shape_of
        self._given = dict(zip(getattr(kind, "__parameters__", ()), parts, strict=False))
        self._shapes: dict[str, Any] | None = None

    @property
    def shapes(self) -> dict[str, Any]:
        """The shape of each field; found late, as a class may have fields of its own kind."""
        if self._shapes is None:
            hints = hints_of(self.kind)
            self._shapes = {
                name: self._shape_of(_replaced(hints.get(name, Any), self._given))
                for name in self._names
            }
        return self._shapes

    @cached_property
    def _passing(self) -> list[str]:
        """What the constructor takes and the values do not keep."""
        there = getattr(self.kind, "__dataclass_fields__", {}).keys() - set(self._names)
        return sorted(there & inspect.signature(self.kind).parameters.keys())

    def pack(self, value: Any, path: str) -> Any:
        """See Model."""
        for name in self._passing:
            raise EncodingError(
                f"{path}: {self.kind.__name__} takes {name!r}, an InitVar, which is not kept"
            )
        return {
            name: shape.pack(getattr(value, name), f"{path}.{name}")
            for name, shape in self.shapes.items()
        }

    def unpack(self, data: Any, path: str) -> Any:
        """See Model."""
        if not isinstance(data, dict):
            raise Unfit(f"not a map but {type(data).__name__}")
        shapes = self.shapes
        for name in data:
            if name not in shapes:
                raise Unfit(f"there is no field {name!r}")
        fields = {name: shapes[name].unpack(item, f"{path}.{name}") for name, item in data.items()}
        try:
            return self.kind(**fields)
        except (TypeError, ValueError) as error:
            raise Unfit(str(error)) from error


class Pydantic:
    """A model of Pydantic 2, which writes and checks itself."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def pack(self, value: Any, path: str) -> Any:
        """See Model."""
        with _told(path):
            return value.model_dump(mode="json", by_alias=True, round_trip=True)

    def unpack(self, data: Any, path: str) -> Any:  # noqa: ARG002 - as for pack
        """See Model."""
        try:
            return self.kind.model_validate(data)
        except ValueError as error:
            raise Unfit(str(error)) from error


class Msgspec:
    """A Struct of msgspec, which writes and checks itself."""

    def __init__(self, kind: Any, parts: tuple[Any, ...] = ()) -> None:
        self.kind = kind
        self._annotation = kind[parts] if parts else kind

    def pack(self, value: Any, path: str) -> Any:
        """See Model."""
        import msgspec  # noqa: PLC0415 - it is there, as there is a Struct

        with _told(path):
            return msgspec.to_builtins(value)

    def unpack(self, data: Any, path: str) -> Any:  # noqa: ARG002 - as for Pydantic
        """See Model."""
        import msgspec  # noqa: PLC0415 - it is there, as there is a Struct

        try:
            return msgspec.convert(data, self._annotation)
        except msgspec.ValidationError as error:
            raise Unfit(str(error)) from error


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Say of what a model cannot write of itself where it is."""
    try:
        yield
    except Exception as error:  # a model may have any code for that
        raise EncodingError(f"{path}: {error}") from error


def of(kind: Any, shape_of: Callable[[Any], Any], parts: tuple[Any, ...] = ()) -> Model | None:
    """Return how values of a class travel; None: they are no models.

    `parts` are what a generic class is of.
    """
    if hasattr(kind, "model_validate") and hasattr(kind, "model_dump"):
        return Pydantic(kind)
    if hasattr(kind, "__struct_fields__"):
        return Msgspec(kind, parts)
    if dataclasses.is_dataclass(kind):
        fields = [each.name for each in dataclasses.fields(kind) if each.init]
        return Fields(typing.cast("type", kind), fields, shape_of, parts)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return Fields(kind, list(kind._fields), shape_of, parts)
    return None


def _replaced(hint: Any, given: dict[Any, Any]) -> Any:
    """Return an annotation with what stands for its type variables."""
    if isinstance(hint, typing.TypeVar):
        return given.get(hint, Any)
    variables = getattr(hint, "__parameters__", ()) if typing.get_origin(hint) else ()
    return hint[tuple(given.get(each, Any) for each in variables)] if variables else hint


def hints_of(owner: Any) -> dict[str, Any]:
    """Return annotations by name; those that cannot be read say nothing."""
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except Exception:  # noqa: BLE001 - an annotation is any code
        return _readable_hints(owner)


def _readable_hints(owner: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, annotation in getattr(owner, "__annotations__", {}).items():
        alone = type("alone", (), {"__annotations__": {name: annotation}})
        alone.__module__ = owner.__module__
        with suppress(Exception):  # an annotation is any code
            found |= typing.get_type_hints(alone, include_extras=True)
    return found
