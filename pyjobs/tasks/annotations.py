"""Of an annotation the shape: what it says of a value."""

from __future__ import annotations

import types
import typing
from collections import abc
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from pyjobs.tasks import models
from pyjobs.tasks.shapes import Choice, Fixed, Leaf, Many, Map, Member, Model, OneOf, Shape, Text

ANY = Shape()

_LEAVES: dict[Any, Shape] = {
    None: Leaf(type(None)),
    type(None): Leaf(type(None)),
    bool: Leaf(bool),
    int: Leaf(int),
    float: Leaf(float, int),
    str: Leaf(str),
    bytes: Leaf(bytes),
    **{kind: Text(kind) for kind in (Decimal, UUID, date, time, timedelta, datetime)},
}
_KINDS: dict[Any, type] = {
    list: list,
    set: set,
    frozenset: frozenset,
    tuple: tuple,
    abc.MutableSequence: list,
    abc.MutableSet: set,
}
_SEVERAL: dict[Any, tuple[type, ...]] = {
    abc.Sequence: (list, tuple),
    abc.Set: (set, frozenset),
    **dict.fromkeys((abc.Collection, abc.Container, abc.Iterable), (list, tuple, set, frozenset)),
}
_MAPS = {dict, abc.Mapping, abc.MutableMapping}


def of(annotation: Any) -> Shape:
    """Return the shape of an annotation; of what it does not know, that of anything."""
    while typing.get_origin(annotation) is typing.Annotated:  # what goes with it may be anything
        annotation = typing.get_args(annotation)[0]
    try:
        return _of(annotation)
    except TypeError:  # what goes with a part of it cannot be looked up
        return _of.__wrapped__(annotation)


@lru_cache(maxsize=10_000)
def _of(annotation: Any) -> Shape:
    found = _LEAVES.get(annotation)
    if found is not None:
        return found
    if isinstance(annotation, typing.NewType):
        return of(annotation.__supertype__)
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return OneOf(parts)
    if origin in {typing.Union, types.UnionType}:
        return Choice(tuple(of(part) for part in parts))
    if isinstance(annotation, type) and origin is None:
        return _of_class(annotation)
    return _of_generic(origin, parts)


def _of_class(kind: type) -> Shape:
    if kind in _KINDS:
        return Many(_KINDS[kind], ANY)
    if kind is dict:
        return Map(ANY, ANY)
    if issubclass(kind, Enum):
        return Member(kind)
    model = models.of(kind, of)
    return ANY if model is None else Model(model)


def _of_generic(origin: Any, parts: tuple[Any, ...]) -> Shape:
    if any(getattr(part, "__unpacked__", False) for part in parts):
        return ANY
    if origin is tuple and parts[-1:] != (...,):
        return Fixed(tuple(of(part) for part in parts))
    if parts and origin in _KINDS:
        return Many(_KINDS[origin], of(parts[0]))
    if parts and origin in _SEVERAL:
        each = of(parts[0])
        return Choice((*(Many(kind, each) for kind in _SEVERAL[origin]), ANY))
    if parts and origin in _MAPS:
        return Map(of(parts[0]), of(parts[1]))
    model = models.of(origin, of, parts) if isinstance(origin, type) else None
    return ANY if model is None else Model(model)
