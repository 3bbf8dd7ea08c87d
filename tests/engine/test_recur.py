"""recur: a template puts a child, an ordinary job, every interval."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Server
from tests.engine.conftest import Engine, Refused, refused
from tests.engine.templates import known, look, moments, recur

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
