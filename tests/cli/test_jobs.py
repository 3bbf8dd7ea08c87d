"""`pyjobs jobs`: by queue, state, tag, failure group, or tracked."""

from __future__ import annotations

import json

import pytest

from pyjobs import Client
from tests.cli.conftest import Run


@pytest.fixture
def jids(client: Client, at: None) -> dict[str, str]:
    """A job in each of many situations."""
    queue = client.queue("underpants")
    found: dict[str, str] = {"failed": queue.put(None, retries=0, tags=["red"])}
    job = queue.pop()
    assert job
    job.fail("bad-input", "no underpants")
    found["running"] = queue.put(None, priority=-1)
    queue.pop()
    found["waiting"] = queue.put(None, tags=["red", "tidy"])
    found["scheduled"] = queue.put(None, delay=3600)
    found["depends"] = client.queue("profit").put(None, depends=[found["waiting"]])
    client.track(found["depends"])
    return found


def listed(pyjobs: Run, *arguments: str) -> list[str]:
    done = pyjobs("jobs", *arguments, "--jids")
    assert 0 == done.returncode, done.stderr
    return done.stdout.split()


def test_jobs_of_all_queues_and_states(pyjobs: Run, jids: dict[str, str]) -> None:
    order = ("running", "waiting", "scheduled", "depends", "failed")
    assert [jids[state] for state in order] == listed(pyjobs)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["profit"], ["depends"]),
        (["--state", "failed", "--state", "scheduled"], ["scheduled", "failed"]),
        (["--tag", "red"], ["failed", "waiting"]),
        (["--tag", "red", "--state", "waiting"], ["waiting"]),
        (["--tag", "red", "profit"], []),
        (["--group", "bad-input"], ["failed"]),
        (["--group", "bad-input", "--tag", "tidy"], []),
        (["--tracked"], ["depends"]),
        (["underpants", "--state", "stalled"], []),
        (["--offset", "1", "--count", "2"], ["waiting", "scheduled"]),
    ],
)
def test_jobs_that_are_all_that_is_asked_for(
    pyjobs: Run, jids: dict[str, str], arguments: list[str], expected: list[str]
) -> None:
    assert [jids[name] for name in expected] == listed(pyjobs, *arguments)


def test_the_table_says_what_matters_in_each_state(pyjobs: Run, jids: dict[str, str]) -> None:
    out = pyjobs("jobs").stdout
    for part in (*jids.values(), "bad-input", "waits for 1", "#red #tidy", "  in "):
        assert part in out


def test_the_table_fits_the_terminal(
    pyjobs: Run, jids: dict[str, str], environment: dict[str, str]
) -> None:
    environment["COLUMNS"] = "80"
    assert max(map(len, pyjobs("jobs").stdout.splitlines())) <= 80


def test_jobs_as_json(pyjobs: Run, jids: dict[str, str]) -> None:
    (failed,) = json.loads(pyjobs("jobs", "--group", "bad-input", "--json").stdout)
    assert (jids["failed"], "failed", "bad-input", 1) == (
        *(failed["jid"], failed["state"], failed["failure_group"], failed["attempt"]),
    )


def test_many_jobs_are_listed_page_by_page(pyjobs: Run, client: Client, at: None) -> None:
    jids = client.queue("underpants").put_many([{"klass": None}] * 250)
    assert jids[120:230] == listed(pyjobs, "underpants", "--offset", "120", "--count", "110")
    done = pyjobs("jobs", "--count", "3")
    assert "the first 3" in done.stderr


def test_a_name_that_would_command_the_terminal_is_only_shown(
    pyjobs: Run, client: Client, at: None
) -> None:
    client.queue("under\x1b[31mpants").put(None, tags=["\x07"])
    out = pyjobs("jobs").stdout
    assert r"under\x1b[31mpants" in out
    assert not {"\x1b", "\x07"} & set(out)


def test_an_unknown_queue_is_said_in_a_line(pyjobs: Run, namespace: str, at: None) -> None:
    done = pyjobs("jobs", "nowhere")
    said = f"pyjobs: there is no queue 'nowhere' in namespace '{namespace}'\n"
    assert (2, "", said) == (done.returncode, done.stdout, done.stderr)
    assert "no such jobs\n" == pyjobs("jobs").stdout
