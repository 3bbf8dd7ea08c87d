"""Random calls of the engine against a plain model of it: after each, everything that can be seen.

Times are passed in and only go forward. `pytest tests/laws --hypothesis-profile=long` looks for
longer, with other dice each time; the default profile throws the same dice on every run.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pyjobs.record import read_options
from tests.conftest import Server
from tests.engine.conftest import Engine, Lease, Refused, leases
from tests.laws.invariants import Keys, broken
from tests.laws.model import DAY, Handout, Model, Refusal
from tests.laws.observed import differences, engine_view, model_view
from tests.leaks import delete_keys

START = 1_700_000_000_000
OVERDUE = 8  # members of the clock that one tick looks at
UNITS = 20  # due work of one tick

JIDS = ["a", "b", "c", "d", "e", "f"]
QUEUES = ["q", "r", "s"]
WORKERS = ["v", "w"]
PARKABLE = {"waiting", "scheduled", "depends"}
GROUPS = ["one", "two"]

jids = st.sampled_from(JIDS)
queues = st.sampled_from(QUEUES)
workers = st.sampled_from(WORKERS)
picks = st.integers(0, 11)
"""Which of the jobs or leases that there are, counted from the latest."""
delays = st.sampled_from([0, 0, 0, 0, 1, 150, 5_000, 90_000])
lengths = st.sampled_from([None, None, 0, 500, 30_000])
payloads = st.sampled_from([b"", b"\xc0", b"small", b"l" * 1025])
policies = st.sampled_from(["wait", "run", "fail", "cancel"])
parents = st.lists(jids, min_size=1, max_size=2, unique=True)
tag_lists = st.lists(st.sampled_from(["t", "u", "v"]), min_size=1, max_size=2, unique=True)


def one_of_each(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Options that are put together from one choice of each part."""
    return st.tuples(*parts).map(lambda found: {k: v for part in found for k, v in part.items()})


when = st.fixed_dictionaries(
    {}, optional={"delay": delays, "at": st.integers(-2, 2).map(lambda n: START + n * 20_000)}
)
after = st.fixed_dictionaries(
    {"depends": parents, "parent_failure": policies},
    optional={
        "missing": st.sampled_from(["done", "done", "refuse"]),
        "hold": st.integers(0, 3).map(lambda n: n == 3),
        "delay": delays,
    },
)
nothing: st.SearchStrategy[dict[str, Any]] = st.just({})
stays = st.one_of(nothing, when, after, after)
priorities = st.fixed_dictionaries({}, optional={"priority": st.integers(-1, 1)})
kinds = st.fixed_dictionaries(
    {},
    optional={
        "retries": st.integers(0, 2),
        "tags": tag_lists,
        "lease": st.sampled_from([0, 700, 40_000]),
    },
)
backoffs = st.fixed_dictionaries(
    {},
    optional={
        "backoff": st.sampled_from(["fixed", "linear", "exponential"]),
        "backoff_base": st.sampled_from([100, 4_000]),
        "backoff_cap": st.sampled_from([1, 5_000]),
    },
)
runs = st.one_of(
    nothing,
    backoffs,
    st.fixed_dictionaries(
        {},
        optional={
            "run_within": st.sampled_from([0, 10]),
            "kill_within": st.just(20),
            "keep_result": st.sampled_from([0, DAY, DAY]),
            "poison_after": st.sampled_from([0, 1, 1, 2]),
            "context": st.sampled_from([b"", b"\x81\xa1t\xff"]),
        },
    ),
)
exists = st.sampled_from(["replace", "keep", "error", "repeated"]).map(
    lambda word: {"if_exists": word}
)
plain_options = one_of_each(stays, priorities, kinds, runs)
put_options = one_of_each(plain_options, st.one_of(nothing, nothing, exists))
next_options = one_of_each(stays, priorities)
depend_options = st.fixed_dictionaries(
    {"depends": parents},
    optional={"parent_failure": policies, "missing": st.sampled_from(["done", "refuse"])},
)


def packed(options: dict[str, Any]) -> bytes:
    return msgpack.packb(options, use_bin_type=False) if options else b""


Member = tuple[tuple[Any, ...], Callable[[], Any]]
"""A call: the command with its arguments, and what the model does."""


