"""What the engine's reading commands tell about a namespace, and what the model says."""

from __future__ import annotations

import math
from typing import Any

from pyjobs.record import AWAITED, read_options
from tests.engine.conftest import Engine, Found
from tests.laws.model import KEPT, Job, Model

LONGEST = 100
"""Entries of history that a job keeps: the first, and the newest."""

STATES = [
    "waiting",
    "running",
    "stalled",
    "scheduled",
    "depends",
    "recurring",
    "complete",
    "failed",
]
COUNTED = [
    "waiting",
    "running",
    "stalled",
    "scheduled",
    "depends",
    "recurring",
    "throttled",
    "complete",
    "failed",
]


def texts(names: list[bytes]) -> list[str]:
    return [name.decode() for name in names]


def engine_view(engine: Engine, model: Model) -> dict[str, Any]:
    """Ask the engine, in one go, about every job, queue, tag, group and worker there may be."""
    jids = sorted({*model.jobs, *model.traces, "nobody"})
    groups = sorted({job.failure["group"] for job in model.jobs.values() if job.failure} - {""})
    asked: dict[str, tuple[Any, ...]] = {
        "queues": ("queues", "", 100),
        "groups": ("groups", "", 100),
        "tags": ("tags", 0, 100),
        "tracked": ("tracked", "", 100),
        "workers": ("workers", "", 100),
    }
    for start in range(0, len(jids), 100):
        asked[f"get {start}"] = ("get", *jids[start : start + 100])
    for queue in model.queues:
        for state in STATES:
            asked[f"{state} of {queue}"] = ("jobs", queue, state, "", 100)
    asked |= {f"group {name}": ("group", name, "", 100) for name in groups}
    asked |= {f"tagged {name}": ("tagged", name, "", 100) for name in model.tagged}
    asked |= {f"worker {name}": ("worker", name, "", 100) for name in model.workers}
    asked |= {f"result {jid}": ("result", jid) for jid in model.jobs}
    asked |= {f"template {jid}": ("recurring", jid) for jid in model.templates}
    answers = dict(zip(asked, read_all(engine, list(asked.values()), model.now), strict=True))
    return {
        "jobs": {
            jid: engine_job(Found.read(answer))
            for start in range(0, len(jids), 100)
            for jid, answer in zip(jids[start:], answers[f"get {start}"], strict=False)
            if answer
        },
        "queues": [
            [row[0].decode(), row[1], row[2], dict(zip(COUNTED, row[3:], strict=True))]
            for row in answers["queues"][1:]
        ],
        "listings": {name: texts(answer[1:]) for name, answer in answers.items() if " of " in name},
        "groups": dict(zip(texts(answers["groups"][1::2]), answers["groups"][2::2], strict=True)),
        "group": {name: texts(answers[f"group {name}"][2:]) for name in groups},
        "tags": [
            (tag.decode(), n)
            for tag, n in zip(answers["tags"][::2], answers["tags"][1::2], strict=True)
        ],
        "tagged": {name: texts(answers[f"tagged {name}"][2:]) for name in model.tagged},
        "tracked": texts(answers["tracked"][1:]),
        "workers": sorted([row[0].decode(), *row[1:]] for row in answers["workers"][1:]),
        "held": {
            name: sorted([row[0].decode(), row[1].decode(), row[2]] for row in answer[3:])
            for name in model.workers
            if (answer := answers[f"worker {name}"])
        },
        "results": {
            jid: answer[1]
            for jid in model.jobs
            if (answer := answers[f"result {jid}"])[0] == b"complete" and len(answer) > 1
        },
        "templates": {
            jid: engine_template(row) if (row := answers[f"template {jid}"][0]) else None
            for jid in model.templates
        },
    }


def read_all(engine: Engine, calls: list[tuple[Any, ...]], now: int) -> list[Any]:
    """Send reading commands in one go."""
    pipe = engine.server.pipeline(transaction=False)
    for command, *args in calls:
        if engine.delivery == "scripts":
            sha = engine.server.script_load(engine.library.scripts["reads"])
            pipe.execute_command("EVALSHA_RO", sha, 1, engine.root, command, now, *args)
        else:
            function = engine.library.function(command)
            pipe.execute_command("FCALL_RO", function, 1, engine.root, now, *args)
    return pipe.execute()


def engine_job(found: Found) -> dict[str, Any]:
    """Tell what is known of a job; of a trace, only its state."""
    record = found.record
    if record.state == "cancelled":
        return {"state": "cancelled"}
    return {
        "queue": found.queue,
        "state": record.state,
        "klass": found.klass,
        "payload": record.payload,
        "priority": record.priority,
        "since": record.since,
        "retries": record.retries,
        "left": record.left,
        "attempt": record.attempt,
        "errors": record.errors,
        "lost": record.lost,
        "awaited": bool(record.flags & AWAITED),
        "tags": record.options.get("tags", []),
        "origin": record.options.get("origin", ""),
        "kept": {name: record.options[name] for name in KEPT if name in record.options},
        "ends": found.ends,
        "worker": record.worker,
        "dependencies": found.dependencies,
        "dependents": set(found.dependents),
        "failure": (found.failure["group"], found.failure["message"]) if found.failure else None,
        "history": [entry.what for entry in record.history(found.queue)],
    }


