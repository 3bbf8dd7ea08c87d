"""Flows as their users have them: put in one call or in slices, added to, over cut connections."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import pyjobs
from pyjobs import calls, engine, flowing
from tests.client.proxy import Proxy


@pytest.fixture
def client(server: Any, namespace: str, delivery: str) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        yield client


def finish(client: pyjobs.Client, queue: str = "q", count: int = 100) -> list[str]:
    """Complete what can be popped; each returns its jid."""
    jobs = client.queue(queue).pop(count)
    for job in jobs:
        job.complete(result=job.jid)
    return [job.jid for job in jobs]


def finish_many(client: pyjobs.Client) -> list[str]:
    """As finish, in one call."""
    jobs = client.queue("q").pop(100)
    client.queue("q").complete(jobs)
    return [job.jid for job in jobs]


def put(flow: pyjobs.Flow, **members: list[str]) -> None:
    """Put jobs, each with what it depends on."""
    for jid, parents in members.items():
        flow.put("q", None, jid=jid, depends=parents)


def test_the_order_of_the_puts_does_not_matter(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        flow.put("q", None, jid="last", depends=["middle", "first"])
        flow.put("q", None, jid="middle", depends=["first"])
        flow.put("q", None, jid="first")

    assert [["first"], ["middle"], ["last"], []] == [finish(client) for _ in range(4)]
    assert "complete" == flow.state().state


def test_a_cycle_is_told_before_anything_is_put(client: pyjobs.Client) -> None:
    flow = client.flow()
    with pytest.raises(pyjobs.DependencyCycle, match="a -> "), flow:
        put(flow, a=["c"], b=["a"], c=["b"], d=[])

    assert [] == client.flows()
    assert 0 == len(client.queue("q"))


def test_a_dependency_that_nobody_knows_is_refused(client: pyjobs.Client) -> None:
    flow = client.flow()
    with pytest.raises(pyjobs.JobNotFound, match="nobody"), flow:
        put(flow, a=[], b=["nobody"])
    assert 0 == len(client.queue("q"))

    with client.flow() as other:
        other.put("q", None, depends=["nobody"], missing="done")
    assert 1 == other.state().open


def test_a_jid_that_is_named_twice_is_refused(client: pyjobs.Client) -> None:
    flow = client.flow()
    flow.__enter__()
    put(flow, a=[])
    put(flow, a=[])
    with pytest.raises(pyjobs.InvalidArgument, match="jid: a is named twice"):
        flow.__exit__(None)


def test_nothing_is_put_when_the_block_raises(client: pyjobs.Client) -> None:
    flow = client.flow()
    with pytest.raises(ZeroDivisionError), flow:
        flow.put("q", None, 1 // 0)
    with client.flow() as empty:
        pass

    assert [] == client.flows()
    with pytest.raises(pyjobs.JobNotFound, match=f"no flow {empty.id}"):
        empty.state()


def test_a_block_within_itself_is_refused(client: pyjobs.Client) -> None:
    with client.flow() as flow, pytest.raises(pyjobs.InvalidArgument, match="has begun"), flow:
        pass


def test_a_small_flow_is_one_call(server: Any, namespace: str) -> None:
    with Proxy(server.socket) as proxy, pyjobs.Client(proxy.url, namespace=namespace) as client:
        client.queue("warm").put(None)
        before = proxy.counts.calls
        with client.flow() as flow:
            first = flow.put("q", None)
            for _ in range(99):
                flow.put("q", None, depends=[first])
        assert 1 == proxy.counts.calls - before
        assert (1, 99) == (flow.state().open, flow.state().depends)


def graph(flow: pyjobs.Flow, size: int) -> list[str]:
    """Put a fan-out with a join."""
    root = flow.put("q", None, jid="root")
    leaves = [flow.put("q", None, n, depends=[root]) for n in range(size)]
    flow.put("q", None, jid="join", depends=leaves)
    return leaves


def test_a_fan_out_of_a_thousand_with_a_join(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        leaves = graph(flow, 1000)
    state = flow.state()
    assert (1002, 1, 1001, 0) == (state.total, state.open, state.depends, state.held)
    assert ["root"] == finish(client)
    done: list[str] = []
    while found := finish_many(client):
        done += found
    assert (sorted(leaves), "join") == (sorted(done[:-1]), done[-1])

    joined = client.jobs["join"]
    assert isinstance(joined, pyjobs.Job)
    assert leaves == joined.parents
    assert dict.fromkeys(leaves) == joined.parent_results()
    assert ("complete", 1.0) == (flow.state().state, flow.state().progress)


def test_a_large_graph_is_put_in_slices_and_nothing_starts_before_the_seal(
    client: pyjobs.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    popped: list[object] = []
    seal = flowing.seal

    def pop_and_seal(flow: str) -> Any:
        popped.append((client.queue("q").pop(), client.flow(flow).state().held))
        return seal(flow)

    monkeypatch.setattr(flowing, "seal", pop_and_seal)
    with client.flow() as flow:
        graph(flow, 250)

    assert [(None, 252)] == popped
    assert (1, 0) == (flow.state().open, flow.state().held)


def test_a_crash_before_the_seal_leaves_a_flow_that_can_be_seen_and_goes(
    server: Any, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    def crash(_: str) -> Any:
        raise Crash

    now = [1_000_000]
    monkeypatch.setattr(flowing, "seal", crash)
    with pyjobs.Client(server.url, namespace=namespace, now=lambda: now[0]) as client:
        flow = client.flow()
        with pytest.raises(Crash), flow:
            graph(flow, 250)
        assert [flow.id] == client.flows()
        assert ("unsealed", 252, None) == (
            flow.state().state,
            flow.state().held,
            flow.state().sealed,
        )
        assert 100 == len(flow.members("held"))
        now[0] += 3_600_000
        while not client.tick():
            pass
        found = flow.state()
        assert ("cancelled", 252, now[0] / 1000) == (found.state, found.cancelled, found.stopped)
        assert [] == client.flows()


def test_a_slice_that_is_refused_cancels_those_before_it(client: pyjobs.Client) -> None:
    flow = client.flow()
    with pytest.raises(pyjobs.JobNotFound, match="100 jobs before this slice"), flow:
        put(flow, **{f"a{n}": [] for n in range(150)}, b=["nobody"])

    assert ("cancelled", 100) == (flow.state().state, flow.state().cancelled)
    assert 0 == len(client.queue("q"))


def test_a_flow_that_is_held_can_be_sealed_by_hand(client: pyjobs.Client) -> None:
    flow = client.flow("by hand")
    flow.put("q", None)
    assert client.queue("q").pop() is None
    client.flow("by hand").seal()

    assert client.queue("q").pop()


def test_a_job_adds_to_its_running_flow(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        flow.put("q", None, jid="first")
    job = client.queue("q").pop()
    assert job
    assert job.flow
    job.flow.put("q", None, jid="put")
    with job.flow as more:
        one = more.put("q", None, jid="one")
        more.put("q", None, jid="two", depends=[one, job])
    then: list[dict[str, Any]] = [
        {"jid": "then", "flow": job.flow, "depends": [job, "one"]},
        {"jid": "not", "queue": "other"},
    ]
    job.complete(result="found", then=then)

    assert (5, 2, 2, 1) == (
        flow.state().total,
        flow.state().open,
        flow.state().depends,
        flow.state().complete,
    )
    assert ["put", "one"] == finish(client)
    last = client.queue("q").pop(2)
    assert [{"one": "one", "first": "found"}, {"first": "found", "one": "one"}] == [
        each.parent_results() for each in last
    ]
    for each in last:
        each.complete()
    assert ("complete", 5) == (flow.state().state, flow.state().complete)
    with pytest.raises(pyjobs.WrongState, match="its members have ended"):
        flow.put("q", None)
    other = client.jobs["not"]
    assert isinstance(other, pyjobs.Job)
    assert other.flow is None


def test_what_a_job_sees_of_parents_that_did_not_return(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        names = ("failed", "forgetful", "none")
        for name in names:
            flow.put("q", None, jid=name, keep_result=0 if name == "forgetful" else 60)
        flow.put("late", None, jid="late")
        flow.put("q", None, jid="skipped", depends=["none"], run_when="failed")
        parents = [*names, "skipped"]
        flow.put("after", None, jid="after", depends=parents, run_when="ended")
        flow.put("after", None, jid="open", depends=["late"])
    for job in client.queue("q").pop(3):
        job.fail("group", "why") if job.jid == "failed" else job.complete()
    client.tick()
    (after,) = client.queue("after").pop(1)
    found = after.parent_results()

    assert parents == list(found)
    assert isinstance(found["failed"], pyjobs.JobFailed)
    assert ("group", "why") == (found["failed"].group, found["failed"].message)
    assert isinstance(found["forgetful"], pyjobs.NoResult)
    assert found["none"] is None
    assert isinstance(found["skipped"], pyjobs.WrongState)
    (waits,) = client.jobs.get("open")
    assert isinstance(waits.parent_results()["late"], pyjobs.NotFinished)


def test_a_flow_is_cancelled_as_a_whole(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        graph(flow, 300)
    job = client.queue("q").pop()
    assert job
    flow.cancel()

    assert ("cancelled", 302) == (flow.state().state, flow.state().cancelled)
    with pytest.raises(pyjobs.LeaseLost):
        job.complete()
    with pytest.raises(pyjobs.WrongState, match="is cancelled"):
        flow.put("q", None)


def test_a_flow_is_retried_as_a_whole(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        for _ in range(250):
            flow.put("q", None)
        graph(flow, 3)
    while jobs := client.queue("q").pop(100):
        for job in jobs:
            job.fail("group")
    assert ("failed", 251, 4) == (flow.state().state, flow.state().failed, flow.state().depends)
    assert "failed" == flow.wait(5).state
    assert 251 == flow.retry()
    while finish(client):
        pass

    assert ("complete", 255) == (flow.wait(5).state, flow.state().complete)
    assert 0 == flow.retry()


def test_members_are_listed_by_state(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        leaves = graph(flow, 3)
    finish(client, count=1)

    assert ["root"] == flow.members("complete")
    assert leaves == sorted(flow.members("open"), key=leaves.index)
    assert ["join"] == flow.members("depends")
    assert (5, 2) == (len(flow.members()), len(flow.members(offset=2, count=2)))


def test_who_waits_for_a_flow_is_woken_by_its_end(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        first = flow.put("q", None)
        flow.put("q", None, depends=[first])
    assert "running" == flow.wait(0.01).state
    found: list[calls.FlowState] = []
    waiter = threading.Thread(target=lambda: found.append(flow.wait(30)))
    waiter.start()
    finish(client)
    finish(client)
    waiter.join(20)

    assert ["complete"] == [state.state for state in found]
    assert found[0].ended


@pytest.mark.parametrize("side", ["request", "answer"])
@pytest.mark.parametrize("number", range(6))
def test_a_cut_connection_puts_a_flow_once(
    server: Any, namespace: str, side: Any, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the calls is cut: three slices, and three seals."""
    monkeypatch.setattr(engine, "PAUSES", (0.0,) * 4)
    plan = flowing.put

    def cut(flow: str, puts: Any) -> Any:
        steps = plan(flow, puts)
        answer = None
        for count in itertools.count():
            if count == number:
                proxy.cut(side, 0)
            try:
                answer = yield steps.send(answer)
            except StopIteration:
                return

    monkeypatch.setattr(flowing, "put", cut)
    with Proxy(server.socket) as proxy, pyjobs.Client(proxy.url, namespace=namespace) as client:
        client.queue("warm").put(None)
        with client.flow() as flow:
            graph(flow, 249)
        assert 1 == proxy.counts.cuts
        found = flow.state()
        assert ("running", 251, 0, 1) == (found.state, found.total, found.held, found.open)


