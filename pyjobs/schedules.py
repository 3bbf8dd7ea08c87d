"""Recurring jobs: how they are made and changed, and how calendars are read on for the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyjobs import calls, codec, contexts, jids, naming, options, plans
from pyjobs.calendars import UTC, Between, Calendar, TimeZone, Wanted
from pyjobs.calls import Call
from pyjobs.errors import InvalidArgument
from pyjobs.options import Seconds
from pyjobs.plans import Plan
from pyjobs.putting import named


@dataclass(frozen=True)
class Timing:
    """When jobs are to be made: every `interval` milliseconds, or by a calendar."""

    interval: int
    offset: int
    calendar: Calendar | None


def recur(queue: str, klass: Any, data: Any, timing: Timing, given: Mapping[str, Any]) -> Plan[str]:
    """Make or replace a recurring job; returns its jid."""
    wire = options.to_wire(named({name: value for name, value in given.items() if name != "jid"}))
    if given.get("context") is None:
        wire.update(options.to_wire({"context": contexts.inherited()}))
    jid = given.get("jid")
    jid = jids.new() if jid is None else options.text(jid, "jid")
    wire["nonce"] = jids.new()
    interval = timing.interval
    if timing.calendar:
        interval, wire["calendar"] = 0, timing.calendar.text
    klass_name = "" if klass is None else naming.class_path(klass)
    packed = options.pack(wire)
    payload = codec.encode(data)
    return _then_refill(
        calls.recur(queue, jid, klass_name, payload, interval, timing.offset, packed), jid, timing
    )


def _then_refill(call: Call[str], jid: str, timing: Timing) -> Plan[str]:
    yield call
    if timing.calendar:
        yield from refill([jid])
    return jid


def refill(jids: Iterable[str] = (), count: int = plans.SLICE_JOBS) -> Plan[int]:
    """Read calendars on where the engine wants it, of these jobs or any; returns of how many."""
    most = options.integer(count, "count", 1, plans.SLICE_JOBS)
    wanted = yield calls.refills(most, list(jids))
    refilled = 0
    for each in wanted:
        call = answer_to(each)
        if call is not None:
            refilled += (yield call) == "refilled"
    return refilled


def answer_to(wanted: Wanted) -> Call[str] | None:
    """Return the call that tells what the engine wants to know; None: there are no more moments.

    Raises InvalidArgument when the calendar cannot be read here.
    """
    moments = Calendar.read(wanted.calendar).refill(wanted)
    return calls.refill(wanted, moments) if moments else None


def changed_timing(
    interval: Seconds | None, cron: str | None, between: Between | None, tz: TimeZone | None
) -> dict[str, Any]:
    """Return the changes, as on the wire, that give a recurring job another timing."""
    zone = UTC if tz is None else tz
    if cron is not None:
        if interval is not None:
            raise InvalidArgument("cron: there is an interval as well")
        return {"calendar": Calendar.of_cron(cron, zone, between).text}
    if interval is None:
        if between is not None or tz is not None:
            name = "tz" if between is None else "between"
            raise InvalidArgument(f"{name}: goes with cron or interval, which are said anew")
        return {}
    length = options.milliseconds(interval, "interval")
    if between is None:
        return {"interval": length}
    return {"calendar": Calendar.of_interval(length, zone, between).text}


def update(jid: str, changes: bytes, payload: bytes, refilling: bool) -> Plan[None]:
    """Change a recurring job, and read its calendar on if it has another."""
    yield calls.recur_update(jid, changes, payload)
    if refilling:
        yield from refill([jid])


def described(text: str) -> str:
    """Say in words when a calendar's moments are; one that cannot be read here as it stands."""
    try:
        calendar = Calendar.read(text)
    except InvalidArgument:
        return text
    if calendar.cron:
        return f"by {calendar.cron!r} {_window(calendar)}"
    return f"every {(calendar.interval or 0) / 1000:g} s {_window(calendar)}"


def _window(calendar: Calendar) -> str:
    if calendar.between:
        return "between {} and {} in {}".format(*calendar.between, calendar.tz)
    return f"in {calendar.tz}"
