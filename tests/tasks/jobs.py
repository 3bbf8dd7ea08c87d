"""The tasks of these tests."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
import pydantic

from pyjobs import Cancel, Release, Retry, Tasks, current_job

tasks = Tasks(keep_result=60)
"""Each test binds them to its own client."""

ran: list[Any] = []
"""What ran here, in order."""


@tasks.task(retries=4, retry_on=OSError, keep_result=30)
def resize(path: str, width: int = 100) -> str:
    """Make a picture smaller."""
    return f"{path} {width}"


@tasks.task
async def fetch(url: str) -> int:
    await asyncio.sleep(0)
    return len(url)


@tasks.task
def echo(value):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201 - nothing says what it is
    return value


@tasks.task
def many(first: int, /, *rest: int, scale: float = 1, **names: date) -> Any:
    return [first, rest, scale, names]


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: int
    y: Decimal
    color: Color | None = None


class Pair(NamedTuple):
    left: Point
    right: list[Point]


class Person(pydantic.BaseModel):
    name: str
    born: date
    aliases: set[str] = set()


class Order(msgspec.Struct):
    number: UUID
    total: Decimal


@dataclasses.dataclass
class Mail:
    to: str

    @tasks.task(retries=1)
    def send(self, subject: str) -> str:
        return f"{subject} to {self.to}"

    @tasks.task
    @staticmethod
    def count(addresses: list[str]) -> int:
        return len(addresses)
