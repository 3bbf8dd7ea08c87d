"""Values that more than one reading fits, and annotations that name models within others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

import pydantic
import pytest

from pyjobs.codec import decode, encode
from pyjobs.errors import EncodingError
from pyjobs.tasks.annotations import of
from pyjobs.tasks.signatures import Returned
from tests.tasks.jobs import Color, Point

T = TypeVar("T")
POINT = Point(1, Decimal("2.5"), Color.BLUE)


@dataclass(frozen=True)
class Box(Generic[T]):
    inside: T
    more: tuple[T, ...] = ()


@dataclass
class Passing:
    kept: int
    lost: InitVar[int] = 0


class Raw(pydantic.BaseModel):
    content: bytes


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (UUID | str, str(UUID(int=5))),
        (Decimal | str, "1"),
        (Color | str, "red"),
        (tuple[int, ...] | list[int], [1]),
        (list[Decimal] | list[str], ["1"]),
        (dict[str, Decimal] | dict[str, str], {"a": "1"}),
        (tuple[Decimal, int] | tuple[str, int], ("1", 2)),
        (Point | dict[str, Any], {"x": 1, "y": "2.5", "color": None}),
        (dict[tuple[int, date], int], {(1, date(2026, 1, 2)): 3}),
        (dict[Box[int], int], {Box(1): 2}),
        (Box[date], Box(date(2026, 1, 2), (date(2026, 1, 3),))),
        (Sequence[Point], [POINT]),
        (Sequence[Point], (POINT,)),
        (Mapping[str, Color], {"a": Color.RED}),
        (Literal["a", Color.RED], Color.RED),
        (Literal["red", Color.RED], "red"),
    ],
)
def test_a_value_comes_back_as_what_it_was(annotation: Any, value: Any) -> None:
    packer = Returned(of(annotation))

    found = packer.unpack(decode(encode(packer.pack(value, "result"))), "result")

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "why"),
    [(Passing(1), "takes 'lost', an InitVar"), (Raw(content=b"\xff"), "utf-8")],
)
def test_what_a_model_cannot_write_is_refused_with_its_place(value: Any, why: str) -> None:
    with pytest.raises(EncodingError, match=f"value: .*{why}"):
        of(type(value)).pack(value, "value")
