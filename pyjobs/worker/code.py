"""The code of a job, and what its class or function says about running it.

A class may say `run_within` and `kill_within` (seconds), `retry_on` and `give_up_on` (exception
classes or names of such), `backoff`, `backoff_base`, `backoff_cap` and `backoff_jitter`, as class
attributes; a function has them as attributes too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyjobs import options
from pyjobs.errors import InvalidArgument, ServerError
from pyjobs.hooks import Called, Hooks
from pyjobs.naming import Runnable
from pyjobs.options import BackoffOptions
from pyjobs.worker.failing import names_of

Kinds = tuple["type[BaseException] | str", ...]


@dataclass(frozen=True, slots=True)
class Code:
    """What runs the jobs of one class in one queue. `policy` is the backoff, packed.

    `pack` turns what it returns into what is kept of it; `called` are the hooks.
    """

    function: Callable[[Any], Any]
    is_async: bool
    run_within: float | None
    kill_within: float | None
    retry_on: Kinds
    give_up_on: Kinds
    policy: bytes
    pack: Callable[[Any], Any]
    called: Called

    @classmethod
    def of(cls, found: Runnable, hooks: Iterable[Hooks] = ()) -> Code:
        """Read what a class or function says; raises InvalidArgument when that is no sense.

        `hooks` are the worker's.
        """
        owner = found.owner
        backoff: dict[str, Any] = {
            name: getattr(owner, name)
            for name in BackoffOptions.__annotations__
            if getattr(owner, name, None) is not None
        }
        return cls(
            found.function,
            inspect.iscoroutinefunction(found.function),
            _seconds(owner, "run_within"),
            _seconds(owner, "kill_within"),
            _kinds(owner, "retry_on"),
            _kinds(owner, "give_up_on"),
            options.pack(options.to_wire(backoff)),
            found.pack,
            Called.of((*hooks, *found.hooks)),
        )

    @property
    def limited(self) -> bool:
        """Whether it says anything about time."""
        return self.run_within is not None or self.kill_within is not None

    def retries(self, error: BaseException) -> bool:
        """Whether another attempt is to be asked for after this error.

        Unless the class says otherwise that is so when the server was away: an explicit
        `job.complete()` may have been in need of it.
        """
        if _matches(error, self.give_up_on):
            return False
        return _matches(error, self.retry_on) or isinstance(error, ServerError)


def wanted(error: BaseException, own: Mapping[str, Any], otherwise: bool) -> bool:
    """Foresee what the engine makes of an error by a job's own retry_on and give_up_on."""
    if _matches(error, own.get("give_up_on", ())):
        return False
    return _matches(error, own.get("retry_on", ())) or otherwise


def _seconds(owner: Any, name: str) -> float | None:
    value = getattr(owner, name, None)
    return None if value is None else options.milliseconds(value, name) / 1000


def _kinds(owner: Any, name: str) -> Kinds:
    value = getattr(owner, name, ())
    kinds = (value,) if isinstance(value, (str, type)) else tuple(value)
    for kind in kinds:
        if not isinstance(kind, (str, type)):
            raise InvalidArgument(f"{name}: exception classes or names of such, not {kind!r}")
    return kinds


def _matches(error: BaseException, kinds: Iterable[type[BaseException] | str]) -> bool:
    names = names_of(error)
    return any(
        kind in names if isinstance(kind, str) else isinstance(error, kind) for kind in kinds
    )
