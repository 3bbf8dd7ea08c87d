"""recur: a template puts a child, an ordinary job, every interval."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Server
from tests.engine.conftest import Engine, Lease, Refused, refused
from tests.engine.templates import (
    Wanted,
    known,
    look,
    moments,
    recur,
    refill,
    schedule,
    update,
    wanted,
)

# Creating


def test_a_template_is_created_and_then_replaced(engine: Engine) -> None:
    assert "created" == recur(engine)
    assert "replaced" == recur(engine, interval=5)

    assert 5 == known(engine).interval
    assert {"recurring": 1} == engine.counts()


def test_the_first_child_comes_after_the_offset_and_then_one_every_interval(
    engine: Engine,
) -> None:
    recur(engine, interval=1000, offset=300, now=50)

    assert [] == moments(engine, now=349)
    assert [350] == moments(engine, now=350)
    assert [350] == moments(engine, now=1349)
    assert [350, 1350] == moments(engine, now=1350)


def test_a_replaced_template_begins_anew_and_keeps_its_count(engine: Engine) -> None:
    recur(engine, interval=1000)
    assert [0, 1000] == moments(engine, now=1500)
    recur(engine, interval=1000, offset=200, now=1500)

    assert [0, 1000, 1700] == moments(engine, now=2600)
    assert 3 == known(engine).count


def test_a_replaced_template_stays_paused(engine: Engine) -> None:
    recur(engine)
    engine.call("recur_update", "t", b"\x81\xa6paused\xc3", b"")
    recur(engine, now=10)

    assert known(engine).paused
    assert [] == moments(engine, now=5000)


def test_a_template_is_replaced_by_one_in_another_queue(engine: Engine) -> None:
    recur(engine, offset=10)
    recur(engine, queue="other", offset=10)

    assert [] == moments(engine, "q", now=10)
    assert [10] == moments(engine, "other", now=10)
    assert {} == engine.counts("q")


def test_a_repeated_recur_is_answered_as_the_first_and_changes_nothing(engine: Engine) -> None:
    assert "created" == recur(engine, nonce="1")
    engine.ticks(now=0)
    assert "created" == recur(engine, nonce="1", now=10)
    assert [0] == moments(engine, now=10)
    assert "replaced" == recur(engine, nonce="2", now=20)
    assert "replaced" == recur(engine, nonce="2", now=30)

    assert 20 == known(engine).due


def test_recur_is_published(engine: Engine) -> None:
    recur(engine)
    recur(engine)

    assert [("recur", "t", "created"), ("recur", "t", "replaced")] == engine.events()


# Refusals


def test_a_jid_that_a_job_has_is_refused(engine: Engine) -> None:
    engine.put("t")

    assert refused(engine, "recur", "q", "t", "", b"", 1000, 0, b"").startswith(
        "EXISTS jid: t is a job, waiting"
    )


def test_a_jid_that_a_template_has_is_refused_to_a_job(engine: Engine) -> None:
    recur(engine)

    assert refused(engine, "put", "q", "t", "", b"", b"").startswith("EXISTS")


def test_a_job_and_a_template_of_one_jid_are_refused_in_one_call(engine: Engine) -> None:
    put = ("put", "q", "t", "", b"", b"")
    template = ("recur", "q", "t", "", b"", 1000, 0, b"")
    with pytest.raises(Refused, match="named twice"):
        engine.step(put, template)
    with pytest.raises(Refused, match="named twice"):
        engine.step(template, put)

    assert look(engine) is None


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("queue", {"queue": ""}),
        ("jid", {"jid": "j" * 256}),
        ("klass", {"klass": "k" * 256}),
        ("interval", {"interval": 0}),
        ("interval", {"interval": -5}),
        ("interval", {"interval": "0.5"}),
        ("interval", {"interval": "nan"}),
        ("interval", {"interval": "inf"}),
        ("interval", {"interval": ""}),
        ("offset", {"offset": -1}),
        ("offset", {"offset": "soon"}),
        ("data", {"payload": bytes(2**20 + 1)}),
        ("backlog", {"backlog": -1}),
        ("priority", {"priority": 0.5}),
        ("retries", {"retries": -1}),
        ("tags", {"tags": [""]}),
        ("lease", {"lease": -1}),
        ("options", {"delay": 5}),
        ("options", {"at": 5}),
        ("options", {"depends": ["a"]}),
        ("options", {"if_exists": "keep"}),
        ("options", {"paused": True}),
        ("options", {"colour": "red"}),
    ],
)
def test_bad_input_is_refused_by_name_and_writes_nothing(
    engine: Engine, name: str, given: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match=f"^INVALID {name}: "):
        recur(engine, **given)

    assert [] == list(engine.server.scan_iter(match=engine.root + "*", count=1000))


# Children


def test_a_child_is_an_ordinary_job_made_by_the_template(engine: Engine) -> None:
    recur(
        engine,
        klass="jobs.Sweep",
        payload=b"\x93\x01\xc4\x02\x00\xff\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
        priority=-7,
        retries=2,
        tags=["tidy", "daily"],
        lease=1234,
        run_within=500,
        context=b"\x81\xff",
        backoff="fixed",
    )
    (lease,) = engine.pop(now=5)

    assert "jobs.Sweep" == lease.klass
    assert b"\x93\x01\xc4\x02\x00\xff\xcf\xff\xff\xff\xff\xff\xff\xff\xff" == lease.payload
    assert -7 == lease.record.priority
    assert (2, 2) == (lease.record.retries, lease.record.left)
    assert ["tidy", "daily"] == lease.record.options["tags"]
    assert 5 + 1234 == lease.ends
    assert (500, b"\x81\xff", "fixed") == tuple(
        lease.record.options[name] for name in ("run_within", "context", "backoff")
    )
    assert "complete" == engine.complete(lease, now=6)


def test_a_child_knows_its_origin_and_keeps_it(engine: Engine) -> None:
    recur(engine)
    (lease,) = engine.pop()
    assert "t" == lease.record.options["origin"]
    engine.complete(lease, "next")

    (lease,) = engine.pop("next")
    assert "t" == lease.record.options["origin"]


def test_children_have_five_retries_unless_the_template_says_otherwise(engine: Engine) -> None:
    recur(engine)
    recur(engine, "none", retries=0)

    assert {("t", 5), ("none", 0)} == {
        (lease.record.options["origin"], lease.record.left) for lease in engine.pop(count=2)
    }


def test_a_childs_history_begins_at_its_slot(engine: Engine) -> None:
    recur(engine, interval=1000)
    (lease,) = engine.pop(now=700)

    first, second = lease.record.history("q")
    assert ("put", 0) == (first.what, first.time)
    assert ("popped", 700) == (second.what, second.time)


def test_children_are_found_by_their_tags(engine: Engine) -> None:
    recur(engine, tags=["tidy"])
    (jid,) = (lease.jid for lease in engine.pop())

    assert [jid.encode()] == engine.server.zrange(engine.root + "tag:tidy", 0, -1)


@pytest.mark.parametrize("size", [0, 1024, 1025, 100_000])
def test_a_payload_of_any_size_is_copied_byte_for_byte(engine: Engine, size: int) -> None:
    payload = bytes(number % 256 for number in range(size))
    recur(engine, payload=payload)

    assert [payload, payload] == [lease.payload for lease in engine.pop(count=5, now=1000)]


def test_a_child_is_put_as_an_event(engine: Engine) -> None:
    recur(engine)
    (lease,) = engine.pop()

    assert [
        ("recur", "t", "created"),
        ("put", lease.jid, "waiting"),
        ("popped", lease.jid, ""),
    ] == engine.events()


def test_a_child_of_no_klass_is_a_plain_data_item(engine: Engine) -> None:
    recur(engine, klass="")

    assert [""] == [lease.klass for lease in engine.pop()]


# Slots


def test_half_a_second_over_two_seconds_is_five_children(engine: Engine) -> None:
    recur(engine, interval=500)

    assert [0, 500, 1000, 1500, 2000] == moments(engine, now=2000)


def test_slots_do_not_drift_when_children_are_made_late(engine: Engine) -> None:
    recur(engine, interval=333, offset=1)
    for now in range(50, 3000, 170):
        engine.ticks(now=now)

    assert [1 + 333 * n for n in range(9)] == moments(engine, now=2990)


def test_slots_of_real_times_are_exact(engine: Engine) -> None:
    start = 1_785_000_000_123
    recur(engine, interval=86_400_001, backlog=3, now=start)

    last = start + 400 * 86_400_001
    assert last == moments(engine, now=last + 5)[-1]
    assert last + 86_400_001 == known(engine).due


def test_a_backlog_of_two_makes_up_for_exactly_the_two_newest_slots(engine: Engine) -> None:
    recur(engine, interval=100, backlog=2)

    assert [900, 1000] == moments(engine, now=1050)
    assert 1100 == known(engine).due


def test_without_a_backlog_all_missed_slots_are_made_in_slices(engine: Engine) -> None:
    recur(engine, interval=10)

    engine.tick(now=440)
    assert 20 == known(engine).count
    engine.tick(now=440)
    assert 40 == known(engine).count
    engine.tick(now=440)
    assert 45 == known(engine).count
    assert [10 * n for n in range(45)] == moments(engine, now=440)


def test_a_million_skipped_slots_cost_no_more_than_one(engine: Engine) -> None:
    recur(engine, interval=1, backlog=1)
    recur(engine, "late", interval=1, backlog=1, offset=1_000_000)
    engine.tick(now=1_000_000)

    assert [1, 1] == [known(engine, jid).count for jid in ("t", "late")]
    assert [1_000_000, 1_000_000] == moments(engine, now=1_000_000)


def test_a_million_missed_slots_are_made_no_faster_than_the_budget(engine: Engine) -> None:
    recur(engine, interval=1)
    engine.tick(now=1_000_000)

    assert 20 == known(engine).count
    assert list(range(20)) == [lease.record.since for lease in engine.pop(count=20, now=1_000_000)]


def test_a_template_far_behind_lets_the_others_of_its_queue_have_their_turn(
    engine: Engine,
) -> None:
    recur(engine, interval=1)
    recur(engine, "late", interval=1000, offset=500_000)
    engine.tick(now=500_000)

    assert (19, 1) == (known(engine).count, known(engine, "late").count)


def test_a_queue_far_behind_lets_the_other_queues_have_their_turn(engine: Engine) -> None:
    recur(engine, interval=1)
    recur(engine, "late", queue="other", interval=1000, offset=500_000)
    for now in (500_000, 500_001, 500_002):
        engine.tick(now=now)

    assert 1 == known(engine, "late").count


def test_a_call_makes_at_most_a_quarter_of_a_megabyte_of_large_children(engine: Engine) -> None:
    recur(engine, interval=100, payload=bytes(100_000))
    engine.tick(now=900)

    assert 2 == known(engine).count
    assert [100 * n for n in range(10)] == moments(engine, now=900)


def test_one_large_child_is_made_whatever_its_size(engine: Engine) -> None:
    recur(engine, interval=100, payload=bytes(2**20))
    engine.tick(now=100)

    assert 1 == known(engine).count


def test_the_number_of_redis_calls_does_not_grow_with_what_is_missed(
    engine: Engine, server: Server
) -> None:
    recur(engine, interval=1, backlog=20)
    counts = []
    for now in (100, 100_000, 100_000_000):
        server.admin.config_resetstat()
        engine.tick(now=now)
        stats: Any = server.admin.info("commandstats")
        counts.append(sum(command["calls"] for command in stats.values()))

    assert counts[0] == counts[1] == counts[2]


# Choosing


def test_all_due_templates_have_their_children_before_a_pop_chooses(engine: Engine) -> None:
    for number in range(10):
        recur(engine, f"t{number}", priority=10 - number, offset=number)
    (lease,) = engine.pop(now=9)

    assert "t9" == lease.record.options["origin"]
    assert 9 == engine.counts()["waiting"]


def test_children_of_one_priority_run_in_the_order_of_their_slots(engine: Engine) -> None:
    recur(engine, "slow", interval=100)
    recur(engine, "fast", interval=30, offset=5)

    popped = engine.pop(count=10, now=110)
    assert [0, 5, 35, 65, 95, 100] == [lease.record.since for lease in popped]


def test_a_pop_of_another_queue_makes_children_too(engine: Engine) -> None:
    recur(engine)
    engine.pop("other")

    assert {"waiting": 1, "recurring": 1} == engine.counts()


def test_a_call_that_creates_and_pops_hands_out_the_first_child(engine: Engine) -> None:
    answers = engine.step(
        ("recur", "q", "t", "", b"\xc0", 1000, 0, b""),
        ("pop", "w", "r", 0, 1, "", 0, "ordered", 0, "q"),
    )

    assert b"created" == answers[0]
    assert 1 + 6 == len(answers[1])


# Waking


def test_an_empty_pop_is_told_when_the_next_child_is_due(engine: Engine) -> None:
    recur(engine, interval=1000, offset=1500)
    answer = engine.call("pop", "w", "r", 0, 1, "", 1, "ordered", 0, "q", now=0)

    assert 1500 == answer[0]


def test_a_template_that_is_due_soon_wakes_a_blocked_worker(engine: Engine) -> None:
    engine.pop(wait=1, now=0)
    recur(engine, offset=100_000, now=10)
    assert 0 == engine.ring()
    recur(engine, "soon", offset=100, now=10)

    assert 1 == engine.ring()


# Ids


def test_a_users_job_is_never_taken_for_a_child(engine: Engine) -> None:
    engine.put("x-1", payload=b"\x01")
    recur(engine, "x", interval=10, payload=b"\x02")
    engine.put("x-2", payload=b"\x03")

    jobs = {lease.jid: lease.payload for lease in engine.pop(count=10, now=20)}
    assert {"x-1": b"\x01", "x-2": b"\x03"}.items() <= jobs.items()
    assert [b"\x02"] * 3 == [jobs[jid] for jid in jobs if jid not in {"x-1", "x-2"}]


def test_a_jid_that_a_job_has_is_not_given_to_a_child(engine: Engine) -> None:
    recur(engine, interval=10)
    (first,) = engine.pop(now=0)
    engine.server.set(engine.root + "sequence", 0)
    (second,) = engine.pop(now=10)

    assert first.jid != second.jid
    assert "complete" == engine.complete(first, now=11)


def test_a_jid_that_a_template_has_is_not_given_to_a_child(engine: Engine) -> None:
    recur(engine, interval=10)
    (first,) = engine.pop(now=0)
    taken = {first.jid[:-1] + digit for digit in string.digits + string.ascii_letters}
    for jid in taken - {first.jid}:
        recur(engine, jid, offset=1_000_000)
    (second,) = engine.pop(now=10)

    assert second.jid not in taken


def test_children_sort_by_the_time_at_which_they_were_made(engine: Engine) -> None:
    recur(engine, interval=10)
    jids = [lease.jid for lease in engine.pop(count=50, now=190)]

    assert jids == sorted(jids)
    assert 20 == len(set(jids))


# Pauses


def test_a_paused_queue_has_no_children_and_no_flood_when_it_resumes(engine: Engine) -> None:
    recur(engine, interval=100)
    assert [0] == moments(engine, now=50)
    engine.call("pause", "q", now=60)
    engine.ticks(now=350)
    assert 1 == known(engine).count
    engine.call("unpause", "q", now=730)

    assert [0] == moments(engine, now=799)
    assert [0, 800] == moments(engine, now=850)


def test_a_pause_that_nobody_noticed_floods_nothing_either(engine: Engine) -> None:
    recur(engine, interval=100)
    engine.call("pause", "q", now=60)
    engine.call("unpause", "q", now=750)

    assert [800, 900] == moments(engine, now=950)


def test_a_slot_at_the_very_moment_of_the_resumption_is_used(engine: Engine) -> None:
    recur(engine, interval=100)
    engine.call("pause", "q", now=60)
    engine.call("unpause", "q", now=700)

    assert [700] == moments(engine, now=700)


def test_the_pause_of_one_queue_does_not_hold_up_another(engine: Engine) -> None:
    recur(engine, interval=100)
    recur(engine, "u", queue="other", interval=100)
    engine.call("pause", "q")

    assert [0, 100] == moments(engine, "other", now=150)
    assert [] == moments(engine, "q", now=150)


# An end


def test_so_many_children_are_made_in_all(engine: Engine) -> None:
    recur(engine, interval=100, count=3)

    assert [0, 100, 200] == moments(engine, now=1000)
    found = known(engine)
    assert (3, 0, 1000) == (found.count, found.due, found.details["over"])
    assert ("recur", "t", "over") in engine.events()


def test_of_missed_slots_the_newest_fill_the_count(engine: Engine) -> None:
    recur(engine, interval=100, count=3, backlog=2)

    assert [900, 1000] == moments(engine, now=1000)
    assert [900, 1000, 5000] == moments(engine, now=5000)


def test_no_slot_after_the_end_is_used(engine: Engine) -> None:
    recur(engine, interval=100, until=250)

    assert [0, 100, 200] == moments(engine, now=1000)
    assert 1000 == known(engine).details["over"]


def test_a_slot_at_the_very_end_is_used(engine: Engine) -> None:
    schedule(engine, 100, 200, 300, until=200)

    assert [100, 200] == moments(engine, now=1000)
    assert "over" in known(engine).details


def test_slots_before_the_end_that_nobody_came_for_are_made_up_for(engine: Engine) -> None:
    recur(engine, interval=100, until=250, missed="one")

    assert [200] == moments(engine, now=1_000_000)
    assert "over" in known(engine).details


def test_a_template_whose_end_has_passed_is_over_at_once(engine: Engine) -> None:
    recur(engine, until=50, now=100)

    assert 100 == known(engine).details["over"]
    assert [] == moments(engine, now=100_000)


def test_what_is_over_is_kept_as_long_as_complete_jobs_are(engine: Engine) -> None:
    engine.configure("jobs-history", 60)
    recur(engine, count=1)
    recur(engine, "paused", count=1)
    engine.ticks(now=0)
    update(engine, "paused", paused=True, now=5)
    engine.ticks(now=59_999)
    assert {"t", "paused"} == {known(engine, jid).jid for jid in ("t", "paused")}
    engine.ticks(now=60_000)

    assert [None, None] == [look(engine, jid) for jid in ("t", "paused")]
    assert ("unrecur", "t", "over") in engine.events()


def test_put_again_it_goes_on_counting(engine: Engine) -> None:
    recur(engine, interval=100, count=2)
    assert [0, 100] == moments(engine, now=500)
    recur(engine, interval=100, count=2, now=600)
    assert [0, 100] == moments(engine, now=900)
    recur(engine, interval=100, count=3, now=1000)

    assert [0, 100, 1000] == moments(engine, now=2000)


def test_what_is_over_goes_on_when_it_may_make_more(engine: Engine) -> None:
    recur(engine, interval=100, count=1)
    engine.ticks(now=0)
    update(engine, count=3, now=950)

    assert [0, 1000, 1100] == moments(engine, now=5000)


# Missed slots


@pytest.mark.parametrize(
    ("now", "expected"), [(0, [0]), (60_000, [60_000]), (99_999, [60_000]), (120_000, [120_000])]
)
def test_one_child_is_made_for_all_missed_slots(
    engine: Engine, now: int, expected: list[int]
) -> None:
    recur(engine, interval=60_000, missed="one")

    assert expected == moments(engine, now=now)


@pytest.mark.parametrize(
    ("now", "expected"), [(0, [0]), (60_000, [0]), (60_001, []), (100_000, [100_000])]
)
def test_a_slot_that_is_more_than_a_minute_old_is_skipped(
    engine: Engine, now: int, expected: list[int]
) -> None:
    recur(engine, interval=100_000, missed="skip")

    assert expected == moments(engine, now=now)
    assert 100_000 * (now // 100_000 + 1) == known(engine).due


def test_of_slots_that_are_not_known_the_newest_is_waited_for(engine: Engine) -> None:
    schedule(engine, *range(100, 3001, 100), missed="one")
    assert [] == moments(engine, now=100_000)
    assert 1 == known(engine, now=100_000).details["dark"]

    assert [Wanted("t", "by hand", 0, 3000, 3000, 100_000, 1)] == wanted(engine, now=100_000)
    refill(engine, 99_000, 200_000, now=100_000)
    assert [99_000] == moments(engine, now=100_000)


def test_where_none_was_missed_since_the_newest_known_one_counts(engine: Engine) -> None:
    schedule(engine, 1000, 2000, 3000, missed="one")
    engine.ticks(now=100_000)
    refill(engine, 200_000, now=100_000)

    assert [3000] == moments(engine, now=100_000)


def test_a_slot_in_time_is_used_though_no_later_one_is_known(engine: Engine) -> None:
    schedule(engine, 1000, missed="skip")

    assert [1000] == moments(engine, now=61_000)


def test_all_missed_moments_are_made_up_for_refill_by_refill(engine: Engine) -> None:
    schedule(engine, *range(100, 1100, 100))
    now = 5000
    for _ in range(10):
        engine.ticks(now=now)
        for one in wanted(engine, "t", now=now):
            refill(engine, *range(one.known + 100, one.known + 1100, 100), now=now)

    assert list(range(100, 5001, 100)) == moments(engine, now=now)


# A child that has not ended


def open_child(engine: Engine, policy: str) -> Lease:
    """Make a template of this policy, and pop its first child."""
    recur(engine, interval=100, overlap=policy, lease=0)
    (lease,) = engine.pop(now=0)
    return lease


def test_slots_pass_unused_while_a_child_has_not_ended(engine: Engine) -> None:
    first = open_child(engine, "skip")
    assert [] == moments(engine, now=350)
    assert ("recur", "t", "skipped") in engine.events()
    engine.complete(first, now=360)

    assert [400] == moments(engine, now=400)
    assert [400] == moments(engine, now=900)


@pytest.mark.parametrize("end", ["fail", "cancel", "complete"])
def test_whatever_ends_a_child_makes_room_for_the_next(engine: Engine, end: str) -> None:
    first = open_child(engine, "skip")
    if end == "cancel":
        engine.cancel(first.jid, now=10)
    else:
        getattr(engine, end)(first, now=10)

    assert [100] == moments(engine, now=100)


def test_a_child_that_is_to_be_tried_again_has_not_ended(engine: Engine) -> None:
    engine.retry(open_child(engine, "skip"), 1000, now=10)

    assert [] == moments(engine, now=500)


def test_children_wait_for_each_other(engine: Engine) -> None:
    first = open_child(engine, "queue")
    assert [] == moments(engine, now=250)
    assert {"running": 1, "depends": 2, "recurring": 1} == engine.counts(now=250)
    engine.fail(first, now=260)
    (second,) = engine.pop(count=5, now=260)
    assert [] == engine.pop(now=260)
    engine.complete(second, now=270)

    assert 1 == len(engine.pop(count=5, now=270))
    assert ["put", "unblocked", "popped"] == engine.history(second.jid, now=270)[:3]


def test_a_child_that_does_not_run_is_replaced_by_the_next(engine: Engine) -> None:
    recur(engine, interval=100, overlap="replace")
    assert [0] == moments(engine, now=0)
    (first,) = engine.waiting()
    assert [100] == moments(engine, now=150)

    assert "cancelled" == engine.state(first, now=150)
    assert [300] == moments(engine, now=350)
    assert 3 == known(engine).count


def test_a_child_that_runs_is_waited_for_by_the_newest_alone(engine: Engine) -> None:
    first = open_child(engine, "replace")
    for now in (100, 200, 300):
        engine.ticks(now=now)
    assert {"running": 1, "depends": 1, "recurring": 1} == engine.counts(now=300)
    engine.complete(first, now=310)

    (last,) = engine.pop(count=5, now=310)
    assert last.jid.encode() == known(engine).details["last"]
    assert "complete" == engine.complete(last, now=320)


def test_a_child_that_others_wait_for_is_not_replaced(engine: Engine) -> None:
    recur(engine, interval=100, overlap="replace")
    engine.ticks(now=0)
    (first,) = engine.waiting()
    engine.put("after", depends=[first])
    engine.ticks(now=100)

    assert {"waiting": 1, "depends": 2, "recurring": 1} == engine.counts(now=100)
    assert "waiting" == engine.state(first, now=100)


def test_a_child_that_was_put_off_or_moved_is_replaced_where_it_is(engine: Engine) -> None:
    engine.retry(open_child(engine, "replace"), 10_000, now=10)
    assert [100] == moments(engine, now=100)
    assert {"waiting": 1, "recurring": 1} == engine.counts(now=100)
    engine.move(engine.waiting()[0], "elsewhere", now=110)

    assert [200] == moments(engine, now=200)
    assert {} == engine.counts("elsewhere", now=200)


def test_another_policy_counts_from_the_next_child_on(engine: Engine) -> None:
    recur(engine, interval=100)
    assert [0] == moments(engine, now=0)
    update(engine, overlap="skip")

    assert [0, 100] == moments(engine, now=100)
    assert [0, 100] == moments(engine, now=500)


# A full server


@pytest.fixture
def full(server: Server) -> Iterator[Server]:
    yield server
    server.admin.config_set("maxmemory", 0)


def test_when_memory_is_full_no_child_is_put_and_none_is_lost(engine: Engine, full: Server) -> None:
    recur(engine, interval=1000)
    engine.put("a")
    full.admin.config_set("maxmemory", 1)
    assert ["a"] == [lease.jid for lease in engine.pop(count=5, now=0)]
    assert 1000 == engine.tick(now=0)
    with pytest.raises(Refused, match="maxmemory"):
        recur(engine, "other")
    full.admin.config_set("maxmemory", 0)

    assert [0, 1000] == moments(engine, now=1000)
