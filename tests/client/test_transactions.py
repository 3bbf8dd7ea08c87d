"""What a transaction takes, what it refuses, and what a broken connection does to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import pyjobs
from pyjobs import calls, engine
from tests.client.proxy import Proxy


@pytest.fixture
def client(server: Any, namespace: str, delivery: str) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        yield client


def test_it_takes_every_verb(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    names = ("done", "on", "lost", "again", "back", "moved", "gone", "marked", "bad")
    queue.put_many({"jid": name, "tags": ["t"]} for name in names)
    held = {job.jid: job for job in queue.pop(len(names))}
    held["bad"].fail("group")
    for name in ("moved", "gone", "marked"):
        held[name].release()
    with client.transaction() as transaction:
        transaction.put("other", None, jid="new")
        transaction.complete(held["done"])
        transaction.complete(held["on"], "next", delay=60)
        transaction.fail(held["lost"], "group", "why")
        transaction.retry(held["again"], 60, "group", "why")
        transaction.release(held["back"])
        transaction.cancel("gone")
        transaction.move("moved", "other")
        transaction.unfail("bad", "other")
        transaction.set_priority("marked", -5)

    assert transaction.answers == [
        *("created", "complete", "scheduled", "failed", "scheduled", "waiting"),
        *(1, "waiting", "waiting", -5),
    ]
    states = [held[name].state for name in ("done", "on", "lost", "again", "back")]
    assert ["complete", "scheduled", "failed", "scheduled", "waiting"] == states
    assert client.queue("other").counts.waiting == 3
    with client.transaction() as transaction:
        transaction.tag("marked", "u")
        transaction.untag("moved", "t")
        transaction.log("bad", "seen", {"by": 1})
        transaction.add(calls.track("back"))

    assert [["t", "u"], []] == transaction.answers[:2]
    assert client.jobs["bad"].history[-1].data == {"by": 1}  # type: ignore[union-attr]
    assert "of 4 calls" in repr(transaction)


def test_an_empty_one_asks_nothing_of_the_server(server: Any, namespace: str) -> None:
    with Proxy(server.socket) as proxy, pyjobs.Client(proxy.url, namespace=namespace) as client:
        with client.transaction() as transaction:
            transaction.cancel()
        assert ([], 0) == (transaction.answers, proxy.counts.connections)


def test_jobs_in_one_transaction_may_depend_on_each_other(client: pyjobs.Client) -> None:
    client.queue("q").put(None, jid="first")
    job = client.queue("q").pop()
    assert job
    with client.transaction() as transaction:
        transaction.complete(job)
        transaction.put("q", None, jid="second", depends=[job], missing="refuse")
        transaction.put("q", None, jid="third", depends=["second"], missing="refuse")

    assert ["waiting", "depends"] == [client.jobs[jid].state for jid in ("second", "third")]


def twice(transaction: pyjobs.Transaction) -> None:
    transaction.tag("here", "t")
    transaction.cancel("here")


def too_many(transaction: pyjobs.Transaction) -> None:
    for _ in range(101):
        transaction.put("q", None)


def too_many_in_few_calls(transaction: pyjobs.Transaction) -> None:
    transaction.put("q", None)
    transaction.cancel(*(str(number) for number in range(100)))


def too_large(transaction: pyjobs.Transaction) -> None:
    transaction.put("q", None, b"x" * 200_000)
    transaction.put("q", None, b"x" * 100_000)


def many_parents(transaction: pyjobs.Transaction) -> None:
    transaction.put("q", None, depends=[str(number) for number in range(101)])


def looking(transaction: pyjobs.Transaction) -> None:
    transaction.put("q", None)
    transaction.add(calls.get(["here"]))


def popping(transaction: pyjobs.Transaction) -> None:
    transaction.add(calls.pop("w", "r", ["q"], 1))


def forgetting(transaction: pyjobs.Transaction) -> None:
    transaction.put("q", None)
    transaction.add(calls.forget(["empty"]))


@pytest.mark.parametrize(
    ("gather", "said"),
    [
        (twice, "jid: here is named twice in one call"),
        (too_many, "one step takes 100 jobs and 262144 bytes, not 101 and"),
        (too_many_in_few_calls, "not 101 and"),
        (too_large, "not 2 and 3000"),
        (many_parents, "depends: one call takes 100 jobs"),
        (looking, "transaction: takes no get"),
        (popping, "transaction: takes no pop"),
        (forgetting, "forget is not a command for a step"),
    ],
)
def test_what_it_does_not_take_is_named_and_nothing_is_applied(
    client: pyjobs.Client,
    gather: Callable[[pyjobs.Transaction], None],
    said: str,
) -> None:
    client.queue("q").put(None, jid="here")

    def run() -> None:
        with client.transaction() as transaction:
            gather(transaction)

    with pytest.raises(pyjobs.InvalidArgument, match=said):
        run()

    assert ["here"] == client.queue("q").jobs.waiting()
    assert client.jobs["here"].tags == []


def test_a_transaction_is_used_once(client: pyjobs.Client) -> None:
    with client.transaction() as transaction:
        transaction.put("q", None)
    with pytest.raises(pyjobs.InvalidArgument, match="its block has ended"):
        transaction.put("q", None)


@pytest.mark.parametrize("side", ["request", "answer"])
def test_a_cut_connection_applies_it_once(
    server: Any, namespace: str, side: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PAUSES", (0.0,) * 4)
    with Proxy(server.socket) as proxy, pyjobs.Client(proxy.url, namespace=namespace) as client:
        client.queue("q").put(None, jid="a")
        job = client.queue("q").pop()
        assert job
        proxy.cut(side, 0)
        with client.transaction() as transaction:
            transaction.complete(job, "next")
            transaction.put("q", None, jid="b")
            transaction.add(calls.pause(["q"]))

        assert 1 == proxy.counts.cuts
        assert ["waiting", "created", 1] == transaction.answers
        assert (1, 1) == tuple(client.queue(name).counts.waiting for name in ("q", "next"))
        assert ["put", "popped", "done"] == [each.what for each in client.jobs["a"].history]  # type: ignore[union-attr]
