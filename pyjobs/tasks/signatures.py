"""The arguments and the result of a function: checked against its signature, and on their way."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from functools import cached_property
from typing import Any

from pyjobs.errors import DecodingError, EncodingError, InvalidArgument
from pyjobs.tasks import earlier, models, plain
from pyjobs.tasks.annotations import of as shape_of
from pyjobs.tasks.earlier import Earlier
from pyjobs.tasks.shapes import Mismatch, Shape

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""Positional arguments and keyword arguments."""

EITHER = 2
"""Parts of a call's data: positional arguments, keyword arguments."""


class Signature:
    """What a function takes and returns. Annotations are read when they are first needed."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self._function = function
        self._name = name
        self._signature = inspect.signature(function)
        self.owner: type | None = None
        """The class whose method it is, the type of its first argument."""
        self.parameters = list(self._signature.parameters.values())

    def __str__(self) -> str:
        bare = [each.replace(annotation=each.empty) for each in self.parameters]
        return f"{self._name}{inspect.Signature(bare)}"

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return models.hints_of(self._function)

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        found = {each.name: shape_of(self._hints.get(each.name, Any)) for each in self.parameters}
        if self.owner is not None and self.parameters:
            found[self.parameters[0].name] = shape_of(self.owner)
        return found

    @cached_property
    def result(self) -> Returned:
        """What it returns."""
        return Returned(shape_of(self._hints.get("return", Any)))

    def taken(self, at: int) -> tuple[Taken, Taken]:
        """Return how a result is read that is the argument there: one, and each of a list."""
        name = self._positional(at + 1)[at].name
        parts = typing.get_args(self._hints.get(name, Any))
        each = shape_of(parts[0] if parts else Any)
        return Taken(self._shapes[name], name), Taken(each, f"one of {name}")

    def bind(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], partial: bool = False
    ) -> Arguments:
        """Return arguments in one form: by position as far as can be.

        Raises InvalidArgument for a call that the function would not take; `partial`: further
        arguments may follow.
        """
        bind = self._signature.bind_partial if partial else self._signature.bind
        try:
            bound = bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidArgument(f"{self}: {error}") from None
        if partial:
            return args, kwargs
        return bound.args, bound.kwargs

    @property
    def needs(self) -> list[str]:
        """Names of the parameters that have no default."""
        return [
            each.name
            for each in self.parameters
            if each.default is each.empty
            and each.kind not in {each.VAR_POSITIONAL, each.VAR_KEYWORD}
        ]

    # As a packer

    def pack(self, value: Arguments, path: str) -> Any:
        """Return a call's data: a list of positional arguments, and a map of the others."""
        args, kwargs = value
        try:
            return [
                [
                    self._pack(parameter, item, path)
                    for parameter, item in zip(self._positional(len(args)), args, strict=True)
                ],
                {
                    name: self._pack(self._named(name), item, path, name)
                    for name, item in kwargs.items()
                },
            ]
        except Mismatch as error:
            raise InvalidArgument(str(error)) from None

    def unpack(self, data: Any, path: str) -> Arguments:
        """Return a call's arguments; a map alone are keyword arguments, None is none."""
        args, kwargs = _parts(data, path)
        bound = self._rebound(args, kwargs, path)
        try:
            return (
                tuple(
                    self._unpack(parameter, item, path)
                    for parameter, item in zip(
                        self._positional(len(bound[0])), bound[0], strict=True
                    )
                ),
                {
                    name: self._unpack(self._named(name), item, path, name)
                    for name, item in bound[1].items()
                },
            )
        except Mismatch as error:
            raise DecodingError(str(error)) from None

    def _rebound(self, args: list[Any], kwargs: dict[str, Any], path: str) -> Arguments:
        try:
            return self.bind(tuple(args), kwargs)
        except InvalidArgument as error:
            raise DecodingError(f"{path}: {error}") from None

    def _positional(self, count: int) -> list[inspect.Parameter]:
        found = [each for each in self.parameters if each.kind <= each.VAR_POSITIONAL]
        while len(found) < count:
            found.append(found[-1])
        return found[:count]

    def _named(self, name: str) -> inspect.Parameter:
        found = self._signature.parameters.get(name)
        return self.parameters[-1] if found is None else found

    def _pack(self, parameter: inspect.Parameter, item: Any, path: str, name: str = "") -> Any:
        if item is None and parameter.default is None:
            return None
        if type(item) is Earlier:
            return item.packed()
        return self._shapes[parameter.name].pack(item, f"{path}: {name or parameter.name}")

    def _unpack(self, parameter: inspect.Parameter, item: Any, path: str, name: str = "") -> Any:
        if item is None and parameter.default is None:
            return None
        found = earlier.unpacked(item)
        if found is not None:
            return found
        return self._shapes[parameter.name].unpack(item, f"{path}: {name or parameter.name}")


def _parts(data: Any, path: str) -> tuple[list[Any], dict[str, Any]]:
    if data is None:
        return [], {}
    if isinstance(data, dict):
        return [], data
    if (
        isinstance(data, list)
        and len(data) == EITHER
        and isinstance(data[0], list)
        and isinstance(data[1], dict)
    ):
        return data[0], data[1]
    raise DecodingError(
        f"{path}: the job's data is no call; it is [[argument, ...], {{name: ...}}]"
    )


class Returned:
    """What a function returns: by its annotation, or, if it is something else, as it is."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def pack(self, value: Any, path: str) -> Any:
        """See Packer."""
        try:
            return self._shape.pack(value, path)
        except (Mismatch, EncodingError):
            return plain.pack(value, path)

    def unpack(self, data: Any, path: str) -> Any:
        """See Packer."""
        try:
            return self._shape.unpack(data, path)
        except Mismatch:
            return plain.unpack(data)


class Taken(Returned):
    """What a function returned, as the argument of another: by the annotation of that alone."""

    def __init__(self, shape: Shape, name: str) -> None:
        super().__init__(shape)
        self._name = name

    def unpack(self, data: Any, path: str) -> Any:
        """See Packer."""
        try:
            return self._shape.unpack(data, f"{path}: {self._name}")
        except Mismatch as error:
            raise DecodingError(str(error)) from None