def engine_template(row: list[Any]) -> dict[str, Any]:
    names = "queue jid klass payload interval due count backlog priority retries tags lease paused"
    known = dict(zip([*names.split(), "options", "details"], row, strict=True))
    return {
        "queue": known["queue"].decode(),
        "payload": known["payload"],
        "interval": known["interval"],
        "due": known["due"],
        "count": known["count"],
        "backlog": known["backlog"],
        "tags": texts(known["tags"]),
        "paused": bool(known["paused"]),
        "kept": read_options(known["options"]) if known["options"] else {},
    }


def model_view(model: Model) -> dict[str, Any]:
    """Tell what the reading commands should answer."""
    jobs: dict[str, Any] = {
        jid: {"state": "cancelled"}
        for jid, trace in model.traces.items()
        if trace.state == "cancelled"
    }
    jobs |= {jid: model_job(job) for jid, job in model.jobs.items()}
    listings = {
        f"{state} of {queue}": model_listing(model, queue, state)
        for queue in model.queues
        for state in STATES
    }
    groups = sorted({job.failure["group"] for job in model.jobs.values() if job.failure} - {""})
    failed = {name: [job.jid for job in reversed(model.group(name))] for name in groups}
    sizes = {tag: len(jids) for tag, jids in model.tagged.items() if jids}
    return {
        "jobs": jobs,
        "queues": [
            [
                name,
                int(queue.paused),
                queue.lease or 0,
                {"throttled": 0} | {state: len(listings[f"{state} of {name}"]) for state in STATES},
            ]
            for name, queue in sorted(
                model.queues.items(), key=lambda item: (item[1].first, item[0].encode())
            )
        ],
        "listings": listings,
        "groups": {name: len(jids) for name, jids in failed.items() if jids},
        "group": failed,
        "tags": sorted(sizes.items(), key=lambda item: (item[1], item[0].encode()), reverse=True),
        "tagged": {tag: by_time(jids) for tag, jids in model.tagged.items()},
        "tracked": by_time(model.tracked),
        "workers": sorted(
            [
                name,
                seen,
                len(held(model, name)),
                stalled(model, name),
                model.reports.get(name, b""),
            ]
            for name, seen in model.workers.items()
        ),
        "held": {
            name: sorted([job.jid, job.queue, ending(job)] for job in held(model, name))
            for name in model.workers
        },
        "results": {
            jid: job.result[1]
            for jid, job in model.jobs.items()
            if job.state == "complete" and job.result and job.result[0] == job.attempt
        },
        "templates": {
            jid: {
                "queue": template.queue,
                "payload": template.payload,
                "interval": template.interval,
                "due": 0 if template.paused else template.due,
                "count": template.count,
                "backlog": template.backlog,
                "tags": template.tags,
                "paused": template.paused,
                "kept": template.kept,
            }
            for jid, template in model.templates.items()
        },
    }


def model_job(job: Job) -> dict[str, Any]:
    handout = job.handout
    return {
        "queue": job.queue,
        "state": job.state,
        "klass": job.klass,
        "payload": job.payload,
        "priority": job.priority,
        "since": job.since,
        "retries": job.retries,
        "left": job.left,
        "attempt": job.attempt,
        "errors": job.errors,
        "lost": job.lost,
        "awaited": job.awaited,
        "tags": job.tags,
        "origin": job.origin,
        "kept": job.kept,
        "ends": ending(job),
        "worker": handout.worker if handout else "",
        "dependencies": job.parents,
        "dependents": set(job.dependents),
        "failure": (job.failure["group"], job.failure["message"]) if job.failure else None,
        "history": job.history[:1] + job.history[1:][-(LONGEST - 1) :],
    }


def model_listing(model: Model, queue: str, state: str) -> list[str]:
    if state == "recurring":
        mine = [template for template in model.templates.values() if template.queue == queue]
        order = sorted(mine, key=lambda t: (math.inf if t.paused else t.due, t.jid.encode()))
        return [template.jid for template in order]
    jobs = model.in_state(queue, "running" if state == "stalled" else state)
    if state == "stalled":
        jobs = [job for job in jobs if job.ends <= model.now]
    if state == "running":
        jobs = [job for job in jobs if job.ends > model.now]
    return [job.jid for job in jobs]


def ending(job: Job) -> int:
    return int(job.ends) if job.state == "running" and job.ends != math.inf else 0


def held(model: Model, worker: str) -> list[Job]:
    return [job for job in model.jobs.values() if job.handout and job.handout.worker == worker]


def stalled(model: Model, worker: str) -> int:
    return sum(1 for job in held(model, worker) if job.ends <= model.now)


def by_time(times: dict[str, int]) -> list[str]:
    return sorted(times, key=lambda name: (times[name], name.encode()))


def differences(known: Any, expected: Any, path: str = "") -> list[str]:
    """Return where two views differ."""
    if isinstance(known, dict) and isinstance(expected, dict):
        return [
            fault
            for name in sorted({*known, *expected})
            for fault in differences(
                known.get(name, "nothing"), expected.get(name, "nothing"), f"{path}/{name}"
            )
        ]
    if known == expected:
        return []
    return [f"{path}: is {known!r}, should be {expected!r}"]
