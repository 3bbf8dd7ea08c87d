"""The leak check finds what it is there for: keys written by hand, without an engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.conftest import Server
from tests.leaks import delete_keys, leaked_keys

WAITING = bytes([17, 0, 0, 0, 0, 7])
TRACE = bytes([24, 2, 0, 0, 0, 7])
PLACE = bytes(6)


@pytest.fixture
def keys(server: Server) -> Iterator[redis.Redis]:
    # One waiting job `a` in queue 7, complete in itself.
    server.admin.hset("{leaks/0}", mapping={"format": 1, "name:7": "q"})
    server.admin.set("{leaks/0}job:a", WAITING)
    server.admin.zadd("{leaks/0}waiting:7", {PLACE + b"a": 0})
    yield server.admin
    delete_keys(server.admin, "leaks")


def test_a_job_in_the_set_of_its_state_is_no_leak(keys: redis.Redis) -> None:
    assert leaked_keys(keys, "leaks") == []


def test_a_key_that_expires_is_no_leak(keys: redis.Redis) -> None:
    keys.set("{leaks/0}request:1", "", px=60_000)
    keys.set("{leaks/0}job:gone", TRACE, px=60_000)

    assert leaked_keys(keys, "leaks") == []


def test_another_namespace_is_not_looked_at(keys: redis.Redis) -> None:
    assert leaked_keys(keys, "leak") == []


@pytest.mark.parametrize("kind", ["payload", "failure", "parents", "dependents"])
def test_a_side_key_needs_a_record_that_knows_of_it(keys: redis.Redis, kind: str) -> None:
    keys.set(f"{{leaks/0}}{kind}:a", "")
    keys.set(f"{{leaks/0}}{kind}:b", "")

    assert leaked_keys(keys, "leaks") == [
        f"{{leaks/0}}{kind}:a: its job's record does not know of it",
        f"{{leaks/0}}{kind}:b: its job has no record",
    ]


def test_a_record_needs_its_side_keys(keys: redis.Redis) -> None:
    keys.set("{leaks/0}job:a", bytes([17, 0, 32, 0, 0, 7]))

    assert leaked_keys(keys, "leaks") == [
        "{leaks/0}job:a: says that it has a payload key, which is not there"
    ]


def test_a_record_needs_the_set_of_its_state(keys: redis.Redis) -> None:
    keys.zrem("{leaks/0}waiting:7", PLACE + b"a")

    assert leaked_keys(keys, "leaks") == ["{leaks/0}job:a: is in no set of its state (waiting)"]


def test_a_member_needs_a_record(keys: redis.Redis) -> None:
    keys.delete("{leaks/0}job:a")

    assert leaked_keys(keys, "leaks") == [
        "{leaks/0}waiting:7: its member a has no record",
    ]


def test_a_member_is_in_the_set_of_one_state_only(keys: redis.Redis) -> None:
    keys.zadd("{leaks/0}complete:7", {"a": 0})

    assert leaked_keys(keys, "leaks") == [
        "{leaks/0}complete:7: its member a is in another state or queue",
    ]


def test_a_trace_needs_a_time_to_live(keys: redis.Redis) -> None:
    keys.set("{leaks/0}job:gone", TRACE)

    assert leaked_keys(keys, "leaks") == ["{leaks/0}job:gone: is a trace without a time to live"]


def test_a_tag_is_listed_and_holds_jobs(keys: redis.Redis) -> None:
    keys.zadd("{leaks/0}tag:t", {"a": 0, "b": 0})

    assert leaked_keys(keys, "leaks") == [
        "{leaks/0}tag:t: its member b has no record",
        "{leaks/0}tag:t: the tag is not listed",
    ]


def test_a_listing_names_nothing_that_is_gone(keys: redis.Redis) -> None:
    keys.sadd("{leaks/0}groups", "g")
    keys.zadd("{leaks/0}tracked", {"b": 0})

    assert leaked_keys(keys, "leaks") == [
        "{leaks/0}groups: its member g has no group key",
        "{leaks/0}tracked: its member b has no record",
    ]


def test_a_worker_holds_running_jobs_only(keys: redis.Redis) -> None:
    keys.zadd("{leaks/0}workers", {"w": 0})
    keys.hset("{leaks/0}worker:w", mapping={"seen": 1, "served": "", b"token." + b"a": "r:7"})

    assert leaked_keys(keys, "leaks") == ["{leaks/0}worker:w: holds a, which is not running"]


def test_a_job_waits_for_jobs_that_exist_only(keys: redis.Redis) -> None:
    keys.set("{leaks/0}job:a", bytes([17, 0, 4, 0, 0, 7]))
    keys.sadd("{leaks/0}parents:a", "gone")

    assert leaked_keys(keys, "leaks") == ["{leaks/0}parents:a: its member gone has no record"]


@pytest.mark.parametrize("name", ["stats:20000:7", "request:1", "unheard-of"])
def test_what_is_kept_for_a_time_or_unknown_must_expire(keys: redis.Redis, name: str) -> None:
    keys.set(f"{{leaks/0}}{name}", "")

    assert leaked_keys(keys, "leaks") == [f"{{leaks/0}}{name}: has no time to live"]


def test_what_a_test_keeps_on_purpose_is_left_out(keys: redis.Redis) -> None:
    keys.set("{leaks/0}payload:b", "")

    assert leaked_keys(keys, "leaks", ["payload:*"]) == []