def test_async_code_has_flows_in_the_same_words(server: Any, namespace: str) -> None:
    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            async with client.flow() as flow:
                one = await flow.put("q", None)
                two = await flow.put("q", None, depends=[one])
            job = await client.queue("q").pop()
            assert job
            assert job.flow
            await job.flow.put("q", None, jid="three", depends=[two])
            await job.complete(result=1)
            (job,) = await client.queue("q").pop(1)
            assert [one] == await job.parents
            assert {one: 1} == await job.parent_results()
            await job.complete()
            assert [flow.id] == await client.flows()
            assert ["three"] == await flow.members("open")
            await flow.cancel()
            async with client.flow() as shapes:
                chain = await shapes.chain(("q", None), ("q", None))
                await shapes.map("q", None, [1, 2], depends=chain)
                await shapes.parallel(("q", None), ("q", None))
            assert 6 == (await shapes.state()).total
            assert ("cancelled", 2) == ((await flow.wait(5)).state, (await flow.state()).complete)

    asyncio.run(run())


def test_the_usual_shapes(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        chain = flow.chain(("q", "a.A", 1), ("r", "a.B"), ("q", "a.C"), tags=["t"])
        mapped = flow.map("q", "a.D", "xy", depends=chain[-1:])
        sides = flow.parallel(("q", "a.E", 2), ("r", "a.F"), depends=chain[:1])
        flow.put("q", "a.Join", jid="join", depends=[*mapped, *sides])
    jobs = {job.jid: job for job in client.jobs.get(*chain, *mapped, *sides, "join")}

    assert [[], chain[:1], chain[1:2]] == [jobs[jid].parents for jid in chain]
    assert [1, None, None] == [jobs[jid].data for jid in chain]
    assert ["q", "r", "q"] == [jobs[jid].queue_name for jid in chain]
    assert all(["t"] == jobs[jid].tags for jid in chain)
    assert [("x", chain[2:]), ("y", chain[2:])] == [
        (jobs[jid].data, jobs[jid].parents) for jid in mapped
    ]
    assert [(2, "q"), (None, "r")] == [(jobs[jid].data, jobs[jid].queue_name) for jid in sides]
    assert [chain[:1]] * 2 == [jobs[jid].parents for jid in sides]
    assert [*mapped, *sides] == jobs["join"].parents


def test_a_flow_says_which(client: pyjobs.Client) -> None:
    assert "<Flow mine>" == repr(client.flow("mine"))
    assert 20 == len(client.flow().id)
    with pytest.raises(pyjobs.InvalidArgument, match="flow"):
        client.flow(7)  # type: ignore[arg-type]
    with pytest.raises(pyjobs.InvalidArgument, match="flow"):
        client.queue("q").put(None, flow="")
