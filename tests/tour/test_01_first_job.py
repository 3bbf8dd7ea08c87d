"""A job is put into a queue, popped by a worker, and completed."""

from __future__ import annotations

import pyjobs


def test_a_job_travels_through_a_queue(client: pyjobs.Client) -> None:
    queue = client.queue("underpants")
    jid = queue.put("gnomes.GnomesJob", {"count": 1})

    job = queue.pop()
    assert job is not None
    assert (jid, "gnomes.GnomesJob", {"count": 1}) == (job.jid, job.klass_name, job.data)

    assert "complete" == job.complete()
    assert queue.pop() is None
    (job,) = client.jobs.get(jid)
    assert ["put", "popped", "done"] == [event.what for event in job.history]


def test_a_job_travels_on_with_data_that_grows(client: pyjobs.Client) -> None:
    client.queue("underpants").put("gnomes.GnomesJob", {"count": 1})
    job = client.queue("underpants").pop()
    assert job is not None
    job["collected"] = 12
    assert "waiting" == job.complete("unknown")

    job = client.queue("unknown").pop()
    assert job is not None
    assert {"count": 1, "collected": 12} == job.data


def test_many_jobs_are_put_popped_and_completed_in_few_calls(client: pyjobs.Client) -> None:
    queue = client.queue("underpants")
    jids = queue.put_many({"klass": "gnomes.GnomesJob", "data": n} for n in range(120))

    done: list[str] = []
    jobs = queue.pop(50)
    while jobs:
        completed = queue.complete(jobs, pop=50)
        assert ["complete"] * len(jobs) == list(completed)
        done += [job.jid for job in jobs]
        jobs = completed.jobs

    assert jids == done


def test_a_plain_data_item_needs_no_class(client: pyjobs.Client) -> None:
    client.queue("items").put(None, b"\x00\xff")
    item = client.queue("items").pop()
    assert item is not None
    assert ("", b"\x00\xff") == (item.klass_name, item.data)
    item.complete()
