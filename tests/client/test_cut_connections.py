"""Connections that break at every byte of a call: it is applied once, and answered as if uncut."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

import pyjobs
from pyjobs import calls, engine
from pyjobs.job import Job
from pyjobs.options import pack
from tests.client.proxy import Proxy, Side

NOW = 1_800_000_000_000

Act = Callable[[Any, str, list[Any]], Any]
"""What is done, by a client of either sort: to a queue, with jobs popped from it before."""


@dataclass(frozen=True)
class Case:
    """Something to do once, however often it is sent."""

    name: str
    act: Act
    popped: int = 0
    """Jobs that are put and popped beforehand."""
    waiting: int = 0
    """Jobs that are put beforehand."""
    before: Callable[[pyjobs.Client, str], object] | None = None
    """What is done with them."""

    def __str__(self) -> str:
        return self.name


def job(number: int) -> dict[str, Any]:
    return {"data": {"n": number}, "priority": number}


CASES = [
    Case("put", lambda client, q, _: client.queue(q).put(None, {"n": 1}, tags=["t"], delay=5)),
    Case("put with a jid", lambda client, q, _: client.queue(q).put(None, {"n": 1}, jid=f"{q}.a")),
    Case(
        "put again",
        lambda client, q, _: client.queue(q).put(None, {"n": 1}, jid=f"{q}.0", priority=3),
        waiting=1,
    ),
    Case(
        "unique put",
        lambda client, q, _: client.queue(q).put(None, {"n": 1}, unique=f"{q}.k"),
    ),
    Case(
        "unique put that is merged",
        lambda client, q, _: client.queue(q).put(
            None, {"n": 1}, unique=f"{q}.k", unique_until="started", if_duplicate="replace"
        ),
        before=lambda direct, q: direct.queue(q).put(
            None, jid=f"{q}.0", unique=f"{q}.k", unique_until="started"
        ),
    ),
    Case(
        "unique puts",
        lambda client, q, _: client.queue(q).put_many(
            {"data": {"n": n}, "unique": f"{q}.k", "debounce": 5} for n in range(3)
        ),
    ),
    Case("put_many", lambda client, q, _: client.queue(q).put_many([job(1), job(2), job(3)])),
    Case("pop", lambda client, q, _: client.queue(q).pop(), waiting=2),
    Case("pop of many", lambda client, q, _: client.queue(q).pop(3), waiting=4),
    Case("pop of nothing", lambda client, q, _: client.queue(q).pop(3), popped=1),
    Case("take", lambda client, q, _: client.queue(q).take(2), waiting=4),
    Case("take of nothing", lambda client, q, _: client.queue(q).take(2)),
    Case("complete", lambda client, q, jobs: jobs[0].complete(), popped=1),
    Case("complete into", lambda client, q, jobs: jobs[0].complete(f"{q}-next"), popped=1),
    Case(
        "complete and pop",
        lambda client, q, jobs: client.queue(q).complete(jobs, pop=2),
        popped=2,
        waiting=3,
    ),
    Case("fail", lambda client, q, jobs: jobs[0].fail(f"{q}-group", "why"), popped=1),
    Case("retry", lambda client, q, jobs: jobs[0].retry(delay=5), popped=1),
    Case("release", lambda client, q, jobs: jobs[0].release(), popped=1, waiting=1),
    Case("heartbeat", lambda client, q, jobs: jobs[0].heartbeat(90), popped=1),
]


def failed(direct: pyjobs.Client, queue: str) -> None:
    for each in direct.queue(queue).pop(3):
        each.fail("group")


def recurring(direct: pyjobs.Client, queue: str) -> None:
    direct.queue(queue).recur(None, interval=60, jid=f"{queue}.r")


# What people do with jobs, by their names.
OTHERS = [
    Case("timeout", lambda client, q, jobs: jobs[0].timeout(), popped=1, waiting=1),
    Case(
        "cancel", lambda client, q, jobs: client.jobs.cancel(*jobs, f"{q}.1"), popped=1, waiting=1
    ),
    Case("move", lambda client, q, jobs: jobs[0].move(f"{q}-next"), popped=1),
    Case("move later", lambda client, q, jobs: jobs[0].move(f"{q}-next", delay=5), popped=1),
    Case("move in place", lambda client, q, jobs: jobs[0].move(q, delay=5), popped=1),
    Case("priority", lambda client, q, jobs: jobs[0].set_priority(4), popped=1),
    Case("tag", lambda client, q, jobs: jobs[0].tag("a", "b"), popped=1),
    Case("track", lambda client, q, jobs: client.track(jobs[0]), popped=1),
    Case("untrack", lambda client, q, jobs: client.untrack(jobs[0]), popped=1),
    Case("log", lambda client, q, jobs: jobs[0].log("seen", {"n": 1}), popped=1),
    Case("pause", lambda client, q, _: client.queue(q).pause(), waiting=1),
    Case("unpause", lambda client, q, _: client.queue(q).unpause(), waiting=1),
    Case("forget", lambda client, q, _: client.queue(q).forget()),
    Case("setting", lambda client, q, _: client.config.set("heartbeat", 30), waiting=1),
    Case("queue's lease", lambda client, q, _: client.queue(q).set_heartbeat(9), waiting=1),
    Case("lock", lambda client, q, _: client.lock(q).acquire(wait=0)),
    Case(
        "relock",
        lambda client, q, _: client.run(calls.relock(q, "me", 1000)),
        before=lambda direct, q: direct.run(calls.lock(q, "me", 500)),
    ),
    Case(
        "unlock",
        lambda client, q, _: client.run(calls.unlock(q, "me")),
        before=lambda direct, q: direct.run(calls.lock(q, "me", 500)),
    ),
    Case("rate", lambda client, q, _: client.rate(q, 5, per=60).take(2)),
    Case("deregister", lambda client, q, _: client.workers.deregister("worker"), waiting=1),
    Case("unfail", lambda client, q, _: client.unfail("group", count=1), waiting=3, before=failed),
    Case("recur", lambda client, q, _: client.queue(q).recur(None, interval=60, jid=f"{q}.r")),
    Case(
        "depend",
        lambda client, q, _: client.run(calls.depend(f"{q}.0", pack({"depends": [f"{q}.1"]}))),
        waiting=2,
    ),
    Case(
        "undepend",
        lambda client, q, _: client.run(calls.undepend(f"{q}.0", [f"{q}.1"])),
        waiting=2,
        before=lambda direct, q: direct.run(calls.depend(f"{q}.0", pack({"depends": [f"{q}.1"]}))),
    ),
    Case("untag", lambda client, q, jobs: jobs[0].untag("a"), popped=1),
    Case(
        "change of a recurring job",
        lambda client, q, _: client.run(calls.recur_update(f"{q}.r", pack({"interval": 9}))),
        before=recurring,
    ),
    Case(
        "end of a recurring job",
        lambda client, q, _: client.run(calls.unrecur(f"{q}.r")),
        before=recurring,
    ),
]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PAUSES", (0.0,) * 4)


@pytest.fixture
def proxy(server: Any) -> Iterator[Proxy]:
    with Proxy(server.socket) as proxy:
        yield proxy


@dataclass(frozen=True)
class Bench:
    """Where cases are tried: a direct client, and how to connect another one to the same place."""

    direct: pyjobs.Client
    admin: redis.Redis
    options: dict[str, Any]

    def prepare(self, case: Case, queue: str) -> list[Job]:
        """Put and pop what the case needs."""
        self.direct.queue(queue).put_many(
            {"data": {"n": n}, "jid": f"{queue}.{n}"} for n in range(case.popped + case.waiting)
        )
        if case.before:
            case.before(self.direct, queue)
        return self.direct.queue(queue).pop(case.popped) if case.popped else []

    def picture(self, queue: str, events: int, answer: Any) -> str:
        """Return what became of a queue and its jobs, in words that do not name them."""
        queues = [self.direct.queue(name) for name in (queue, f"{queue}-next")]
        known = [f"{queue}.{n}" for n in range(9)]
        put = [jid for jid in dict.fromkeys(_texts(answer)) if jid not in known]
        jobs = self.direct.jobs.get(*known, *put)
        lines = [
            _plain(answer),
            *(repr(dataclasses.replace(each.counts, name="")) for each in queues),
            *(repr(each.stats()) for each in queues),
            *(_described(each) for each in jobs),
            f"{self.events() - events} events",
        ]
        text = "\n".join(lines)
        for number, jid in enumerate(put):
            text = text.replace(jid, f"<new {number}>")
        ended = {"complete", "cancelled"}
        self.direct.jobs.cancel(*(each for each in jobs if each.state not in ended))
        return text.replace(queue, "<queue>")

    def events(self) -> int:
        """Return how many entries the event stream has ever had."""
        known: Any = self.admin.xinfo_stream(self.direct.key("events"))
        return int(known["entries-added"])

    def uncut(self, case: Case) -> str:
        """Return the picture of a case that goes well."""
        queue = "queue-uncut"
        jobs, events = self.prepare(case, queue), self.events()
        return self.picture(queue, events, case.act(self.direct, queue, jobs))


def _texts(answer: Any) -> list[str]:
    if isinstance(answer, str):
        return [answer]
    return [each for each in answer if isinstance(each, str)] if isinstance(answer, list) else []


def _plain(answer: Any) -> str:
    if isinstance(answer, (list, tuple)):
        more = getattr(answer, "jobs", [])
        return ", ".join(_plain(each) for each in [*answer, *more])
    if isinstance(answer, pyjobs.Jid):
        return f"{answer.outcome} {answer!r}"
    return _described(answer) if hasattr(answer, "jid") else repr(answer)


def _described(each: Any) -> str:
    history = [(event.what, event.attempt, event.when) for event in each.history]
    known = each.jid, each.state, each.attempt, each.retries_left, each.priority, each.worker_name
    data = None if each.state == "cancelled" else each.data
    return repr((*known, each.expires, data, each.tags, history))


@pytest.fixture
def bench(server: Any, namespace: str, delivery: str) -> Iterator[Bench]:
    options: dict[str, Any] = {
        "namespace": namespace,
        "delivery": delivery,
        "now": lambda: NOW,
        "worker_name": "worker",
    }
    with pyjobs.Client(server.url, **options) as direct:
        direct.queue("warm").put(None)  # the engine is loaded, and there is an event
        yield Bench(direct, server.admin, options)


def positions(proxy: Proxy, side: Side, step: int) -> Iterator[int]:
    """Have the next call cut at each byte of its request or answer, until there are no more."""
    at = 0
    while True:
        proxy.clear()
        proxy.cut(side, at)
        yield at
        if proxy.pending:
            assert at > 10
            return
        assert proxy.counts.cuts == 1
        at += step


@pytest.mark.parametrize("side", ["request", "answer"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_call_that_is_cut_anywhere_is_applied_once(
    bench: Bench, proxy: Proxy, case: Case, side: Side
) -> None:
    expected = bench.uncut(case)
    with pyjobs.Client(proxy.url, **bench.options) as client:
        client.tick()
        for at in positions(proxy, side, step=1):
            queue = f"queue-{at:05}"
            jobs = [Job(client, each._snapshot) for each in bench.prepare(case, queue)]
            events = bench.events()
            answer = case.act(client, queue, jobs)
            assert bench.picture(queue, events, answer) == expected, f"cut {side} after {at} bytes"


@pytest.mark.parametrize("side", ["request", "answer"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_with_the_async_client(bench: Bench, proxy: Proxy, case: Case, side: Side) -> None:
    async def cut_at_some_bytes() -> None:
        async with pyjobs.AsyncClient(proxy.url, **bench.options) as client:
            await client.tick()
            for at in positions(proxy, side, step=11):
                queue = f"queue-{at:05}"
                prepared = bench.prepare(case, queue)
                jobs = [pyjobs.AsyncJob(client, each._snapshot) for each in prepared]
                events = bench.events()
                answer = await case.act(client, queue, jobs)
                found = bench.picture(queue, events, answer)
                assert found == expected, f"cut {side} after {at} bytes"

    expected = bench.uncut(case)
    asyncio.run(cut_at_some_bytes())


@pytest.mark.parametrize("case", OTHERS, ids=str)
def test_other_calls_whose_answer_is_lost_are_applied_once(
    bench: Bench, proxy: Proxy, case: Case
) -> None:
    expected = bench.uncut(case)
    with pyjobs.Client(proxy.url, **bench.options) as client:
        client.tick()
        jobs = [Job(client, each._snapshot) for each in bench.prepare(case, "queue-cut")]
        events = bench.events()
        proxy.clear()
        proxy.cut("answer", 0)
        answer = case.act(client, "queue-cut", jobs)
        assert proxy.counts.calls == 2
        assert bench.picture("queue-cut", events, answer) == expected


@pytest.mark.parametrize("side", ["request", "answer"])
@pytest.mark.parametrize("command", [b"INFO", b"FUNCTION", b"SCRIPT"])
def test_the_delivery_of_the_engine_may_be_cut_too(
    bench: Bench, proxy: Proxy, command: bytes, side: Side
) -> None:
    proxy.watched = {command}
    for at in itertools.count(0, 20_000 if side == "request" else 3):
        bench.admin.function_flush()
        bench.admin.script_flush()
        proxy.clear()
        proxy.cut(side, at)
        options = {**bench.options, "delivery": "scripts" if command == b"SCRIPT" else "functions"}
        with pyjobs.Client(proxy.url, **options) as client:
            jid = client.queue(f"q{at}").put(None)
        assert bench.direct.queue(f"q{at}").jobs.waiting() == [jid]
        if proxy.pending:
            assert at > 3
            return


# When the repeats do not help either


@pytest.fixture
def client(bench: Bench, proxy: Proxy) -> Iterator[pyjobs.Client]:
    """Connect through the proxy, with a connection that is ready."""
    with pyjobs.Client(proxy.url, **bench.options) as client:
        client.tick()
        proxy.clear()
        yield client


def test_a_put_without_an_answer_names_the_job_and_can_be_repeated(
    bench: Bench, proxy: Proxy, client: pyjobs.Client
) -> None:
    proxy.cut("answer", 0, times=5)
    with pytest.raises(pyjobs.OutcomeUnknown, match="may have been applied") as caught:
        client.queue("q").put(None, {"n": 1})
    assert proxy.counts.calls == 5
    (jid,) = caught.value.jids
    assert jid in str(caught.value)

    assert client.queue("q").put(None, {"n": 1}, jid=jid) == jid
    assert bench.direct.queue("q").counts.waiting == 1


def test_so_do_the_many_of_a_slice(bench: Bench, proxy: Proxy, client: pyjobs.Client) -> None:
    proxy.cut("answer", 0, times=5)
    with pytest.raises(pyjobs.OutcomeUnknown) as caught:
        client.queue("q").put_many([job(1), job(2)])
    assert len(caught.value.jids) == 2
    client.queue("q").put_many({**job(n), "jid": jid} for n, jid in enumerate(caught.value.jids))
    assert bench.direct.queue("q").counts.waiting == 2


def test_a_complete_without_an_answer_can_be_repeated(
    bench: Bench, proxy: Proxy, client: pyjobs.Client
) -> None:
    client.queue("q").put(None, jid="a")
    held = client.queue("q").pop()
    assert held
    proxy.cut("answer", 0, times=5)
    with pytest.raises(pyjobs.OutcomeUnknown) as caught:
        held.complete()
    assert caught.value.jids == ("a",)
    assert held.complete() == "complete"
    assert [event.what for event in held.refresh().history] == ["put", "popped", "done"]


def test_a_request_of_which_no_byte_may_have_arrived_may_still_be_unknown(
    proxy: Proxy, client: pyjobs.Client
) -> None:
    proxy.cut("request", 0, times=5)
    with pytest.raises(pyjobs.OutcomeUnknown):
        client.queue("q").put(None)
    assert proxy.counts.calls == 0


def test_without_a_connection_nothing_was_applied(bench: Bench, proxy: Proxy) -> None:
    proxy.refuse()
    with (
        pyjobs.Client(proxy.url, **bench.options) as client,
        pytest.raises(pyjobs.ConnectionError, match="Nothing was applied"),
    ):
        client.queue("q").put(None)
    with (
        pyjobs.Client("unix:///nowhere/at/all.sock", **bench.options) as client,
        pytest.raises(ConnectionError, match="Nothing was applied"),
    ):
        client.queue("q").put(None)


def test_a_read_without_an_answer_applied_nothing(proxy: Proxy, client: pyjobs.Client) -> None:
    proxy.cut("answer", 0, times=5)
    with pytest.raises(pyjobs.ConnectionError):
        client.jobs.tracked()


@pytest.mark.parametrize("at", [0, 40, 200])
def test_jobs_whose_pop_was_given_up_come_with_the_next_pop(
    proxy: Proxy, client: pyjobs.Client, at: int
) -> None:
    client.queue("q").put_many(job(n) for n in range(9))
    proxy.cut("answer", at, times=5)
    with pytest.raises(pyjobs.OutcomeUnknown) as caught:
        client.queue("q").pop(3)
    assert caught.value.jids == ()

    again = client.queue("q").pop(3)
    assert [(each["n"], each.attempt) for each in again] == [(0, 1), (1, 1), (2, 1)]
    assert [each["n"] for each in client.queue("q").pop(9)] == [3, 4, 5, 6, 7, 8]
    assert [each.complete() for each in again] == ["complete"] * 3


def test_jobs_whose_complete_and_pop_was_given_up_come_with_the_next_pop(
    bench: Bench, proxy: Proxy, client: pyjobs.Client
) -> None:
    queue = client.queue("q")
    queue.put_many(job(n) for n in range(9))
    held = queue.pop(3)
    proxy.cut("answer", 0, times=5)
    with pytest.raises(pyjobs.OutcomeUnknown) as caught:
        queue.complete(held, pop=3)
    assert caught.value.jids == tuple(each.jid for each in held)

    done = queue.complete(held, pop=3)
    assert list(done) == ["complete"] * 3
    assert [(each["n"], each.attempt) for each in done.jobs] == [(3, 1), (4, 1), (5, 1)]
    assert bench.direct.queue("q").counts.complete == 3


def test_a_pop_that_was_never_carried_out_is_carried_out_the_next_time(
    proxy: Proxy, client: pyjobs.Client
) -> None:
    client.queue("q").put(None, {"n": 1})
    proxy.cut("request", 9, times=5)
    with pytest.raises(pyjobs.OutcomeUnknown):
        client.queue("q").pop()
    popped = client.queue("q").pop()
    assert popped
    assert popped.attempt == 1


# What the user's connection would do by itself


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_repeats_of_a_users_connection_are_off_for_our_calls(
    bench: Bench, proxy: Proxy, kind: str
) -> None:
    settings: dict[str, Any] = {
        "unix_socket_path": str(proxy.socket),
        "retry": Retry(ExponentialBackoff(), 10),
        "retry_on_error": [redis.ConnectionError, redis.TimeoutError],
    }

    def sync() -> None:
        with (
            redis.Redis(**settings) as own,
            pyjobs.Client(own, **bench.options) as client,
        ):
            client.queue("q").put(None)

    async def wait() -> None:
        settings["retry"] = redis.asyncio.retry.Retry(ExponentialBackoff(), 10)
        async with (
            redis.asyncio.Redis(**settings) as own,
            pyjobs.AsyncClient(own, **bench.options) as client,
        ):
            await client.queue("q").put(None)

    proxy.cut("answer", 0, times=99)
    with pytest.raises(pyjobs.OutcomeUnknown):
        sync() if kind == "sync" else asyncio.run(wait())
    assert proxy.counts.calls == len(engine.PAUSES) + 1
    assert bench.direct.queue("q").counts.waiting == 1


def test_an_answer_that_never_comes_is_waited_for_as_long_as_the_socket_says(
    bench: Bench, proxy: Proxy
) -> None:
    with pyjobs.Client(proxy.url, socket_timeout=0.05, **bench.options) as client:
        client.tick()
        proxy.swallow(2)
        client.queue("q").put(None)
        assert proxy.counts.connections == 3
    assert bench.direct.queue("q").counts.waiting == 1


# Connections that have gone stale


def hold(client: pyjobs.Client, count: int) -> None:
    """Have the client hold so many connections."""
    held = [client._connections._take() for _ in range(count)]
    for connection in held:
        connection.connect()
    client._connections._free.extend(held)


@pytest.mark.parametrize("side", ["server", "proxy"])
def test_any_number_of_stale_connections_heal_in_one_call(
    bench: Bench, proxy: Proxy, client: pyjobs.Client, side: str
) -> None:
    hold(client, 20)
    if side == "server":
        bench.admin.client_kill_filter(_type="normal")
    else:
        proxy.cut_all()
    assert client.queue("q").put(None, jid="a") == "a"
    assert client.queue("q").counts.waiting == 1
    assert len(client._connections._free) == 1


def test_a_blocked_pop_goes_on_after_its_connection_was_killed(
    bench: Bench, proxy: Proxy, client: pyjobs.Client
) -> None:
    found: list[Job | None] = []
    waiting = threading.Thread(target=lambda: found.append(client.queue("q").pop(wait=20)))
    waiting.start()
    proxy.wait_until(lambda: proxy.counts.commands[b"BLPOP"] == 1)
    proxy.cut_all()
    proxy.wait_until(lambda: proxy.counts.commands[b"BLPOP"] == 2)
    bench.direct.queue("q").put(None, jid="a")
    waiting.join(10)
    assert [each.jid for each in found if each] == ["a"]
