"""Which job runs next: priority, then age."""

from __future__ import annotations

import pyjobs


def popped(queue: pyjobs.Queue, count: int = 100) -> list[object]:
    return [job.data for job in queue.pop(count)]


def test_lower_priorities_run_sooner_and_equals_in_the_order_of_their_puts(
    client: pyjobs.Client,
) -> None:
    queue = client.queue("q")
    for name, priority in [("c", 0), ("d", 0), ("e", 7), ("a", -100), ("b", -1)]:
        queue.put(None, name, priority=priority)

    assert ["a", "b", "c", "d", "e"] == popped(queue)


def test_a_new_priority_keeps_the_place_by_age(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    first, second, third = (queue.put(None, n, priority=n) for n in (1, 2, 2))
    client.jobs[first].set_priority(2)  # type: ignore[union-attr]

    assert [first, second, third] == [job.jid for job in queue.pop(3)]


def test_one_pop_serves_one_queue_and_peek_takes_nothing(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    jid = queue.put(None, "x")
    seen = queue.peek()
    assert seen is not None
    assert jid == seen.jid

    assert jid == queue.pop(1)[0].jid


def test_a_paused_queue_hands_nothing_out(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    queue.put(None, "x")
    queue.pause()
    assert queue.pop() is None

    queue.unpause()
    assert ["x"] == popped(queue)


def test_several_queues_are_served_in_the_order_in_which_they_are_named(
    client: pyjobs.Client,
) -> None:
    client.queue("low").put(None, "low")
    client.queue("high").put(None, "high")

    assert ["high", "low"] == [job.data for job in client.pop(["high", "low"], 2)]
