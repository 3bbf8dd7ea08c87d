"""An application, as its users would write it."""

from __future__ import annotations

from typing import Any

import pyjobs

client = pyjobs.Client("redis://nobody.invalid:1/0")
outgoing = client.queue("mail")
aio = pyjobs.AsyncClient("redis://nobody.invalid:1/0")

sent: list[Any] = []


def sign_up(name: str) -> str:
    jid = outgoing.put(Welcome, {"to": name, "on": ("mon", "tue")}, priority=-5, tags=["new"])
    outgoing.put(Remind, {"to": name}, delay=3 * 86_400)
    return jid


async def sign_up_async(name: str) -> str:
    return await aio.queue("mail").put(Welcome, {"to": name, "on": []})


class Welcome:
    @staticmethod
    def process(job: pyjobs.Job) -> str:
        sent.append(f"welcome {job['to']}")
        return f"sent to {job['to']}"


class Remind:
    @staticmethod
    def process(job: pyjobs.Job) -> None:
        sent.append(f"remind {job['to']}")


class Report:
    @staticmethod
    async def process(job: pyjobs.AsyncJob) -> str:
        sent.append("report")
        return "reported"


class Broken:
    @staticmethod
    def process(job: pyjobs.Job) -> None:
        raise LookupError("no such customer")


class Flaky:
    retry_on = (OSError,)

    @staticmethod
    def process(job: pyjobs.Job) -> str:
        if job.attempt < 3:
            raise OSError("not yet")
        return f"attempt {job.attempt}"


class Parent:
    """Puts a job, and goes by its result."""

    @staticmethod
    def process(job: pyjobs.Job) -> str:
        jid = job.client.queue("mail").put(Welcome, {"to": job["to"]}, keep_result=60)
        if job["waits"]:
            return f"parent of {job.client.result(jid, wait=5)}"
        return jid


class AsyncParent:
    @staticmethod
    async def process(job: pyjobs.AsyncJob) -> str:
        jid = await job.client.queue("mail").put(Welcome, {"to": job["to"]}, keep_result=60)
        return f"parent of {await job.client.result(jid, wait=5)}"


class Endless:
    @staticmethod
    def process(job: pyjobs.Job) -> None:
        job.client.queue("mail").put(Endless)


class Chatty:
    """Completes itself into the next queue."""

    @staticmethod
    def process(job: pyjobs.Job) -> None:
        sent.append(job.queue_name)
        if job.queue_name != "third":
            job.complete("third" if job.queue_name == "second" else "second")
