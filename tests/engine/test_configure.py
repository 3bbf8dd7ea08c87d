"""configure: gives a setting a value, or its default back."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused, refused


def value(engine: Engine, name: str) -> str:
    """Return the value that is in force."""
    _, found = engine.call("settings", name)
    return str(found.decode())


def test_a_value_is_in_force_at_once_and_unset_the_default_is_back(engine: Engine) -> None:
    assert b"10" == engine.call("configure", "heartbeat", 10)
    engine.put("a")
    (lease,) = engine.pop(now=1000)
    assert 11_000 == lease.ends

    assert b"60" == engine.call("configure", "heartbeat", "")
    engine.put("b")
    (lease,) = engine.pop(now=1000)
    assert 61_000 == lease.ends


def test_a_change_is_published(engine: Engine) -> None:
    engine.call("configure", "heartbeat", 10)
    engine.call("configure", "events", "none")
    engine.call("configure", "heartbeat", 20)

    assert [("config", "", "heartbeat"), ("config", "", "events")] == engine.events()


def test_fractions_of_a_second_are_kept(engine: Engine) -> None:
    engine.call("configure", "heartbeat", "0.25")
    engine.put("a")
    (lease,) = engine.pop(now=1000)

    assert 1250 == lease.ends
    assert "0.25" == value(engine, "heartbeat")


@pytest.mark.parametrize(
    ("name", "wrong", "text"),
    [
        ("heartbeat", "soon", "heartbeat: must be a number from 0.001 to 31536000, not soon"),
        ("heartbeat", "0", "heartbeat: must be a number from 0.001 to 31536000, not 0"),
        ("heartbeat", "-1", "heartbeat: must be a number from 0.001 to 31536000, not -1"),
        ("heartbeat", "nan", "heartbeat: must be a number"),
        ("heartbeat", "inf", "heartbeat: must be a number"),
        ("heartbeat", "0x10", "heartbeat: must be a number"),
        ("max-job-history", "1.5", "max-job-history: must be an integer from 1 to 1000, not 1.5"),
        ("max-job-history", "0", "max-job-history: must be an integer from 1 to 1000, not 0"),
        ("stats-history", "0", "stats-history: must be an integer from 1 to 3650"),
        ("events", "some", "events: is one of all, none, tracked, not some"),
        ("heartbeat-q", "never", "heartbeat-q: must be a number"),
        ("heartbeat-", "60", "queue of heartbeat-: must be a text that is not empty"),
        ("hartbeat", "60", "name: there is no setting hartbeat"),
        ("format", "9", "name: there is no setting format"),
        ("application", "a" * 256, "application: has 256 bytes"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_changes_nothing(
    engine: Engine, name: str, wrong: str, text: str
) -> None:
    before = engine.call("settings")
    with pytest.raises(Refused) as refused:
        engine.call("configure", name, wrong)

    assert str(refused.value).startswith(f"INVALID {text}")
    assert before == engine.call("settings")
    assert [] == engine.server.keys(engine.root + "*")


def test_a_bad_heartbeat_does_not_stop_the_queue(engine: Engine) -> None:
    with pytest.raises(Refused):
        engine.call("configure", "heartbeat", "abc")
    engine.put("a")

    assert 60_000 == engine.pop(now=0)[0].ends


def test_a_queue_has_a_heartbeat_of_its_own(engine: Engine) -> None:
    assert b"5" == engine.call("configure", "heartbeat-q", 5)
    engine.put("a")
    engine.put("b", "other")

    assert [5000, 60_000] == [lease.ends for lease in engine.pop("q", "other", count=2, now=0)]


def test_a_queues_own_heartbeat_registers_the_queue_and_unset_it_does_not(engine: Engine) -> None:
    engine.call("configure", "heartbeat-unknown", "")
    assert {} == engine.counts("unknown")
    assert 1 == len(engine.call("queues", "", 100))

    engine.call("configure", "heartbeat-new", 5)
    assert [b"", [b"new", 0, 5000, *[0] * 9]] == engine.call("queues", "", 100)


def test_unset_a_queues_heartbeat_is_that_of_all(engine: Engine) -> None:
    engine.call("configure", "heartbeat", 30)
    engine.call("configure", "heartbeat-q", 5)

    assert b"30" == engine.call("configure", "heartbeat-q", "")
    engine.put("a")
    assert 30_000 == engine.pop(now=0)[0].ends


def test_a_queue_whose_name_looks_like_a_setting_is_none(engine: Engine) -> None:
    engine.call("configure", "heartbeat-jobs-history", 7)

    assert "604800" == value(engine, "jobs-history")


def test_a_shorter_jobs_history_is_in_force_at_the_next_ticks_in_every_queue(
    engine: Engine,
) -> None:
    for n in range(50):
        engine.put(f"j{n}", f"q{n}")
        engine.complete(engine.pop(f"q{n}", now=0)[0], now=0)
    engine.call("configure", "jobs-history", 60, now=120_000)
    ticks = 0
    while any(engine.get(f"j{n}") for n in range(50)):
        engine.call("tick", now=120_000)
        ticks += 1

    assert 3 <= ticks <= 15


def test_a_smaller_jobs_history_count_is_in_force_at_the_next_ticks(engine: Engine) -> None:
    for n in range(60):
        engine.put(f"j{n}")
        engine.complete(engine.pop(now=n)[0], now=n)
    engine.call("configure", "jobs-history-count", 5, now=100_000)
    sizes = []
    for _ in range(5):
        engine.call("tick", now=100_000)
        sizes.append(engine.counts()["complete"])

    assert [40, 20, 5] == list(dict.fromkeys(size for size in sizes if size < 60))
    assert engine.get("j55")
    assert not engine.get("j54")


@pytest.mark.parametrize(
    ("name", "given", "stored", "usual"),
    [
        ("max-jobs-q", "10", "10", "0"),
        ("max-bytes-q", "1000000", "1000000", "0"),
        ("when-full-q", "drop-oldest", "drop-oldest", "reject"),
        ("jobs-history-q", "60.50", "60.5", "604800"),
        ("jobs-history-count-q", "0", "0", "50000"),
        ("failed-history-q", "60", "60", "15552000"),
        ("failed-history-count-q", "7", "7", "100000"),
    ],
)
def test_a_queue_has_caps_and_a_retention_of_its_own(
    engine: Engine, name: str, given: str, stored: str, usual: str
) -> None:
    assert usual == value(engine, name)
    assert stored == engine.call("configure", name, given).decode()
    assert stored == value(engine, name)
    assert usual == value(engine, name.replace("-q", "-other"))

    assert usual == engine.call("configure", name, "").decode()
    assert usual == value(engine, name)


@pytest.mark.parametrize(
    ("name", "wrong", "text"),
    [
        ("max-jobs-q", "-1", "max-jobs-q: must be an integer from 0 to 1000000000, not -1"),
        ("max-bytes-q", "1.5", "max-bytes-q: must be an integer"),
        ("when-full-q", "explode", "when-full-q: is one of drop-oldest, reject, not explode"),
        ("max-jobs", "5", "name: there is no setting max-jobs"),
        ("max-jobs-", "5", "queue of max-jobs-: must be a text that is not empty"),
        ("failed-history-count-q", "0", "failed-history-count-q: must be an integer from 1"),
    ],
)
def test_a_bad_value_of_a_queue_s_own_is_refused_by_name(
    engine: Engine, name: str, wrong: str, text: str
) -> None:
    assert refused(engine, "configure", name, wrong).startswith(f"INVALID {text}")


def test_of_two_settings_that_a_name_begins_with_the_longer_one_is_meant(engine: Engine) -> None:
    engine.configure("jobs-history-count-x", 5)

    assert "5" == value(engine, "jobs-history-count-x")
    assert [b"", [b"x", 0, 0, *[0] * 9]] == engine.call("queues", "", 100)
