"""Server time of calls on 50 jobs, by what the jobs ask for, beside jobs that ask for nothing."""

from __future__ import annotations

import contextlib
import itertools
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from benchmarks import servers
from benchmarks.engine import Engine, leases, new_jids, put
from benchmarks.servers import Server
from benchmarks.tables import progress, table
from pyjobs import calls
from pyjobs.calls import Call
from pyjobs.library import Library, join, library

BATCH = 50
LIMIT = 2000
PARKED = 3_000

PUT = f"put {BATCH}"
POP = f"pop {BATCH}"
COMPLETE = f"complete {BATCH}"
TURN = f"complete {BATCH} and pop {BATCH}"

Options = Callable[[int], dict[str, Any]]
"""What the n-th of a call's jobs asks for."""


def _shared(**options: Any) -> Options:
    return lambda _: options


NOTHING = _shared()


def _customers(many: int) -> Options:
    return lambda n: {"limits": [f"customer-{k}:{n}" for k in range(many)]}


@dataclass(frozen=True)
class Feature:
    """Jobs that ask for something, on a namespace that these calls have prepared."""

    name: str
    options: Options = NOTHING
    before: Sequence[Call[Any]] = ()
    parked: int = 0
    """How many more jobs of the kind are there than are popped."""


FEATURES = (
    Feature("nothing"),
    Feature("a limit that none has set", _shared(limits=["smtp"])),
    Feature("a limit of theirs", _shared(limits=["smtp"]), [calls.limit("smtp", 1_000)]),
    Feature("a rate of theirs", _shared(limits=["api"]), [calls.limit("api", None, 10**6, 1000)]),
    Feature("a limit each", _customers(1), [calls.limit("customer-0:*", 10)]),
    Feature(
        "eight limits each",
        _customers(8),
        [calls.limit(f"customer-{k}:*", 10) for k in range(8)],
    ),
    Feature(
        f"a limit of theirs, {PARKED:,} parked",
        _shared(limits=["smtp"]),
        [calls.limit("smtp", BATCH)],
        PARKED,
    ),
    Feature(
        f"a limit each, {PARKED:,} parked",
        _customers(1),
        [calls.limit("customer-0:*", 1)],
        PARKED,
    ),
    Feature("the queue's own limit", before=[calls.limit("queue:benchmark", 1_000)]),
    Feature("their klass' limit", before=[calls.limit("klass:benchmarks.jobs.NoOp", 1_000)]),
    Feature("an order key each", lambda n: {"order_key": f"account:{n}"}),
    Feature(
        f"an order key each, {PARKED:,} behind",
        lambda n: {"order_key": f"account:{n}"},
        parked=PARKED,
    ),
    Feature("a tenant each", lambda n: {"tenant": f"tenant-{n}"}),
    Feature("ten tenants", lambda n: {"tenant": f"tenant-{n % 10}"}),
    Feature("a unique key each", lambda n: {"unique": f"key-{n}"}),
    Feature("retry policy", _shared(retries=3, backoff="exponential")),
    Feature("a deadline", _shared(finish_within=3_600_000)),
    Feature("a tag", _shared(tags=["blue"])),
)


@dataclass
class Cost:
    """Microseconds of single calls, and redis calls of the last one."""

    times: list[float] = field(default_factory=list)
    calls: int = 0


class Load:
    """One namespace with jobs of a kind."""

    def __init__(self, server: Server, feature: Feature, code: Library, namespace: str) -> None:
        self.feature = feature
        self.costs: dict[str, Cost] = defaultdict(Cost)
        self._server = server
        self._engine = Engine(server, code=code, namespace=namespace, keep=True)
        for call in feature.before:
            self._engine.call(call)
        for _ in range(feature.parked // BATCH):
            self._engine.call(self._putting())
        self._held = (
            leases(self._engine.call(self._engine.popping(BATCH))) if feature.parked else []
        )
        self.live()
        self.costs.clear()

    def _putting(self) -> Call[Any]:
        jids = new_jids(BATCH)
        return calls.step([put(jid, **self.feature.options(n)) for n, jid in enumerate(jids)])

    def _measured(self, name: str, call: Call[Any]) -> Any:
        with self._server.measured() as usages:
            answer = self._engine.call(call)
        self.costs[name].times.append(usages[0].time)
        self.costs[name].calls = usages[0].calls
        return answer

    def live(self) -> None:
        """Put, pop and complete; with jobs parked, complete and pop the next in one call."""
        self._measured(PUT, self._putting())
        if self._held:
            members: list[Call[Any]] = [calls.complete(lease) for lease in self._held]
            turn = calls.drain([*members, self._engine.popping(BATCH)])
            self._held = leases(self._measured(TURN, turn)[-1])
            return
        left = BATCH
        while left:
            held = leases(self._measured(POP, self._engine.popping(BATCH)))
            self._measured(COMPLETE, calls.drain([calls.complete(lease) for lease in held]))
            left -= len(held)


def _cell(cost: Cost, other: Cost | None) -> str:
    middle = statistics.median(cost.times)
    text = f"**{middle:.0f}**" if middle > LIMIT else f"{middle:.0f}"
    if other is not None:
        before = statistics.median(other.times)
        text = f"{before:.0f} ({other.calls}) -> {text}, {middle / before:.2f}"
    return f"{text} ({cost.calls})"


def _row(load: Load, other: Load | None = None) -> list[str]:
    """Write the costs of a feature's jobs; other: the same with the other engine."""
    row = [load.feature.name]
    for name in (PUT, POP, COMPLETE, TURN):
        cost = load.costs.get(name)
        row.append(_cell(cost, other.costs[name] if other else None) if cost else "")
    return row


def measure(kinds: Sequence[str], quick: bool, beside: Path | None) -> str:
    """Measure on these servers; returns a Markdown table each.

    beside: another tree of the project, whose engine is measured in turns with this one's.
    """
    rounds = 20 if quick else 100
    other = join(beside / "lua") if beside else None
    tables = []
    for kind in kinds:
        with servers.running(kind) as server:
            server.fresh()
            loads = []
            for number, feature in enumerate(FEATURES):
                pair = [Load(server, feature, library(), f"feature-{number}")]
                if other:
                    # An older tree may not know what these jobs ask for.
                    with contextlib.suppress(redis.ResponseError):
                        pair.append(Load(server, feature, other, f"other-{number}"))
                loads.append(pair)
            for at in range(rounds):
                if at % 10 == 0:
                    progress(f"features: {server.title}", at, rounds)
                for load in itertools.chain.from_iterable(loads):
                    load.live()
            rows = [_row(*pair) for pair in loads]
            tables.append(table((server.title, PUT, POP, COMPLETE, TURN), rows))
    return "\n\n".join(tables)
