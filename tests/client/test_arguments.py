"""What calls are given that makes no sense: refused by name, before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import pyjobs
from tests.conftest import Server

NO_INTEGERS: list[Any] = [None, True, "x", 1.5, math.nan, math.inf, [], 2**64]


@pytest.fixture
def client(server: Server, namespace: str) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace) as client:
        for number in range(3):
            client.queue("q").put(None, jid=f"j{number}")
        yield client


Ask = Callable[..., Any]

LISTINGS: dict[str, Callable[[pyjobs.Client], Ask]] = {
    "flows": lambda client: client.flows,
    "members": lambda client: client.flow("f").members,
    "tags": lambda client: client.tags,
    "tagged": lambda client: lambda **page: client.jobs.tagged("t", **page),
    "tracked": lambda client: client.jobs.tracked,
    "group": lambda client: lambda **page: client.jobs.failed("g", **page),
    "complete": lambda client: client.jobs.complete,
    "complete of a queue": lambda client: lambda **page: client.jobs.complete(queue="q", **page),
    "waiting": lambda client: client.queue("q").jobs.waiting,
    "failed": lambda client: client.queue("q").jobs.failed,
    "dead": lambda client: client.queue("q").dead.list,
    "peek": lambda client: lambda count=1, offset=0: client.queue("q").peek(count, offset),
}


@pytest.fixture(params=LISTINGS)
def listing(request: pytest.FixtureRequest, client: pyjobs.Client) -> Ask:
    return LISTINGS[request.param](client)


def test_an_offset_is_an_integer_from_0_on(listing: Ask) -> None:
    for offset in [-1, *NO_INTEGERS]:
        with pytest.raises(pyjobs.InvalidArgument, match=r"^offset: "):
            listing(offset=offset)


def test_a_count_is_an_integer_from_0_on(listing: Ask) -> None:
    for count in [-1, *NO_INTEGERS[1:]]:
        with pytest.raises(pyjobs.InvalidArgument, match=r"^count: "):
            listing(count=count)


@pytest.mark.parametrize("name", [name for name in LISTINGS if name != "peek"])
def test_a_listing_wants_to_be_told_how_many(client: pyjobs.Client, name: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^count: must be an integer, not None"):
        LISTINGS[name](client)(count=None)


def test_a_listing_goes_on_behind_its_offset(client: pyjobs.Client) -> None:
    waiting = client.queue("q").jobs.waiting

    assert ["j1", "j2"] == waiting(offset=1, count=2)
    assert [] == waiting(offset=3)
    assert [] == waiting(count=0)


@pytest.mark.parametrize("state", [True, 7, "\ud800"])
def test_a_state_is_a_text(client: pyjobs.Client, state: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^state: "):
        client.flow("f").members(state)
    with pytest.raises(pyjobs.InvalidArgument, match=r"^state: "):
        client.queue("q").jobs.in_state(state)


@pytest.mark.parametrize("count", [-1, *NO_INTEGERS[1:]])
def test_how_many_are_put_back_is_an_integer(client: pyjobs.Client, count: Any) -> None:
    for unfail in (client.unfail, client.queue("q").unfail):
        with pytest.raises(pyjobs.InvalidArgument, match=r"^count: "):
            unfail("g", count=count)


@pytest.mark.parametrize("name", [None, 7, True, "\ud800"])
def test_a_group_and_a_queue_are_texts(client: pyjobs.Client, name: Any) -> None:
    for unfail in (client.unfail, client.queue("q").unfail):
        with pytest.raises(pyjobs.InvalidArgument, match=r"^group: "):
            unfail(name)
    with pytest.raises(pyjobs.InvalidArgument, match=r"^queue: "):
        client.unfail("g", name)


@pytest.mark.parametrize("count", [0, 101, *NO_INTEGERS])
def test_how_many_calendars_are_read_is_1_to_100(client: pyjobs.Client, count: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^count: "):
        client.refill(count=count)


@pytest.mark.parametrize("count", [0, -1, *NO_INTEGERS])
def test_how_many_events_are_read_is_1_or_more(client: pyjobs.Client, count: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^count: "):
        client.events.read(count=count)


@pytest.mark.parametrize("when_full", [None, 7, "", "\ud800", "drop"])
def test_what_becomes_of_a_full_queue_is_one_of_two_words(
    client: pyjobs.Client, when_full: Any
) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^(drain: )?when[-_]full"):
        client.queue("q").cap(jobs=1, when_full=when_full)

    assert pyjobs.queue.Caps(None, None, "reject") == client.queue("q").caps


@pytest.mark.parametrize("number", [-1, *NO_INTEGERS[1:]])
def test_how_many_are_looked_at_is_an_integer(client: pyjobs.Client, number: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^most: "):
        client.failures.counts(most=number)
    with pytest.raises(pyjobs.InvalidArgument, match=r"^sample: "):
        client.queues.bytes(sample=number)


NO_TEXTS = [None, True, 7, "\ud800"]


@pytest.mark.parametrize("name", NO_TEXTS)
def test_names_are_texts(client: pyjobs.Client, name: Any) -> None:
    job = client.queue("q").pop()
    assert job
    recurring = client.jobs[client.queue("q").recur(None, interval=60)]
    assert isinstance(recurring, pyjobs.RecurringJob)
    asked: list[tuple[str, Ask]] = [
        ("queue", job.move),
        ("queue", job.unfail),
        ("queue", recurring.move),
        ("queue", client.queues.pause),
        ("queue", client.queues.unpause),
        ("tags", job.tag),
        ("tags", job.untag),
        ("tags", recurring.tag),
        ("what", job.log),
        ("worker", client.workers.deregister),
        ("since", client.events.read),
    ]
    for what, call in asked:
        with pytest.raises(pyjobs.InvalidArgument, match=rf"^{what}: "):
            call(name)


@pytest.mark.parametrize("name", NO_TEXTS[1:])
def test_a_next_queue_is_a_text(client: pyjobs.Client, name: Any) -> None:
    job = client.queue("q").pop()
    assert job
    with pytest.raises(pyjobs.InvalidArgument, match=r"^next_queue: "):
        job.complete(name)


@pytest.mark.parametrize("option", ["queue", "priority", "retries", "tags", "backlog"])
@pytest.mark.parametrize("value", [object(), b"x", 2**70])
def test_changes_of_a_schedule_are_checked_as_its_options(
    client: pyjobs.Client, option: str, value: Any
) -> None:
    recurring = client.jobs[client.queue("q").recur(None, interval=60)]
    assert isinstance(recurring, pyjobs.RecurringJob)
    with pytest.raises(pyjobs.InvalidArgument, match=f"^{option}: "):
        recurring.update(**{option: value})


@pytest.mark.parametrize("between", [7, True, {"08:00", "09:00"}])
def test_a_window_is_a_pair(client: pyjobs.Client, between: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^between: "):
        client.queue("q").recur(None, interval=60, between=between)
