"""settings: the values in force."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused

DEFAULTS = {
    "application": "pyjobs",
    "events": "all",
    "events-history": "10000",
    "failed-history": "15552000",
    "failed-history-count": "100000",
    "grace-period": "0",
    "heartbeat": "60",
    "histogram-history": "7",
    "jobs-history": "604800",
    "jobs-history-count": "50000",
    "max-job-history": "100",
    "max-payload": "1048576",
    "stats-history": "30",
    "worker-history": "86400",
}


def settings(engine: Engine, *names: str) -> dict[str, str]:
    """Return names and values, in the order of the answer."""
    texts = [text.decode() for text in engine.call("settings", *names)]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def test_at_first_all_settings_have_their_defaults(engine: Engine) -> None:
    found = settings(engine)

    assert DEFAULTS.items() <= found.items()
    assert sorted(found) == list(found)


def test_chosen_settings_come_in_the_order_in_which_they_were_asked_for(engine: Engine) -> None:
    engine.call("configure", "jobs-history", 90)

    found = settings(engine, "jobs-history", "heartbeat")
    assert [("jobs-history", "90"), ("heartbeat", "60")] == list(found.items())


def test_heartbeats_of_queues_are_listed_for_those_that_have_their_own(engine: Engine) -> None:
    engine.put("a", "plain")
    engine.call("configure", "heartbeat-slow", 600.5)

    found = settings(engine)
    assert "600.5" == found["heartbeat-slow"]
    assert "heartbeat-plain" not in found


def test_the_heartbeat_in_force_of_a_queue_without_its_own_is_that_of_all(engine: Engine) -> None:
    engine.call("configure", "heartbeat", 30)
    engine.call("configure", "heartbeat-slow", 600)

    names = ("heartbeat-slow", "heartbeat-other")
    assert {"heartbeat-slow": "600", "heartbeat-other": "30"} == settings(engine, *names)


def test_an_unknown_setting_is_refused_by_name(engine: Engine) -> None:
    with pytest.raises(Refused, match="INVALID name: there is no setting colour"):
        engine.call("settings", "heartbeat", "colour")


def test_all_are_those_of_the_namespace_and_what_queues_have_of_their_own(engine: Engine) -> None:
    engine.configure("max-jobs-q", 5)
    engine.configure("jobs-history-q", 60)
    engine.configure("heartbeat-q", 7)
    engine.configure("when-full-r", "drop-oldest")
    found = [text.decode() for text in engine.call("settings")]

    assert "max-jobs" not in found
    assert found[found.index("heartbeat-q") :] == [
        *("heartbeat-q", "7", "jobs-history-q", "60", "max-jobs-q", "5"),
        *("when-full-r", "drop-oldest"),
    ]
