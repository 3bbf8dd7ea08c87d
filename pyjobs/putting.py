"""Jobs that are to be put, made ready: data encoded, options on their way, jids made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pyjobs import codec, contexts, jids, options, plans
from pyjobs.errors import InvalidArgument, NotAJobClass
from pyjobs.naming import class_path

KEY = 255
"""Bytes of a unique key: `NAME` in `lua/rules/limits.lua`."""
FATES = ("cancel", "fail")
"""What becomes of a job that is too late, if no other class runs in its place."""


def prepare(queue: str, klass: Any, data: Any, given: Mapping[str, Any]) -> plans.Put:
    """Make ready what is to be put, with a jid if there is none."""
    context = contexts.inherited()
    if context and given.get("context") is None:
        given = {**given, "context": context}
    queue, klass_name = options.text(queue, "queue"), "" if klass is None else class_path(klass)
    payload = codec.encode(data)
    if given.get("unique") is True:
        given = {**given, "unique": derived(queue, klass_name, payload)}
    wire = options.to_wire({name: each for name, each in named(given).items() if name != "jid"})
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
    return plans.Put(queue, jid, klass_name, payload, wire)


def named(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with code by its import path, and without a key that is False."""
    found = {name: each for name, each in given.items() if name != "unique" or each is not False}
    late = found.get("if_late")
    if late is not None and late not in FATES:
        try:
            found["if_late"] = class_path(late)
        except NotAJobClass as error:
            raise NotAJobClass(f"if_late: cancel, fail or a job class: {error}") from None
    return found


def derived(queue: str, klass: str, payload: bytes) -> str:
    """Return the unique key of what runs in a queue with this data."""
    digest = hashlib.sha256(codec.canonical(payload)).hexdigest()[:32]
    scope = f"{queue}:{klass}:"
    if len(scope.encode()) > KEY - len(digest):
        scope = hashlib.sha256(scope.encode()).hexdigest() + ":"
    return scope + digest


def described(job: Mapping[str, Any], queue: str) -> plans.Put:
    """Make ready a job as a mapping has it: `klass`, `data`, options, and perhaps its `queue`."""
    given = {name: value for name, value in job.items() if name not in {"queue", "klass", "data"}}
    return prepare(job.get("queue", queue), job.get("klass"), job.get("data"), given)
