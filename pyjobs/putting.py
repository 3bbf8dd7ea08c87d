"""Jobs that are to be put, made ready: data encoded, options on their way, jids made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyjobs import codec, contexts, jids, naming, options, plans
from pyjobs.errors import InvalidArgument


def prepare(queue: str, klass: Any, data: Any, given: Mapping[str, Any]) -> plans.Put:
    """Make ready what is to be put, with a jid if there is none."""
    context = contexts.inherited()
    if context and given.get("context") is None:
        given = {**given, "context": context}
    wire = options.to_wire({name: value for name, value in given.items() if name != "jid"})
    jid = given.get("jid")
    if jid is None:
        if "if_exists" in wire:
            raise InvalidArgument("if_exists: goes with a jid of your own, and none is given")
        jid = jids.new()
        # The jid was made for this call, so a job of this jid can only be its own.
        wire["if_exists"] = "repeated"
    else:
        options.text(jid, "jid")
        wire["nonce"] = jids.new()
    klass_name = "" if klass is None else naming.class_path(klass)
    return plans.Put(options.text(queue, "queue"), jid, klass_name, codec.encode(data), wire)


def described(job: Mapping[str, Any], queue: str) -> plans.Put:
    """Make ready a job as a mapping has it: `klass`, `data`, options, and perhaps its `queue`."""
    given = {name: value for name, value in job.items() if name not in {"queue", "klass", "data"}}
    return prepare(job.get("queue", queue), job.get("klass"), job.get("data"), given)