class RandomCalls(RuleBasedStateMachine):
    """Each rule is a call; all of them end in `agree`."""

    engine: Engine
    prefix = "laws"
    names = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"{self.prefix}-{next(self.names)}"
        self.engine = Engine(self.engine.server, self.namespace, self.engine.delivery)
        self.model = Model(START)
        self.model.adopt = self.adopt  # type: ignore[method-assign]
        self.keys = Keys(self.engine.server, self.engine.root)
        self.high = 0
        self.agreed = True
        self.tokens: set[bytes] = set()
        self.puts: dict[str, Member] = {}
        self.pops: dict[str, tuple[Any, ...]] = {}
        self.taken = ""
        self.numbers = itertools.count(1)

    @initialize(
        stock=st.lists(st.tuples(jids, queues, plain_options), min_size=4, max_size=12),
        keep=st.sampled_from([None, None, 0, 2]),
        grace=st.sampled_from([None, None, 3]),
    )
    def begin_with(
        self, stock: list[tuple[str, str, dict[str, Any]]], keep: int | None, grace: int | None
    ) -> None:
        self.stock = itertools.cycle(stock)
        if keep is not None:
            self.engine.call("configure", "jobs-history-count", keep, now=START)
            self.model.keep = keep
        if grace is not None:
            self.engine.call("configure", "grace-period", grace, now=START)
            self.model.configure("grace-period", grace)
        self.settle()

    # comparing

    def begin(self) -> None:
        self.agreed = False
        self.model.begin()

    def agree(self, member: Member) -> Any:
        """Make a call here and there; returns the engine's answer, or None when it was refused."""
        (command, *args), call = member
        before = self.keys.found
        self.begin()
        answer, refused = None, ""
        try:
            answer = self.engine.call(command, *args, now=self.model.now)
        except Refused as refusal:
            refused = reason_of(refusal)
        self.keys = Keys(self.engine.server, self.engine.root)
        try:
            expected = call()
        except Refusal as refusal:
            # The two refusals are compared; that there is one is not what is expected.
            told = f"{command}: {refused or answer!r}, not {refusal}"
            assert refused == str(refusal), told  # noqa: PT017
            assert before == self.keys.found, f"{command} was refused and wrote"
            self.agreed = True
            return None
        assert not refused, f"{command}: {refused}, not {expected!r}"
        self.same_answer(answer, expected)
        self.compare()
        return answer

    def same_answer(self, answer: Any, expected: Any) -> None:
        if isinstance(answer, list) and isinstance(expected, list):
            assert len(answer) == len(expected)
            for one, other in zip(answer, expected, strict=True):
                self.same_answer(one, other)
        elif isinstance(expected, Handed):
            self.same_leases(leases(answer), expected.handouts)
        elif isinstance(expected, Taken):
            given = [(lease.jid, lease.payload, lease.klass) for lease in leases(answer)]
            assert given == expected.jobs
        elif isinstance(expected, Refusal):
            assert isinstance(answer, Exception), f"answered {answer!r}, not {expected}"
            assert reason_of(Refused(str(answer))) == str(expected)
        else:
            shown = answer.decode() if isinstance(answer, bytes) else answer
            assert shown == expected, f"answered {shown!r}, not {expected!r}"

    def same_leases(self, given: list[Lease], expected: list[Handout]) -> None:
        assert [lease.jid for lease in given] == [handout.jid for handout in expected]
        for lease, handout in zip(given, expected, strict=True):
            job = self.model.jobs[lease.jid]
            token = lease.record.token
            if not handout.token:
                assert token not in self.tokens, "a token came twice"
                self.tokens.add(token)
                handout.token = token
            assert (lease.queue, token) == (handout.queue, handout.token)
            assert (lease.payload, lease.klass) == (job.payload, job.klass)
            assert lease.ends == (0 if job.ends == float("inf") else job.ends)

    def adopt(self) -> None:
        """Check the places that were drawn, and take them and the new children over."""
        for queue in self.model.queues:
            self.adopt_children(queue)
        known = {jid.decode(): job.place for jid, job in self.keys.live.items()}
        drew = {jid for found in self.model.drew.values() for jid in found}
        for jid, job in self.model.jobs.items():
            place = known.get(jid, job.place)
            if jid in drew:
                assert place > self.high, f"{jid} has an old place"
            elif job.state == "waiting":
                assert place == job.place, f"{jid} lost its place"
            job.place = place
        for cause, found in self.model.drew.items():
            for queue in self.model.queues:
                places = [
                    self.model.jobs[jid].place
                    for jid in found
                    if jid in self.model.jobs and self.model.jobs[jid].queue == queue
                ]
                assert places == sorted(places), f"{cause}: {found} came in another order"

    def adopt_children(self, queue: str) -> None:
        due = [child for child in self.model.children if child[0].queue == queue]
        self.model.children = [child for child in self.model.children if child not in due]
        number = {name.decode(): number for number, name in self.keys.numbers().items()}[queue]
        born = sorted(
            (job.place, job.since, str(job.options["origin"]), jid.decode())
            for jid, job in self.keys.live.items()
            if jid.decode() not in self.model.jobs
            and "origin" in job.options
            and job.queue == number
        )
        moments = [moment for _, moment, _, _ in born]
        assert moments == sorted(moments), "a later child came first"
        assert sorted((origin, moment) for _, moment, origin, _ in born) == sorted(
            (template.jid, moment) for template, moment in due
        )
        for _, moment, origin, jid in born:
            self.model.born(self.model.templates[origin], moment, jid)

    def compare(self) -> None:
        """Compare all that can be seen, and look at the keys themselves."""
        self.adopt()
        self.high = max([self.high, *(job.place for job in self.model.jobs.values())])
        faults = differences(engine_view(self.engine, self.model), model_view(self.model))
        faults += broken(self.keys, self.model.now)
        faults += map(str, self.engine.check(now=self.model.now))
        assert not faults, "\n".join(faults)
        self.agreed = True

    # choosing

    def handout(self, pick: int) -> Handout | None:
        """Pick a lease: one of a job that others wait for, of another, or a lost one."""
        held = [one for one in self.model.handouts if not one.ended]
        held.sort(key=lambda one: bool(self.model.jobs[one.jid].dependents))
        lost = [one for one in self.model.handouts if one.ended and self.certain(one)]
        found = [*lost[-3:], *held]
        return found[-1 - pick % len(found)] if found else None

    def some_handouts(self, chosen: list[int]) -> list[Handout]:
        """Pick leases of different jobs."""
        self.need_leases()
        found = {one.jid: one for one in map(self.handout, chosen) if one}
        return list(found.values())

    def certain(self, handout: Handout) -> bool:
        """Whether the clock on the wall has no say in what becomes of this lease."""
        trace = self.model.traces.get(handout.jid)
        return handout.jid in self.model.jobs or trace is None or trace.sure

    def certain_options(self, given: dict[str, Any]) -> dict[str, Any]:
        """Leave out what depends on whether the trace of a parent is still there."""
        traces = [self.model.traces.get(jid) for jid in given.get("depends", [])]
        unsure = any(trace and not trace.sure for trace in traces)
        return {name: value for name, value in given.items() if name != "missing" or not unsure}

    def some_job(self, pick: int) -> str:
        """Pick a job, or now and then one that there is not."""
        if not self.model.jobs:
            self.put_from_stock()
        found = [*JIDS[:1], *self.model.jobs]
        return found[-1 - pick % len(found)]

    def put_from_stock(self) -> None:
        jid, queue, options = next(self.stock)
        self.agree(self.put_member(jid, queue, b"stock", options, nonce=True))

    def need_leases(self) -> None:
        """See to it that somebody holds something."""
        for _ in range(3):
            if any(not one.ended for one in self.model.handouts):
                return
            if not any(job.state == "waiting" for job in self.model.jobs.values()):
                self.put_from_stock()
            self.pop("v", QUEUES, 2, None, False)

    # rules: a job's life

    @rule(
        jobs=st.lists(
            st.tuples(jids, queues, payloads, put_options, st.booleans()), min_size=1, max_size=4
        )
    )
    def put(self, jobs: list[tuple[str, str, bytes, dict[str, Any], bool]]) -> None:
        for jid, queue, payload, options, nonce in jobs:
            self.agree(self.put_member(jid, queue, payload, options, nonce=nonce))

    def put_member(
        self, jid: str, queue: str, payload: bytes, given: dict[str, Any], *, nonce: bool
    ) -> Member:
        options = self.certain_options(given)
        if nonce:
            options["nonce"] = f"n{next(self.numbers)}"
        trace = self.model.traces.get(jid)
        if trace and not trace.sure:
            options.pop("if_exists", None)
        member: Member = (
            ("put", queue, jid, "K", payload, packed(options)),
            lambda: self.model.put(jid, queue, payload, options),
        )
        if nonce:
            self.puts[jid] = member
        return member

    @precondition(lambda self: self.puts)
    @rule(pick=picks)
    def put_again(self, pick: int) -> None:
        """A put that was answered is repeated after a cut connection."""
        jid = list(self.puts)[-1 - pick % len(self.puts)]
        known = self.model.jobs.get(jid) or self.model.traces.get(jid)
        (_, _, _, _, _, options), _ = self.puts[jid]
        nonce = read_options(options)["nonce"]
        if known and known.nonce == nonce and getattr(known, "sure", True):
            before = self.keys.found
            self.agree(self.puts[jid])
            assert before == self.keys.found, "a repeated put wrote"

    @rule(
        worker=workers,
        names=st.just(QUEUES) | st.lists(queues, min_size=1, max_size=3),
        count=st.integers(1, 6),
        lease=lengths,
        wait=st.booleans(),
    )
    def pop(self, worker: str, names: list[str], count: int, lease: int | None, wait: bool) -> None:
        self.settle_if_crowded()
        first_due = self.model.first_due() - self.model.now
        request = f"r{next(self.numbers)}"
        self.pops[worker] = (request, count, lease, wait, names)
        answer = self.agree(self.pop_member(worker, again=False))
        if len(answer) == 1 or wait:
            assert 0 <= answer[0] <= 4000
        if not wait and answer[0] != 0 and 0 < first_due:
            assert answer[0] <= first_due, "an idle worker would sleep through a due moment"

    def pop_member(self, worker: str, *, again: bool) -> Member:
        request, count, lease, wait, names = self.pops[worker]

        def call() -> Handed:
            handed = self.model.pop(worker, request, again, count, lease, names)
            if wait and handed == []:
                for name in names:
                    self.model.register(name)
            return Handed(handed or [])

        return (
            (
                "pop",
                worker,
                request,
                int(again),
                count,
                optional(lease),
                int(wait),
                "ordered",
                0,
                *names,
            ),
            call,
        )

    @rule(worker=workers, name=queues, count=st.integers(1, 4))
    def take(self, worker: str, name: str, count: int) -> None:
        self.tick()  # what is born and gone in one call could not be seen
        request = f"r{next(self.numbers)}"
        args = ("take", worker, request, self.taken, count, 0, name)
        answer = self.agree((args, lambda: Taken(self.model.take(count, name))))
        if answer[0] == 0:
            self.taken = request
            before = self.keys.found
            assert answer == self.engine.call(*args, now=self.model.now + 1)
            assert before == Keys(self.engine.server, self.engine.root).found, "a repeat took more"

    @precondition(lambda self: self.pops)
    @rule(worker=workers)
    def pop_again(self, worker: str) -> None:
        """A pop is repeated after a cut connection; then its first sending comes, too late."""
        if worker not in self.pops:
            return
        request = self.pops[worker][0]
        self.settle_if_crowded()
        held = [one for one in self.model.handouts if not one.ended]
        first = [one for one in held if (one.worker, one.request) == (worker, request)]
        for _ in range(2):
            answer = self.agree(self.pop_member(worker, again=True))
            if first:
                assert {lease.key for lease in leases(answer)} == {one.key for one in first}
        assert [] == leases(self.agree(self.pop_member(worker, again=False)))

    @rule(worker=workers, lease=lengths, chosen=st.lists(picks, min_size=1, max_size=3))
    def heartbeat(self, worker: str, lease: int | None, chosen: list[int]) -> None:
        handouts = self.some_handouts(chosen)
        if not handouts:
            return
        keys = [part for one in handouts for part in one.key]
        self.agree(
            (
                ("heartbeat", worker, optional(lease), *keys),
                lambda: self.model.heartbeat_of(worker, lease, handouts),
            )
        )

    @rule(pick=picks, payload=payloads, result=st.sampled_from([None, b"", b"\xff", b"r"]))
    def complete(self, pick: int, payload: bytes, result: bytes | None) -> None:
        self.end_one(pick, lambda one: self.complete_member(one, payload, "", {}, result))

    @rule(pick=picks, payload=payloads, queue=queues, options=next_options)
    def complete_into_next(
        self, pick: int, payload: bytes, queue: str, options: dict[str, Any]
    ) -> None:
        self.end_one(pick, lambda one: self.complete_member(one, payload, queue, options))

    def complete_member(
        self,
        handout: Handout,
        payload: bytes,
        queue: str,
        given: dict[str, Any],
        result: bytes | None = None,
    ) -> Member:
        options = self.certain_options(given)
        args = ("complete", *handout.key, payload, queue, packed(options))
        return (
            args if result is None else (*args, result),
            lambda: self.model.complete(handout, payload, queue, options, result),
        )

    @rule(pick=picks, group=st.sampled_from(GROUPS), payload=payloads)
    def fail(self, pick: int, group: str, payload: bytes) -> None:
        self.end_one(pick, lambda one: self.fail_member(one, group, payload))

    def fail_member(self, handout: Handout, group: str, payload: bytes) -> Member:
        return (
            ("fail", *handout.key, group, "why", payload),
            lambda: self.model.fail(handout, group, "why", payload),
        )

    @rule(
        pick=picks,
        delay=st.one_of(delays, st.none()),
        group=st.sampled_from(["", *GROUPS]),
        policy=backoffs,
    )
    def retry(self, pick: int, delay: int | None, group: str, policy: dict[str, Any]) -> None:
        self.end_one(pick, lambda one: self.retry_member(one, delay, group, policy))

    def retry_member(
        self, handout: Handout, delay: int | None, group: str, policy: dict[str, Any]
    ) -> Member:
        message = "because" if group else ""
        return (
            ("retry", *handout.key, optional(delay), group, message, packed(policy)),
            lambda: self.model.retry(handout, delay, group, message, policy),
        )

    @rule(pick=picks, delay=delays)
    def release(self, pick: int, delay: int) -> None:
        self.end_one(pick, lambda one: self.release_member(one, delay))

    def release_member(self, handout: Handout, delay: int) -> Member:
        return (
            ("release", *handout.key, delay or ""),
            lambda: self.model.release(handout, delay),
        )

    def end_one(self, pick: int, member_of: Callable[[Handout], Member]) -> None:
        self.need_leases()
        handout = self.handout(pick)
        if handout:
            self.end(member_of(handout))

    def end(self, member: Member) -> None:
        """End a lease twice, as after a cut connection: the second time nothing happens."""
        before = self.agree(member)
        if before is not None:
            found = self.keys.found
            assert before == self.agree(member)
            assert found == self.keys.found, "a repeat wrote"

    @rule(
        chosen=st.lists(picks, min_size=1, max_size=4),
        worker=workers,
        queue=st.sampled_from(["", "", *QUEUES]),
        count=st.integers(1, 4),
    )
    def complete_many_and_pop(self, chosen: list[int], worker: str, queue: str, count: int) -> None:
        """One call of a busy worker: these are done, give me the next."""
        members = [self.complete_member(one, b"", queue, {}) for one in self.some_handouts(chosen)]
        self.settle_if_crowded()
        self.pops[worker] = (f"r{next(self.numbers)}", count, None, False, QUEUES)
        members.append(self.pop_member(worker, again=False))
        args = [part for args, _ in members for part in (args[0], len(args) - 1, *args[1:])]

        self.agree((("drain", "each", *args), lambda: [outcome(call) for _, call in members]))

    @rule(data=st.data())
    def several(self, data: st.DataObject) -> None:
        """Calls about different jobs in one call: all or none, or each for itself."""
        self.need_leases()
        mode = data.draw(st.sampled_from(["all", "each"]))
        count = data.draw(st.integers(2, 5))
        members = [self.any_member(data) for _ in range(count)]
        members = list({subject(args): (args, call) for args, call in members}.values())
        args = [part for args, _ in members for part in (args[0], len(args) - 1, *args[1:])]
        calls = [call for _, call in members]
        if mode == "all":
            self.agree((("step", mode, *args), lambda: self.model.step(calls)))
        else:
            self.agree((("step", mode, *args), lambda: [outcome(call) for call in calls]))

    # One branch a verb, on purpose: a table of closures would say the same less plainly.
    def any_member(self, data: st.DataObject) -> Member:  # noqa: C901, PLR0911, PLR0912
        draw, model = data.draw, self.model
        jid = self.some_job(draw(picks))
        verbs = ["put", "put", "depend", "undepend", "move", "cancel", "priority", "unfail"]
        if self.handout(0):
            verbs += ["complete", "complete", "next", "fail", "retry", "release", "timeout"]
        verb = draw(st.sampled_from(verbs))
        if verb == "put":
            return self.put_member(draw(jids), draw(queues), b"x", draw(plain_options), nonce=False)
        if verb == "depend":
            return self.depend_member(jid, "", draw(depend_options))
        if verb == "undepend":
            return ("undepend", jid, 1), lambda: model.undepend(jid, None)
        if verb == "cancel":
            return ("cancel", jid), lambda: model.cancel([jid])
        if verb == "priority":
            return ("priority", jid, 1), lambda: model.priority(jid, 1)
        if verb == "unfail":
            return ("unfail", jid, ""), lambda: model.unfail(jid, "")
        if verb == "timeout":
            return ("timeout", jid), lambda: model.timeout(jid)
        queue, delay = draw(queues), draw(delays)
        if verb == "move":
            return ("move", jid, queue, delay or ""), lambda: model.move(jid, queue, delay)
        handout = self.handout(draw(picks))
        assert handout
        if verb == "complete":
            return self.complete_member(handout, b"", "", {})
        if verb == "next":
            return self.complete_member(handout, b"", queue, draw(next_options))
        if verb == "fail":
            return self.fail_member(handout, "one", b"")
        if verb == "retry":
            return self.retry_member(handout, delay, "", {})
        return self.release_member(handout, delay)

    # rules: what operators do

    @rule(pick=picks)
    def timeout(self, pick: int) -> None:
        self.need_leases()
        running = [one.jid for one in self.model.handouts if not one.ended]
        jid = running[-1 - pick % len(running)] if running else self.some_job(pick)
        self.agree((("timeout", jid), lambda: self.model.timeout(jid)))

    @rule(pick=picks, queue=queues, delay=delays)
    def move(self, pick: int, queue: str, delay: int) -> None:
        jid = self.some_job(pick)
        self.agree((("move", jid, queue, delay or ""), lambda: self.model.move(jid, queue, delay)))

    @rule(chosen=st.lists(picks, min_size=1, max_size=3), dependents=st.booleans())
    def cancel(self, chosen: list[int], dependents: bool) -> None:
        found = list(dict.fromkeys(map(self.some_job, chosen)))
        if dependents:
            for jid in found:
                job = self.model.jobs.get(jid)
                found += [one for one in (job.dependents if job else ()) if one not in found]
        member: Member = (("cancel", *found), lambda: self.model.cancel(found))
        if self.agree(member) is not None:
            assert len(found) == self.agree(member), "a cancel can be repeated"

    @rule(pick=picks, priority=st.integers(-1, 1))
    def priority(self, pick: int, priority: int) -> None:
        jid = self.some_job(pick)
        self.agree((("priority", jid, priority), lambda: self.model.priority(jid, priority)))

    @rule(pick=picks)
    def await_end(self, pick: int) -> None:
        jid = self.some_job(pick)
        if jid not in self.model.jobs:
            return
        self.agree((("wait", 1, jid), lambda: self.model.wait(jid, self.engine.root)))

    @rule(pick=picks, hold=st.sampled_from(["", "", "more", "last"]), options=depend_options)
    def depend(self, pick: int, hold: str, options: dict[str, Any]) -> None:
        found = [job.jid for job in self.model.jobs.values() if job.state in PARKABLE]
        jid = found[-1 - pick % len(found)] if found else self.some_job(pick)
        self.agree(self.depend_member(jid, hold, options))

    def depend_member(self, jid: str, hold: str, given: dict[str, Any]) -> Member:
        options = self.certain_options(given)
        return (
            ("depend", jid, hold, packed(options)),
            lambda: self.model.depend(jid, hold, options),
        )

    @rule(pick=picks, others=st.none() | parents)
    def undepend(self, pick: int, others: list[str] | None) -> None:
        jid = self.some_job(pick)
        self.agree(
            (
                ("undepend", jid, int(others is None), *(others or ())),
                lambda: self.model.undepend(jid, others),
            )
        )

    @rule(pick=picks, queue=st.sampled_from(["", *QUEUES]))
    def unfail(self, pick: int, queue: str) -> None:
        if not any(job.state == "failed" for job in self.model.jobs.values()):
            self.end_one(pick, lambda one: self.fail_member(one, "one", b""))
        failed = [job.jid for job in self.model.jobs.values() if job.state == "failed"]
        jid = failed[-1 - pick % len(failed)] if failed else self.some_job(pick)
        self.agree((("unfail", jid, queue), lambda: self.model.unfail(jid, queue)))

    @rule(
        group=st.sampled_from([*GROUPS, "failed-retries-q", "failed-parent-q"]),
        queue=st.sampled_from(["", *QUEUES]),
        count=st.integers(1, 3),
    )
    def unfail_group(self, group: str, queue: str, count: int) -> None:
        self.agree(
            (
                ("unfail_group", group, queue, count, ""),
                lambda: self.model.unfail_group(group, queue, count),
            )
        )

    @rule(
        pick=picks,
        what=st.sampled_from(["tag", "untag", "track", "untrack", "log"]),
        tags=tag_lists,
    )
    def note(self, pick: int, what: str, tags: list[str]) -> None:
        jid, model = self.some_job(pick), self.model
        if what == "log":
            request = f"l{next(self.numbers)}"
            member: Member = (("log", jid, "what", b"\0", request), lambda: model.log(jid))
            if self.agree(member) is not None:
                self.agree((member[0], lambda: "logged"))
        elif what == "tag":
            self.agree((("tag", jid, *tags), lambda: model.tag(jid, tags)))
        elif what == "untag":
            self.agree((("untag", jid, *tags), lambda: model.untag(jid, tags)))
        elif what == "track":
            self.agree((("track", jid), lambda: model.track(jid)))
        else:
            self.agree((("untrack", jid), lambda: model.untrack(jid)))

    @rule(
        what=st.sampled_from(["pause", "unpause", "unpause", "forget", "deregister"]),
        names=st.lists(queues, min_size=1, max_size=2, unique=True),
        worker=workers,
    )
    def operate(self, what: str, names: list[str], worker: str) -> None:
        model = self.model
        if what == "forget":
            self.agree((("forget", names[0]), lambda: model.forget(names[0])))
        elif what == "deregister":
            self.agree((("deregister", worker), lambda: model.deregister([worker])))
        else:
            self.agree(((what, *names), lambda: model.pause(names, paused=what == "pause")))

    @rule(worker=workers, about=st.sampled_from([b"", b"\x80", b"r1:1"]))
    def report(self, worker: str, about: bytes) -> None:
        self.agree((("report", worker, about, "q"), lambda: self.model.report(worker, about)))

    @rule(
        name=st.sampled_from(["heartbeat", "grace-period", "heartbeat-q", "heartbeat-r"]),
        value=st.sampled_from([None, 0.4, 2, 90]),
    )
    def configure(self, name: str, value: float | None) -> None:
        self.begin()
        self.engine.call("configure", name, optional(value), now=self.model.now)
        self.keys = Keys(self.engine.server, self.engine.root)
        self.model.configure(name, value)
        self.compare()

    @rule(queue=queues, value=st.sampled_from(["", 10**9, 10**12]))
    def cap(self, queue: str, value: Any) -> None:
        """Caps that nothing reaches: they are counted for, and change nothing else."""
        self.begin()
        self.engine.call("configure", f"max-bytes-{queue}", value, now=self.model.now)
        if value:
            self.model.register(queue)
        self.keys = Keys(self.engine.server, self.engine.root)
        self.compare()

    @rule(
        jid=st.sampled_from(["a", "x", "y"]),
        queue=queues,
        interval=st.sampled_from([250, 30_000, DAY]),
        offset=delays,
        options=st.fixed_dictionaries(
            {"backlog": st.integers(1, 2)},
            optional={
                "priority": st.integers(-1, 1),
                "retries": st.integers(0, 1),
                "tags": tag_lists,
                "run_within": st.just(10),
                "context": st.just(b"\xff"),
            },
        ),
    )
    def recur(
        self, jid: str, queue: str, interval: int, offset: int, options: dict[str, Any]
    ) -> None:
        given = options | {"nonce": f"n{next(self.numbers)}"}
        member: Member = (
            ("recur", queue, jid, "K", b"again", interval, offset, packed(given)),
            lambda: self.model.recur(jid, queue, b"again", interval, offset, dict(given)),
        )
        self.end(member)

    @rule(jid=st.sampled_from(["x", "y"]), what=st.sampled_from(["pause", "resume", "end"]))
    def change_recurring(self, jid: str, what: str) -> None:
        if what == "end":
            self.agree((("unrecur", jid), lambda: self.model.unrecur(jid)))
        else:
            paused = what == "pause"
            self.agree(
                (
                    ("recur_update", jid, packed({"paused": paused}), b""),
                    lambda: self.model.pause_template(jid, paused=paused),
                )
            )

    # what time does

    @rule(
        step=st.sampled_from([1, 50, 100, 700, 1_000, 6_000, 31_000, 61_000])
        | st.sampled_from([50, 200, 400_000, DAY, 8 * DAY, 200 * DAY])
    )
    def wait(self, step: int) -> None:
        self.model.now += step
        self.tick()

    def tick(self) -> None:
        self.settle_if_crowded()
        first_due = self.model.first_due() - self.model.now
        self.begin()
        answer = self.engine.call("tick", now=self.model.now)
        self.keys = Keys(self.engine.server, self.engine.root)
        self.model.tick()
        self.compare()
        assert 0 <= answer <= 4000
        assert first_due <= 0 or answer <= first_due

    def settle_if_crowded(self) -> None:
        """Let the engine come up with due work that one call does not do, or not in one order."""
        overdue = sum(1 for due in self.keys.single("clock").values() if due <= self.model.now)
        told = bool(self.model.ended) and overdue > 1
        if overdue > OVERDUE or self.model.units() > UNITS or told:
            self.settle()

    def settle(self) -> None:
        """Tick until nothing is due."""
        self.begin()
        for _ in range(100):
            if self.engine.call("tick", now=self.model.now):
                break
        else:
            pytest.fail("due work never ends")
        self.keys = Keys(self.engine.server, self.engine.root)
        self.model.tick()
        self.adopt()
        while self.model.ended or self.model.units():
            self.model.tick()
        self.compare()

    def teardown(self) -> None:
        """Let everything end: nothing may be left."""
        try:
            if self.agreed:
                self.finish()
        finally:
            delete_keys(self.engine.server, self.namespace)

    def finish(self) -> None:
        self.settle()
        for jid in list(self.model.templates):
            self.agree((("unrecur", jid), lambda jid=jid: self.model.unrecur(jid)))  # type: ignore[misc]
        going = [job.jid for job in self.model.jobs.values() if job.state != "complete"]
        for _ in range(2):
            if going:
                self.agree((("cancel", *going), lambda: self.model.cancel(going)))
        self.model.now += 400 * DAY
        self.settle()
        self.settle()
        for name in list(self.model.queues):
            self.agree((("forget", name), lambda name=name: self.model.forget(name)))  # type: ignore[misc]
        assert not self.model.jobs
        left = {kind for kind, found in self.keys.found.items() if found}
        stays = {"", "sequence", "events"}
        expires = {"job", "stats", "histogram", "samples", "ring", "job-ring", "request", "result"}
        assert left <= stays | expires, f"left behind: {left}"
        fields = {name.decode().partition(":")[0] for name in self.keys.fields}
        assert not fields & {"queue", "name", "sweep"}, f"left behind in the root: {fields}"


class Taken:
    """What a take hands out by the model."""

    def __init__(self, jobs: list[tuple[str, bytes, str]]) -> None:
        self.jobs = jobs


class Handed:
    """What a pop hands out by the model."""

    def __init__(self, handouts: list[Handout]) -> None:
        self.handouts = handouts


def subject(args: tuple[Any, ...]) -> str:
    """Return the job that a member of a step is about."""
    named_second = {"put", "complete", "fail", "retry", "release"}
    jid: str = args[2] if args[0] in named_second else args[1]
    return jid


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Refusal as refusal:
        return refusal


def optional(value: Any) -> Any:
    return "" if value is None else value


def reason_of(refusal: Refused) -> str:
    """Return the word of a refusal, and the reason if it has one."""
    if refusal.word == "LEASELOST":
        return f"LEASELOST {refusal.text.split()[0]}"
    return refusal.word


@pytest.mark.timeout(0)
def test_random_calls_agree_with_the_model(server: Server, delivery: str) -> None:
    machine = type("Calls", (RandomCalls,), {"engine": Engine(server.admin, "laws", delivery)})
    run_state_machine_as_test(machine)
