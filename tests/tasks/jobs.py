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
from pyjobs.tasks import SignedPickle

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
def echo(value):  # type: ignore[no-untyped-def]
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


# What the codec carries


@tasks.task
def shapes(
    point: Point | None = None,
    pair: Pair | None = None,
    person: Person | None = None,
    order: Order | None = None,
    color: Color = Color.RED,
    either: Point | Person | Color | None = None,
) -> None:
    ran.append({"point": point, "color": color})


@tasks.task
def scalars(
    amount: Decimal,
    key: UUID,
    day: date,
    hour: time,
    period: timedelta,
    moment: datetime,
    mode: Literal["fast", "slow"] = "slow",
) -> list[Any]:
    return [amount, key, day, hour, period, moment, mode]


@tasks.task
def containers(
    numbers: set[int], texts: frozenset[str], span: tuple[date, int], rest: tuple[Decimal, ...]
) -> tuple[Any, ...]:
    return (numbers, texts, span, rest)


@tasks.task
def point(x: int) -> Point:
    return Point(x, Decimal("0.5"), Color.BLUE)


@tasks.task
def lies(value: Any) -> int:
    """Return something else than the annotation says."""
    return value  # type: ignore[no-any-return]


# How attempts end


@tasks.task(retries=3, retry_on=Exception)
def unkeepable() -> Any:
    ran.append("unkeepable")
    return object()


@tasks.task(retries=2)
def again(delay: float | None) -> None:
    """Ask for another attempt."""
    raise Retry("not now", delay=delay) from OSError("busy")


@tasks.task
async def again_async() -> None:
    raise Retry(delay=0)


@tasks.task
def later_please(delay: float) -> None:
    """Give the job back."""
    raise Release(delay=delay)


@tasks.task
def never_mind() -> None:
    """Take the job out of the system."""
    raise Cancel("not needed any more")


@tasks.task(retries=5, retry_on=("OSError", ValueError), give_up_on=FileNotFoundError)
def fails(name: str) -> None:
    """Raise a built-in exception."""
    raise {"OSError": OSError, "ValueError": ValueError, "FileNotFoundError": FileNotFoundError}[
        name
    ](name)


@tasks.task
def fan_out(addresses: list[str]) -> list[str]:
    """Put further jobs from within one."""
    queue = current_job().queue_name
    handles = fetch.options(queue=queue).later_many([(each,) for each in addresses])
    return [handle.jid for handle in handles]


@tasks.task
async def fan_out_async(address: str) -> str:
    """Put a further job from within a coroutine."""
    handle = await fetch.options(queue=current_job().queue_name).alater(address)
    return handle.jid


class Letter:
    """A job class of the old sort can raise what a task can."""

    @staticmethod
    def process(job: Any) -> None:
        raise Release(delay=60)


def addresses(numbers: Iterable[int]) -> list[tuple[str]]:
    """Return rows of arguments for `fetch`."""
    return [("x" * number,) for number in numbers]


# Calls that belong together


@tasks.task
def double(number: int) -> int:
    return 2 * number


@tasks.task
async def plus(number: int, other: int = 1) -> int:
    return number + other


@tasks.task
def total(numbers: list[int], start: int = 0) -> int:
    return sum(numbers, start)


@tasks.task
def moved(point: Point, by: int) -> Point:
    return dataclasses.replace(point, x=point.x + by)


@tasks.task
def middle(points: list[Point]) -> float:
    return sum(each.x for each in points) / len(points)


@tasks.task(retries=0)
def breaks(number: int) -> int:
    if "mended" in ran:
        return number
    raise LookupError(f"no {number}")


@tasks.task
def apologise(failure: BaseException) -> str:
    ran.append(str(failure).splitlines()[-1])
    return "sorry"


@tasks.task
def note(what: str) -> str:
    ran.append(what)
    return what


signed = tasks.task(codec=SignedPickle("sixteen bytes or more"))


@signed
def pickled(number: int) -> complex:
    return complex(number, 1)


@signed
def unpickled(number: complex) -> complex:
    return number * 2


@tasks.task
def ring_daily() -> None:
    ran.append("daily")
