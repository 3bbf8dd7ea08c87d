"""Clients whose jobs run when they are put."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import pyjobs
from pyjobs import testing
from tests.testing import app


@pytest.fixture
def client(immediate_jobs: testing.Workbench) -> pyjobs.Client:
    return immediate_jobs.client


def test_a_job_has_run_when_its_put_returns(client: pyjobs.Client) -> None:
    jid = client.queue("mail").put(app.Welcome, {"to": "ann"}, keep_result=60)

    assert app.sent == ["welcome ann"]
    assert client.result(jid) == "sent to ann"
    assert [event.what for event in client.jobs[jid].history] == [  # type: ignore[union-attr]
        *("put", "popped", "done")
    ]


def test_a_coroutine_too(client: pyjobs.Client) -> None:
    jid = client.queue("mail").put(app.Report, keep_result=60)

    assert client.result(jid) == "reported"


def test_many_run_in_their_order(client: pyjobs.Client) -> None:
    names = [("ann", 1), ("bob", 0)]
    client.queue("mail").put_many(
        {"klass": app.Welcome, "data": {"to": name}, "priority": order} for name, order in names
    )

    assert app.sent == ["welcome bob", "welcome ann"]


def test_a_failure_is_that_of_the_job(client: pyjobs.Client) -> None:
    jid = client.queue("mail").put(app.Broken)
    with pytest.raises(pyjobs.JobFailed, match="no such customer") as caught:
        client.result(jid)

    assert caught.value.group == "mail-LookupError"


def test_a_class_that_cannot_be_found_is_a_failure_too(client: pyjobs.Client) -> None:
    jid = client.queue("mail").put("tests.testing.app.Nobody")
    with pytest.raises(pyjobs.JobFailed, match="Nobody"):
        client.result(jid)


def test_retries_run_at_once_unless_they_have_a_delay(client: pyjobs.Client) -> None:
    jid = client.queue("mail").put(app.Flaky, keep_result=60)

    assert client.result(jid) == "attempt 3"


@pytest.mark.parametrize("data", [{1, 2}, object(), datetime(2030, 1, 1), 2**70])  # noqa: DTZ001
def test_what_cannot_travel_fails_as_it_would_with_a_worker(
    client: pyjobs.Client, data: Any
) -> None:
    with pytest.raises(pyjobs.EncodingError):
        client.queue("mail").put(app.Welcome, {"to": data})

    assert app.sent == []


def test_a_job_sees_its_data_as_they_arrive(client: pyjobs.Client) -> None:
    client.queue("mail").put(app.Welcome, {"to": ("a", "tuple")})

    assert app.sent == ["welcome ['a', 'tuple']"]


@pytest.mark.parametrize("klass", [app.Parent, app.AsyncParent])
def test_what_a_job_puts_runs_before_it_goes_on(client: pyjobs.Client, klass: type) -> None:
    jid = client.queue("mail").put(klass, {"to": "ann", "waits": True}, keep_result=60)

    assert client.result(jid) == "parent of sent to ann"


def test_jobs_that_put_one_another_for_ever_are_noticed(
    client: pyjobs.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyjobs.immediate.LIMIT", 10)
    monkeypatch.setattr("pyjobs.immediate.DEPTH", 3)
    with pytest.raises(pyjobs.NotFinished, match="no end"):
        client.queue("mail").put(app.Endless)


def test_a_job_runs_through_its_queues(client: pyjobs.Client) -> None:
    client.queue("first").put(app.Chatty)

    assert app.sent == ["first", "second", "third"]


def test_dependents_and_what_is_put_back_run_too(client: pyjobs.Client) -> None:
    queue = client.queue("mail")
    queue.pause()
    first = queue.put(app.Welcome, {"to": "ann"})
    queue.put(app.Welcome, {"to": "bob"}, depends=[first])
    assert app.sent == []
    queue.unpause()

    assert app.sent == ["welcome ann", "welcome bob"]


def test_a_delay_lasts_until_its_time_has_come(immediate_jobs: testing.Workbench) -> None:
    immediate_jobs.client.queue("mail").put(app.Welcome, {"to": "ann"}, delay=60)
    assert app.sent == []
    immediate_jobs.advance(minutes=1)

    assert app.sent == ["welcome ann"]
    immediate_jobs.assert_put(app.Welcome, count=1)


def test_a_transaction_cannot_put(client: pyjobs.Client) -> None:
    with (
        pytest.raises(pyjobs.InvalidArgument, match="immediate client runs a job when it is put"),
        client.transaction() as transaction,
    ):
        transaction.put("mail", app.Welcome, {"to": "ann"})
    with client.transaction() as transaction:
        transaction.add(pyjobs.calls.pause(["mail"]))

    assert app.sent == []
    assert client.queue("mail").counts.paused


def test_data_items_wait_for_whoever_gets_them(client: pyjobs.Client) -> None:
    client.queue("data").put_data([1, 2])

    assert [item.data for item in client.queue("data").get(2)] == [1, 2]


def test_a_sync_client_runs_coroutines_also_below_an_event_loop(client: pyjobs.Client) -> None:
    async def main() -> str:
        return client.queue("mail").put(app.Report, keep_result=60)

    assert client.result(asyncio.run(main())) == "reported"


def test_an_async_client_runs_both_kinds(immediate_jobs: testing.Workbench) -> None:
    async def main() -> None:
        async with immediate_jobs.async_client() as client:
            for klass, result in (
                (app.Report, "reported"),
                (app.Welcome, "sent to ann"),
                (app.Parent, "parent of sent to ann"),
                (app.AsyncParent, "parent of sent to ann"),
            ):
                data = {"to": "ann", "waits": True}
                jid = await client.queue("mail").put(klass, data, keep_result=60)
                assert await client.result(jid) == result
            with pytest.raises(pyjobs.InvalidArgument, match="immediate"):
                async with client.transaction() as transaction:
                    transaction.put("mail", app.Report)

    asyncio.run(main())


def test_an_adopted_client_runs_at_once_as_well(immediate_jobs: testing.Workbench) -> None:
    immediate_jobs.adopt(app.client)
    app.sign_up("ann")

    assert app.sent == ["welcome ann"]


def test_its_namespace_is_its_own_and_goes_with_it(server: Any) -> None:
    with pyjobs.ImmediateClient(server.url, namespace="shop") as client:
        client.queue("mail").put(app.Welcome, {"to": "ann"})
        assert client.namespace.startswith("shop-immediate-")
        assert list(server.admin.scan_iter(f"{{{client.namespace}/*"))

    assert not list(server.admin.scan_iter(f"{{{client.namespace}/*"))


def test_a_program_that_forgets_to_close_it_leaves_nothing_either(server: Any) -> None:
    program = f"""
import pyjobs
client = pyjobs.ImmediateClient({server.url!r}, namespace="shop")
client.queue("mail").put("tests.testing.app.Welcome", {{"to": "ann"}})
"""
    subprocess.run([sys.executable, "-c", program], check=True)

    assert not list(server.admin.scan_iter("{shop*"))


def test_an_async_one_goes_as_well(server: Any) -> None:
    async def main() -> None:
        async with pyjobs.AsyncImmediateClient(server.url) as client:
            await client.queue("mail").put(app.Report)

    asyncio.run(main())
    assert app.sent == ["report"]


def test_it_needs_no_server_that_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("PYJOBS_URL", raising=False)
    with pyjobs.ImmediateClient() as client:
        client.queue("mail").put(app.Welcome, {"to": "ann"})

    assert app.sent == ["welcome ann"]
