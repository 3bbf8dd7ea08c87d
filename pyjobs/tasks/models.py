"""Classes whose values are maps of fields: dataclasses, NamedTuples, Pydantic, msgspec.

No library is imported to find out whether a class is one of its models.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol


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

    def __init__(self, kind: type, names: list[str], shape_of: Callable[[Any], Any]) -> None:
        self.kind = kind
        self._names = names
        self._shape_of = shape_of
        self._shapes: dict[str, Any] | None = None

    @property
    def shapes(self) -> dict[str, Any]:
        """The shape of each field; found late, as a class may have fields of its own kind."""
        if self._shapes is None:
            hints = hints_of(self.kind)
            self._shapes = {name: self._shape_of(hints.get(name, Any)) for name in self._names}
        return self._shapes

    def pack(self, value: Any, path: str) -> Any:
        """See Model."""
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

    def pack(self, value: Any, path: str) -> Any:  # noqa: ARG002 - it says itself what is wrong
        """See Model."""
        return value.model_dump(mode="json", by_alias=True, round_trip=True)

    def unpack(self, data: Any, path: str) -> Any:  # noqa: ARG002 - as for pack
        """See Model."""
        try:
            return self.kind.model_validate(data)
        except ValueError as error:
            raise Unfit(str(error)) from error


class Msgspec:
    """A Struct of msgspec, which writes and checks itself."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def pack(self, value: Any, path: str) -> Any:  # noqa: ARG002 - as for Pydantic
        """See Model."""
        import msgspec  # noqa: PLC0415 - it is there, as there is a Struct

        return msgspec.to_builtins(value)

    def unpack(self, data: Any, path: str) -> Any:  # noqa: ARG002 - as for Pydantic
        """See Model."""
        import msgspec  # noqa: PLC0415 - it is there, as there is a Struct

        try:
            return msgspec.convert(data, self.kind)
        except msgspec.ValidationError as error:
            raise Unfit(str(error)) from error


def of(kind: type, shape_of: Callable[[Any], Any]) -> Model | None:
    """Return how values of a class travel; None: they are no models."""
    if hasattr(kind, "model_validate") and hasattr(kind, "model_dump"):
        return Pydantic(kind)
    if hasattr(kind, "__struct_fields__"):
        return Msgspec(kind)
    if dataclasses.is_dataclass(kind):
        return Fields(kind, [each.name for each in dataclasses.fields(kind) if each.init], shape_of)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return Fields(kind, list(kind._fields), shape_of)
    return None


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
