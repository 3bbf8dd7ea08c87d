"""Whatever is broken by hand, a check names it, a repair mends it, and every job still runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pyjobs import record
from tests.engine.conftest import Engine, dump
from tests.engine.templates import recur
from tests.laws.world import DAY, JOBS, LEFT, NOW, World


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


COUNTED = 8192
"""The flag of a job that its limits count."""


def of_a_calendar(world: World) -> World:
    """Make a recurring job of a calendar that nobody has read."""
    recur(world.engine, "by-cron", interval=0, calendar="{}", now=NOW)
    return world


def capped(world: World) -> World:
    """Let a queue with jobs take only so many bytes."""
    world.engine.configure("max-bytes-q", 1000, now=NOW)
    return world


def klass_limited(world: World) -> World:
    """Limit a klass of which jobs run."""
    world.engine.call("limit", "klass:jobs.Klass", 5, "", "", "", now=NOW)
    return world


def being_counted(world: World) -> World:
    """The same, and more jobs run than a slice counts."""
    world.engine.call("limit", "klass:many", 0, "", "", "", now=NOW)
    for number in range(200):
        world.engine.put(f"many{number}", "many", now=NOW)
    for _ in range(2):
        world.engine.pop("many", count=100, now=NOW)
    return klass_limited(world)


Damage = tuple[Callable[[World], object], set[str]]
"""What is done, and the invariants that do not hold then."""

MENDED: dict[str, Damage] = {
    "a waiting job in no set": (lambda w: w.take("waiting:1", b"plain"), {"lost-job"}),
    "a scheduled job in no set": (lambda w: w.take("scheduled:1", b"later"), {"lost-job"}),
    "a blocked job in no set": (lambda w: w.take("depends:1", b"child"), {"lost-job"}),
    "a running job in no set": (lambda w: w.take("running:1", b"held"), {"lost-job"}),
    "a complete job in no set": (lambda w: w.take("complete:1", b"done"), {"lost-job"}),
    "a failed job in no set": (lambda w: w.take("failed:1", b"bad"), {"lost-job"}),
    "a whole set gone": (lambda w: w.drop("waiting:1"), {"lost-job"}),
    "a waiting job at another priority": (
        lambda w: w.shift("waiting:1", b"plain"),
        {"misplaced-job"},
    ),
    "a scheduled job at another time": (
        lambda w: w.shift("scheduled:1", b"later"),
        {"misplaced-job"},
    ),
    "a running job that nobody holds": (
        lambda w: w.unhold("held"),
        {"unheld-job", "stale-lease"},
    ),
    "a member without a job": (
        lambda w: w.add("waiting:1", b"\0" * 6 + b"none", 0),
        {"stray-member"},
    ),
    "a job twice in a set": (lambda w: w.add("waiting:1", b"\0" * 6 + b"big", 0), {"stray-member"}),
    "a job in the set of another state": (lambda w: w.add("failed:1", b"done"), {"stray-member"}),
    "a job in the set of another queue": (
        lambda w: w.add(f"complete:{w.number('other')}", b"done"),
        {"stray-member", "late-clock"},
    ),
    "a lease under another token": (
        lambda w: w.add("running:1", b"\0" * 6 + b"held", NOW + DAY),
        {"stray-member"},
    ),
    "a member in no flow": (
        lambda w: w.take("members:f", b"member"),
        {"lost-member", "half-flow"},
    ),
    "a member in another class": (lambda w: w.shift("members:f", b"member"), {"lost-member"}),
    "a member of nothing": (lambda w: w.add("members:f", b"none", 0), {"stray-in-flow"}),
    "a job in a flow that is not its": (
        lambda w: w.add("members:f", b"plain", 0),
        {"stray-in-flow"},
    ),
    "a flow without its hash": (lambda w: w.drop("flow:f"), {"half-flow"}),
    "a flow that is not listed": (lambda w: w.take("flows", b"f"), {"half-flow"}),
    "a flow that expires": (lambda w: w.server.pexpire(w.key("flow:f"), DAY), {"half-flow"}),
    "a flow without members": (lambda w: w.add("flows", b"none", 0), {"half-flow"}),
    "a flow without members to be done": (
        lambda w: w.add("pending", b"none", NOW),
        {"half-flow", "late-clock"},
    ),
    "a lineage of no member": (lambda w: w.add("lineage:plain", b"big", 0), {"stray-lineage"}),
    "a parent that its member has forgotten": (
        lambda w: w.take("lineage:member", b"plain"),
        {"forgotten-parent"},
    ),
    "a flow that nothing is done with": (lambda w: w.take("pending", b"f"), {"stuck-member"}),
    "a hold on a waiting job": (
        lambda w: w.flag("plain", record.HELD, raised=True),
        {"stale-mark"},
    ),
    "a grace period of a waiting job": (
        lambda w: w.flag("plain", record.GRACE, raised=True),
        {"stale-mark"},
    ),
    "an end that nobody was told of": (
        lambda w: w.flag("done", record.AWAITED, raised=True),
        {"stale-mark"},
    ),
    "more retries left than given": (
        lambda w: w.write("plain", LEFT, b"\0\x63"),
        {"stale-mark"},
    ),
    "a side key of no job": (lambda w: w.server.set(w.key("payload:none"), "x"), {"ownerless-key"}),
    "a payload that its record does not know of": (
        lambda w: w.flag("big", record.PAYLOAD, raised=False),
        {"unflagged-key"},
    ),
    "a payload too many": (lambda w: w.server.set(w.key("payload:plain"), "x"), {"unflagged-key"}),
    "a failure that its record does not know of": (
        lambda w: w.flag("bad", record.FAILURE, raised=False),
        {"unflagged-key"},
    ),
    "parents that the record does not know of": (
        lambda w: w.flag("child", record.PARENTS, raised=False),
        {"unflagged-key"},
    ),
    "dependents that the record does not know of": (
        lambda w: w.flag("plain", record.DEPENDENTS, raised=False),
        {"unflagged-key"},
    ),
    "a failure that is gone": (lambda w: w.drop("failure:bad"), {"lost-failure", "stray-in-group"}),
    "dependents that are gone": (
        lambda w: w.drop("dependents:plain"),
        {"lost-dependents", "deaf-parent"},
    ),
    "dependents of a job that has none": (
        lambda w: w.flag("later", record.DEPENDENTS, raised=True),
        {"lost-dependents"},
    ),
    "parents of a job that waits for nothing": (
        lambda w: w.depend("later", "big").flag("later", record.PARENTS, raised=True),
        {"needless-parents"},
    ),
    "a flag of parents that there are not": (
        lambda w: w.flag("later", record.PARENTS, raised=True),
        {"lost-parents"},
    ),
    "a blocked job that waits for nothing": (
        lambda w: w.drop("parents:child").flag("child", record.PARENTS, raised=False),
        {"waits-for-nothing", "stale-dependent"},
    ),
    "a parent that is not there": (
        lambda w: w.depend("child", "nobody"),
        {"dead-parent"},
    ),
    "a parent that does not know of it": (
        lambda w: w.depend("child", "later"),
        {"deaf-parent"},
    ),
    "an end that a dependent was not told": (
        lambda w: (
            w.depend("child", "done")
            .add("dependents:done", b"child", 0)
            .flag("done", record.DEPENDENTS, raised=True)
        ),
        {"untold-job"},
    ),
    "a dependent that does not wait": (
        lambda w: w.server.srem(w.key("parents:child"), "plain"),
        {"stale-dependent"},
    ),
    "a lease that its worker does not know of": (
        lambda w: w.forget("worker:v", w.lease),
        {"unnoted-lease"},
    ),
    "a lease of another queue": (
        lambda w: w.server.hset(w.key("worker:v"), w.lease, "r1:77"),
        {"unnoted-lease"},
    ),
    "a lease that a worker does not hold": (
        lambda w: w.server.hset(w.key("worker:u"), w.lease, "r1:1"),
        {"stale-lease"},
    ),
    "a lease of no job": (
        lambda w: w.server.hset(w.key("worker:v"), b"123456none", "r1:1"),
        {"stale-lease"},
    ),
    "a worker that is not registered": (
        lambda w: w.server.zrem(w.key("workers"), "v"),
        {"half-registered-worker"},
    ),
    "a worker that is nothing but registered": (
        lambda w: w.add("workers", b"u"),
        {"half-registered-worker"},
    ),
    "a job that is not under its tag": (lambda w: w.drop("tag:t"), {"lost-tag", "miscounted-tag"}),
    "a tag that is not marked": (
        lambda w: w.flag("big", record.TAGGED, raised=False),
        {"lost-tag"},
    ),
    "a job under a tag that it does not carry": (
        lambda w: w.add("tag:t", b"plain"),
        {"stray-tag", "miscounted-tag"},
    ),
    "a tag's number": (lambda w: w.add("tags", b"t", 7), {"miscounted-tag"}),
    "a tag that is not listed": (lambda w: w.drop("tags"), {"miscounted-tag"}),
    "a tracked job that is not listed": (lambda w: w.drop("tracked"), {"untracked-job"}),
    "a listed job that is not tracked": (
        lambda w: w.flag("big", record.TRACKED, raised=False),
        {"stray-tracked"},
    ),
    "nobody tracked": (lambda w: w.add("tracked", b"nobody"), {"stray-tracked"}),
    "a failed job that is in no group": (
        lambda w: w.drop("group:g"),
        {"ungrouped-job", "unlisted-group"},
    ),
    "a job in a group that did not fail": (lambda w: w.add("group:g", b"done"), {"stray-in-group"}),
    "a group that is not listed": (lambda w: w.drop("groups"), {"unlisted-group"}),
    "a template that is not in the schedule": (
        lambda w: w.take(f"recurring:{w.number('other')}", b"x"),
        {"lost-template"},
    ),
    "a template at another time": (
        lambda w: w.shift(f"recurring:{w.number('other')}", b"x"),
        {"lost-template"},
    ),
    "a schedule without a template": (
        lambda w: w.add(f"recurring:{w.number('other')}", b"y", NOW + 2 * DAY),
        {"stray-template"},
    ),
    "a template that nobody is asked to refill": (
        lambda w: of_a_calendar(w).drop("refills"),
        {"unasked-refill"},
    ),
    "a refill of what has no calendar": (
        lambda w: w.add("refills", b"x"),
        {"stray-refill"},
    ),
    "a queue's name": (
        lambda w: w.forget("", "name:1"),
        {"unregistered-name", "unknown-queue"},
    ),
    "a queue's control": (
        lambda w: w.forget("", "queue:q"),
        {"unregistered-name", "unknown-queue"},
    ),
    "a queue that is not listed": (
        lambda w: w.server.zrem(w.key("queues"), "q"),
        {"unregistered-name"},
    ),
    "a list of queues that are not there": (
        lambda w: w.add("queues", b"none"),
        {"unregistered-name"},
    ),
    "a klass' name": (
        lambda w: w.forget("", "klass-name:1"),
        {"unregistered-name", "unknown-klass"},
    ),
    "a klass' number": (lambda w: w.forget("", "klass:K"), {"unregistered-name"}),
    "the sequence": (lambda w: w.drop("sequence"), {"counter-behind"}),
    "the number of queues": (lambda w: w.forget("", "last-queue"), {"counter-behind"}),
    "the number of klasses": (lambda w: w.forget("", "last-klass"), {"counter-behind"}),
    "the clock": (lambda w: w.drop("clock"), {"late-clock"}),
    "a moment that comes too late": (
        lambda w: w.add("clock", b"s1", NOW + DAY),
        {"late-clock"},
    ),
    "the first moment": (lambda w: w.forget("", "due"), {"late-due"}),
    "a job that expires": (
        lambda w: w.server.expire(w.key("job:plain"), 1000),
        {"wrong-lifetime"},
    ),
    "an answer that stays": (
        lambda w: w.server.set(w.key("request:r"), b"\xc0"),
        {"wrong-lifetime"},
    ),
    "a unique key that its job does not know of": (
        lambda w: w.server.set(w.key("unique:k"), b"d" + bytes(12) + b"plain"),
        {"stale-unique-key"},
    ),
    "a unique key of a job that is gone": (
        lambda w: w.server.set(w.key("unique:k"), b"s" + bytes(12) + b"none"),
        {"stale-unique-key"},
    ),
    "a unique key for a time that never expires": (
        lambda w: w.server.set(w.key("unique:k"), b"t" + bytes(12) + b"plain"),
        {"stale-unique-key"},
    ),
    "a unique key of a job that expires": (
        lambda w: (
            w.engine.put("plain", unique="k", now=NOW),
            w.server.pexpire(w.key("unique:k"), DAY),
        ),
        {"stale-unique-key"},
    ),
    "a deadline that is not listed": (
        lambda w: (w.engine.put("plain", finish_within=DAY, now=NOW), w.drop("deadlines")),
        {"unlisted-deadline"},
    ),
    "a deadline of a job without": (
        lambda w: w.add("deadlines", b"plain"),
        {"stray-deadline", "late-clock"},
    ),
    "a throttled job in no set": (
        lambda w: w.take("throttled:3", b"second"),
        {"lost-job", "miscounted-bytes"},
    ),
    "a parked job in no set": (
        lambda w: w.take("parked:3:a", b"parked"),
        {"miscounted-limit", "needless-throttle"},
    ),
    "a throttled job at another priority": (
        lambda w: w.shift("throttled:3", b"second"),
        {"misplaced-job"},
    ),
    "a counted job in no set": (
        lambda w: w.take("waiting:3", b"limited"),
        {"lost-job", "miscounted-limit", "miscounted-bytes"},
    ),
    "a job of a tenant in no lane": (
        lambda w: w.take("lane:3:t", b"tenanted"),
        {"lost-job", "miscounted-lanes", "miscounted-bytes"},
    ),
    "a job in the lane of another tenant": (
        lambda w: w.add("lane:3:u", b"\0" * 6 + b"tenanted", 0),
        {"stray-member", "unlisted-lane"},
    ),
    "a lane that takes no turns": (lambda w: w.take_raw("turns:3", b"t"), {"unlisted-lane"}),
    "lanes that take no turns": (
        lambda w: w.drop("turns:3", "tenants:3"),
        {"unlisted-lane", "miscounted-lanes", "miscounted-bytes"},
    ),
    "a lane without a name": (
        lambda w: w.take_raw("tenants:3", b"t"),
        {"unlisted-lane", "miscounted-lanes", "miscounted-bytes"},
    ),
    "jobs without a tenant that take no turns": (
        lambda w: w.take_raw("turns:3", b"").take_raw("tenants:3", b""),
        {"unlisted-lane"},
    ),
    "the number of jobs with a tenant": (
        lambda w: w.server.hset(w.key("laned"), "3", 7),
        {"miscounted-lanes"},
    ),
    "a limit that is not listed": (lambda w: w.take_raw("limits", b"a"), {"unlisted-limit"}),
    "a listed limit that is not there": (lambda w: w.add("limits", b"none", 0), {"unlisted-limit"}),
    "a limit that is gone": (lambda w: w.drop("limit:a"), {"unlisted-limit", "unserved-limit"}),
    "a limit that its queue does not know of": (
        lambda w: w.server.hset(w.key("limit:queue:q"), "at_once", 5),
        {"unlisted-limit"},
    ),
    "a slot that nobody took": (lambda w: w.take_raw("slots:b", b"slotted"), {"lost-slot"}),
    "a job of a limited klass without its slot": (
        lambda w: klass_limited(w).take_raw("slots:klass:jobs.Klass", b"held"),
        {"lost-slot"},
    ),
    "a running job of a limited klass that is not counted": (
        lambda w: klass_limited(w).flag("held", COUNTED, raised=False),
        {"lost-slot"},
    ),
    "running jobs of a klass that nobody counts": (
        lambda w: being_counted(w).take_raw("clock", b"i0"),
        {"idle-counting"},
    ),
    "a limit that its klass does not know of": (
        lambda w: w.server.hset(w.key("limit:klass:jobs.Klass"), "at_once", 5),
        {"unlisted-limit"},
    ),
    "a slot of a job that does not run": (lambda w: w.add("slots:a", b"plain"), {"stray-slot"}),
    "a slot of no job": (
        lambda w: w.add("slots:a", b"none").drop("openings"),
        {"stray-slot", "unserved-limit"},
    ),
    "how many wait under a limit": (
        lambda w: w.queued("a", 2, 1),
        {"miscounted-limit"},
    ),
    "how many are parked under a limit": (
        lambda w: w.queued("a", 1, 7),
        {"miscounted-limit"},
    ),
    "nobody waits under a limit that lets one start": (
        lambda w: w.queued("a", 0, 1),
        {"miscounted-limit", "uncounted-job", "unserved-limit"},
    ),
    "nobody is counted under a limit": (
        lambda w: w.drop("queued:a"),
        {"miscounted-limit", "uncounted-job", "unlisted-parking"},
    ),
    "a limit with parked jobs that is not listed": (
        lambda w: w.take_raw("parking", b"a"),
        {"unlisted-parking"},
    ),
    "a limit without parked jobs that is listed": (
        lambda w: w.add("parking", b"b", 0),
        {"unlisted-parking"},
    ),
    "a job parked that is not there": (
        lambda w: w.add("parked:3:a", b"\0" * 6 + b"none", 0),
        {"stray-parked", "miscounted-limit"},
    ),
    "a job parked that is not throttled": (
        lambda w: w.add("parked:3:b", b"\0" * 6 + b"limited", 0),
        {"stray-parked", "miscounted-limit", "unlisted-parking"},
    ),
    "a rate that nobody comes back for": (lambda w: w.drop("openings"), {"unserved-limit"}),
    "a scheduled job that is counted": (
        lambda w: w.flag("later", COUNTED, raised=True),
        {"stale-mark"},
    ),
    "a running job with slots that nobody holds": (
        lambda w: w.unhold("slotted"),
        {"unheld-job", "stale-lease"},
    ),
    "a job in a line that is not its": (
        lambda w: w.add("line:k", b"plain", 0),
        {"stray-in-line", "out-of-line"},
    ),
    "a job in line that is not there": (
        lambda w: w.add("line:k", b"none", 0),
        {"stray-in-line", "out-of-line"},
    ),
    "an ended job in line": (
        lambda w: w.add("line:k", b"done", 2**50),
        {"stray-in-line"},
    ),
    "a job behind others that is not in line": (
        lambda w: w.take("line:k", b"second"),
        {"out-of-line"},
    ),
    "a line that is gone": (lambda w: w.drop("line:k"), {"out-of-line"}),
    "a number of bytes": (
        lambda w: w.server.hset(w.engine.root, "bytes:3", 70),
        {"miscounted-bytes"},
    ),
    "a queue that does not say that it is capped": (
        lambda w: w.mark("r", 2),
        {"unmarked-queue"},
    ),
    "a fair queue that does not say so": (lambda w: w.mark("r", 8), {"unlisted-lane"}),
    "a number of bytes that is gone": (
        lambda w: w.forget("", "bytes:3"),
        {"unweighed-job"},
    ),
    "a job that is not weighed": (
        lambda w: w.flag("limited", record.WEIGHED, raised=False),
        {"unweighed-job", "miscounted-bytes"},
    ),
    "an ended job that is weighed": (
        lambda w: w.flag("done", record.WEIGHED, raised=True),
        {"unweighed-job"},
    ),
    "jobs that are not weighed further": (
        lambda w: capped(w).take_raw("clock", b"c1"),
        {"idle-weighing"},
    ),
    "a deadline of a job that is not there": (
        lambda w: w.add("deadlines", b"none"),
        {"stray-deadline", "late-clock"},
    ),
}


def test_a_sound_namespace_has_no_findings(world: World) -> None:
    assert world.engine.check(now=NOW) == []


@pytest.mark.parametrize("damage", MENDED)
def test_damage_is_named_and_mended_and_every_job_runs(world: World, damage: str) -> None:
    harm, expected = MENDED[damage]
    harm(world)
    assert world.names() == expected

    world.mend()
    assert world.engine.check(now=NOW) == []
    assert world.run_all() == JOBS
    assert world.engine.check(now=NOW + 120_000) == []


LEFT_ALONE: dict[str, Damage] = {
    "a record that is none": (lambda w: w.server.set(w.key("job:plain"), "junk"), {"unreadable"}),
    "a key of another type": (
        lambda w: w.drop("tracked").server.set(w.key("tracked"), "x"),
        {"unreadable"},
    ),
    "a payload that is gone": (lambda w: w.drop("payload:big"), {"lost-payload"}),
    "a payload that has changed": (
        lambda w: w.server.append(w.key("payload:big"), "x"),
        {"resized-payload"},
    ),
    "a klass that is gone": (
        lambda w: w.forget("", "klass:jobs.Klass", "klass-name:1"),
        {"unknown-klass"},
    ),
    "a queue that is gone": (
        lambda w: w.forget("", "name:2", "queue:other").server.zrem(w.key("queues"), "other"),
        {"unknown-queue"},
    ),
    "a rate by half": (
        lambda w: w.server.hdel(w.key("limit:rated"), "period"),
        {"half-limit"},
    ),
    "a key that is nobody's": (lambda w: w.server.set(w.key("strange:1"), "x"), {"unknown-key"}),
}


@pytest.mark.parametrize("damage", LEFT_ALONE)
@pytest.mark.keeps("*")
def test_what_would_take_a_guess_is_named_and_left(world: World, damage: str) -> None:
    harm, expected = LEFT_ALONE[damage]
    harm(world)
    assert expected <= world.names()
    before = dump(world.engine)

    assert world.mend() <= {"left"}
    assert dump(world.engine) == before


def test_what_is_left_of_a_job_without_a_record_goes(world: World) -> None:
    world.drop("job:big")
    assert {
        "stray-member",
        "ownerless-key",
        "dead-parent",
        "stray-tag",
        "stray-tracked",
    } <= world.names()

    world.mend()
    assert world.engine.check(now=NOW) == []
    assert world.run_all() == JOBS - {"big"}


def test_parents_that_are_lost_are_found_where_they_know_of_it(world: World) -> None:
    world.drop("parents:child")
    assert world.names() == {"lost-parents", "stale-dependent"}

    assert "mended" in world.mend()
    assert world.names() == set()
    assert world.server.smembers(world.key("parents:child")) == {b"plain", b"big"}
    assert world.run_all() == JOBS
