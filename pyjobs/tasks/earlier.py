"""What stands in a call for results that are not there yet, and how they take its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgpack import ExtType

from pyjobs.errors import DecodingError, InvalidArgument, NoResult, NotFinished

if TYPE_CHECKING:
    from pyjobs.tasks.codecs import Packer

EARLIER = 74
"""Number of the extension type; beside it how many results there are, nothing: it is the one."""


@dataclass(frozen=True)
class Earlier:
    """Stands for what the job before returned, or with `count` for a list of so many results."""

    count: int | None = None

    def packed(self) -> ExtType:
        """Return what travels."""
        return ExtType(EARLIER, b"" if self.count is None else str(self.count).encode())


def unpacked(data: Any) -> Earlier | None:
    """Return what stands there for results; None: it is an argument."""
    if not isinstance(data, ExtType) or data.code != EARLIER:
        return None
    if data.data and not data.data.isdigit():
        raise DecodingError("the place of earlier results: is damaged")
    return Earlier(int(data.data) if data.data else None)


def place(args: Sequence[Any]) -> int | None:
    """Return where among the arguments the results of the jobs before belong."""
    return next((at for at, each in enumerate(args) if type(each) is Earlier), None)


def told(args: Sequence[Any], count: int | None) -> tuple[Any, ...]:
    """Return arguments that say of how many jobs the results are."""
    return tuple(Earlier(count) if type(each) is Earlier else each for each in args)


def filled(
    args: Sequence[Any],
    results: Sequence[Any],
    load: Callable[[Any, Packer], Any],
    packers: tuple[Packer, Packer],
) -> tuple[Any, ...]:
    """Put results, as they were kept, in their place; `packers`: of one, and of one in a list.

    A failure, for code that runs at one, stands for itself. Raises NoResult when one is gone.
    """
    at = place(args)
    assert at is not None  # noqa: S101 - who calls has looked
    count = args[at].count
    if len(results) < (1 if count is None else count):
        raise InvalidArgument("the job takes results of jobs before it, and there are none")

    def one(result: Any, packer: Packer) -> Any:
        if isinstance(result, (NoResult, NotFinished)):
            raise result
        return result if isinstance(result, BaseException) else load(result, packer)

    if count is None:
        found = one(results[0], packers[0])
    else:
        found = [one(each, packers[1]) for each in results[:count]]
    return (*args[:at], found, *args[at + 1 :])
