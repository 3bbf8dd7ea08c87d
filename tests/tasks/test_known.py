"""Names of tasks that no worker knows, told when they are put."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pytest

import pyjobs
from pyjobs import ClassNotFound, InvalidArgument, Tasks, calls
from pyjobs.tasks.known import UnknownTask, published
from pyjobs.worker import reporting
from tests.tasks import jobs


def report(client: pyjobs.Client, worker: str, queues: list[str], *paths: str) -> None:
    """Let a worker say what it serves, and which tasks it has loaded."""
    about = reporting.packed({}, running=[], queues=queues, klasses=published(paths))
    client.run(calls.report(worker, about, queues))


@pytest.fixture
def tasks(client: pyjobs.Client) -> Tasks:
    return Tasks(client, queue="mail")


def test_what_a_worker_knows_is_put_without_a_word(client: pyjobs.Client, tasks: Tasks) -> None:
    report(client, "a", ["mail"], "shop.jobs.send")

    assert tasks.send("shop.jobs.send").status == "waiting"


def test_a_slip_of_the_pen_is_told_at_once(client: pyjobs.Client, tasks: Tasks) -> None:
    report(client, "a", ["mail"], "shop.jobs.send", "shop.jobs.fetch")

    with pytest.warns(UnknownTask, match="no worker that serves 'mail'.*there is 'shop.jobs.send'"):
        handle = tasks.send("shop.jobs.sned")

    assert handle.status == "waiting"


def test_or_refused_if_one_wishes(client: pyjobs.Client, tasks: Tasks) -> None:
    report(client, "a", ["mail"], "shop.jobs.send")

    with pytest.raises(ClassNotFound, match=r"'shop\.jobs\.other': no worker"):
        tasks.named("shop.jobs.other", unknown="refuse").later()
    assert tasks.named("shop.jobs.other", unknown="ignore").later().status == "waiting"
    with pytest.raises(InvalidArgument, match="unknown: 'maybe' is none of warn, refuse, ignore"):
        tasks.named("shop.jobs.other", unknown="maybe")  # type: ignore[arg-type]


def test_a_new_worker_is_seen_before_a_name_is_held_to_be_unknown(
    client: pyjobs.Client, tasks: Tasks
) -> None:
    report(client, "old", ["mail"], "shop.jobs.send")
    tasks.send("shop.jobs.send")
    report(client, "new", ["mail"], "shop.jobs.send", "shop.jobs.sing")

    assert tasks.send("shop.jobs.sing").status == "waiting"


@pytest.mark.parametrize(
    "workers",
    [
        {},
        {"a": (["other"], "shop.jobs.send")},
        {"a": (["mail"], "shop.jobs.send"), "b": (["mail"],)},
        {"a": (["mail"], "billing.jobs.invoice")},
    ],
    ids=["no worker", "none of the queue", "one that does not say", "another module"],
)
def test_where_it_cannot_be_known_nothing_is_said(
    client: pyjobs.Client, tasks: Tasks, workers: dict[str, Any]
) -> None:
    for name, (queues, *paths) in workers.items():
        report(client, name, queues, *paths)

    assert tasks.named("shop.jobs.shred", unknown="refuse").later().status == "waiting"


def test_reports_of_another_sort_say_nothing(client: pyjobs.Client, tasks: Tasks) -> None:
    client.run(calls.report("a", b"\xc1 no msgpack", ["mail"]))
    client.run(calls.report("b", b"\x01", ["mail"]))

    assert tasks.named("shop.jobs.x", unknown="refuse").later().status == "waiting"


def test_async_code_is_told_too(client: pyjobs.Client, tasks: Tasks) -> None:
    report(client, "a", ["mail"], "shop.jobs.send")

    async def send() -> None:
        with pytest.warns(UnknownTask, match=r"shop\.jobs\.sent"):
            await tasks.asend("shop.jobs.sent")
        await tasks.aclose()

    asyncio.run(send())


def test_a_task_whose_code_is_here_is_not_asked_about(client: pyjobs.Client) -> None:
    report(client, "a", ["default"], "tests.tasks.jobs.other")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jobs.resize.later("a")


def test_more_tasks_than_a_report_has_room_for_are_not_told() -> None:
    few = reporting.packed({}, running=[], queues=["q"], klasses=published(["shop.jobs.a"]))
    many = published(f"shop.jobs.task_number_{n}" for n in range(1000))
    packed = reporting.packed({}, running=[], queues=["q"], klasses=many)

    assert b"klasses" in few
    assert b"klasses" not in packed


def test_modules_are_included_and_discovered(
    tasks: Tasks, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "workshop"
    for path in ("jobs", "views", "mail/tasks", "mail/_private", "mail/deep/jobs"):
        module = shop / f"{path}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text("")
        (module.parent / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    found = tasks.discover("workshop")

    assert found == ["workshop.jobs", "workshop.mail.deep.jobs", "workshop.mail.tasks"]
    tasks.include("workshop.mail")
    assert tasks.packages == {"workshop.mail"}
    with pytest.raises(ClassNotFound, match=r"importing 'workshop\.nothing' failed"):
        tasks.include("workshop.nothing")
    with pytest.raises(InvalidArgument, match="names: must be a list"):
        tasks.discover("workshop", names="jobs")


@pytest.mark.parametrize("kind", ["call", "whole"])
def test_a_transaction_looks_before_anything_is_applied(
    client: pyjobs.Client, tasks: Tasks, server: Any, kind: str
) -> None:
    report(client, "a", ["mail"], "shop.jobs.send", "shop.jobs.fetch")
    part: Any = tasks.named("shop.jobs.other", unknown="refuse").prepare()
    slip: Any = tasks.named("shop.jobs.sned").prepare()
    if kind == "whole":
        part, slip = jobs.double.prepare(1).then(part), jobs.double.prepare(1).then(slip)

    def put() -> None:
        with client.transaction() as transaction:
            transaction.put("mail", "shop.jobs.send")
            part.within(transaction)

    async def put_async() -> None:
        async with (
            pyjobs.AsyncClient(server.url, namespace=client.namespace) as aio,
            aio.transaction() as transaction,
        ):
            transaction.put("mail", "shop.jobs.send")
            part.within(transaction)

    with pytest.raises(ClassNotFound, match=r"'shop\.jobs\.other': no worker"):
        put()
    with pytest.raises(ClassNotFound, match=r"'shop\.jobs\.other': no worker"):
        asyncio.run(put_async())
    assert client.queues.counts == []
    part = slip
    with pytest.warns(UnknownTask, match="there is 'shop.jobs.send'"):
        put()
    assert client.queues["mail"].counts.waiting == (2 if kind == "call" else 1)
