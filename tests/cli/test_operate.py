"""What operators do to one job, many, a failure group, or all with a tag."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest

from pyjobs import Client
from tests.cli.conftest import Run
from tests.cli.terminal import Terminal


def states(client: Client, *jids: str) -> list[str]:
    return [job.state for job in client.jobs.get(*jids)]


def fail(client: Client, count: int, group: str = "bad-input") -> list[str]:
    """Put jobs, and fail them, in this order."""
    queue = client.queue("underpants")
    jids = queue.put_many([{"klass": None, "retries": 0, "tags": ["bad"]}] * count)
    while jobs := queue.pop(100):
        for job in jobs:
            job.fail(group, "no underpants")
    return jids


def test_cancel_takes_jobs_out(pyjobs: Run, client: Client, at: None) -> None:
    jids = client.queue("underpants").put_many([{"klass": None}] * 3)
    assert "cancelled 2 jobs\n" == pyjobs("cancel", *jids[:2]).stdout
    assert ["cancelled", "cancelled", "waiting"] == states(client, *jids)


def test_cancel_leaves_what_others_wait_for(pyjobs: Run, client: Client, at: None) -> None:
    parent = client.queue("underpants").put(None)
    child = client.queue("profit").put(None, depends=[parent])
    done = pyjobs("cancel", parent)
    assert (2, "") == (done.returncode, done.stdout)
    assert f"pyjobs: job {child} waits for job {parent}\n" == done.stderr

    assert 0 == pyjobs("cancel", parent, child).returncode
    assert ["cancelled", "cancelled"] == states(client, parent, child)


def test_one_job_that_cannot_be_does_not_stop_the_others(
    pyjobs: Run, client: Client, at: None
) -> None:
    jid = client.queue("underpants").put(None)
    done = pyjobs("cancel", "nobody", jid, "--json")
    assert 2 == done.returncode
    assert {
        "cancelled": 1,
        "problems": {"nobody": "no job nobody"},
        "interrupted": False,
    } == json.loads(done.stdout)


def test_jids_come_through_a_pipe(pyjobs: Run, client: Client, at: None) -> None:
    jids = client.queue("underpants").put_many([{"klass": None, "priority": 1}] * 150)
    piped = pyjobs("jobs", "underpants", "--jids", "--count", "140").stdout
    assert "cancelled 140 jobs\n" == pyjobs("cancel", "-", input=piped).stdout
    assert ["waiting"] * 10 == states(client, *jids[140:])


def test_a_whole_group_is_put_back(pyjobs: Run, client: Client, at: None) -> None:
    jids = fail(client, 230)
    fail(client, 1, group="other")
    assert "put back 230 jobs\n" == pyjobs("unfail", "--group", "bad-input").stdout
    assert {"other": 1} == client.jobs.failed()
    assert ["waiting"] * 230 == states(client, *jids)


def test_retry_is_another_word_for_unfail(pyjobs: Run, client: Client, at: None) -> None:
    jids = fail(client, 3)
    assert "put back 1 job\n" == pyjobs("retry", jids[1], "--to", "drawer").stdout
    assert [jids[1]] == client.queue("drawer").jobs.waiting()
    assert "put back 1 job\n" == (
        pyjobs("retry", "--group", "bad-input", "--count", "1").stdout  # the oldest
    )
    assert ["failed", "waiting", "waiting"] == sorted(states(client, *jids))


def test_a_job_is_put_back_also_when_it_is_throttled_then(
    pyjobs: Run, client: Client, at: None
) -> None:
    queue = client.queue("underpants")
    jid = queue.put(None, limits=["a"])
    (job,) = queue.pop(1)
    job.fail("bad-input")
    client.limits["a"].set(0)
    assert "put back 1 job\n" == pyjobs("unfail", jid).stdout
    assert ["throttled"] == states(client, jid)


def test_a_job_that_has_not_failed_is_not_put_back(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("underpants").put(None, delay=60)
    done = pyjobs("unfail", jid)
    assert 2 == done.returncode
    assert f"pyjobs: job {jid} is scheduled, not failed\n" == done.stderr


def test_a_whole_group_is_cancelled_or_moved(pyjobs: Run, client: Client, at: None) -> None:
    jids = fail(client, 130)
    assert "moved 130 jobs\n" == (
        pyjobs("move", "--group", "bad-input", "--to", "drawer", "--delay", "1h").stdout
    )
    assert ["scheduled"] * 130 == states(client, *jids)
    assert "cancelled 130 jobs\n" == pyjobs("cancel", "--tag", "bad").stdout


def test_jobs_that_stay_in_the_listing_are_done_once(pyjobs: Run, client: Client, at: None) -> None:
    jids = client.queue("underpants").put_many([{"klass": None, "tags": ["red"]}] * 220)
    assert "tagged 220 jobs\n" == pyjobs("tag", "tidy", "--tag", "red").stdout
    assert {"red": 220, "tidy": 220} == client.tags()
    assert "untagged 220 jobs\n" == pyjobs("untag", "red", "--tag", "red").stdout
    assert {"tidy": 220} == client.tags()
    client.jobs.cancel(*jids)


def test_priority_timeout_and_tracking(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("underpants").put(None)
    client.queue("underpants").pop()
    assert 0 == pyjobs("timeout", jid).returncode
    assert 0 == pyjobs("priority", jid, "--to", "-5").returncode
    assert 0 == pyjobs("track", jid).returncode
    (job,) = client.jobs.get(jid)
    assert ("waiting", -5, True) == (job.state, job.priority, job.tracked)
    assert 0 == pyjobs("untrack", jid).returncode
    assert [] == client.jobs.tracked()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cancel", "nobody"], "no job nobody"),
        (["cancel", "--group", "nothing"], "there are no jobs with the failure group 'nothing'"),
        (["unfail", "--tag", "nothing"], "there are no jobs with the tag 'nothing'"),
        (["cancel", "one", "--group", "two"], "name jobs by JID"),
        (["unfail", "--to", "drawer"], "name jobs by JID"),
        (["unfail", "one", "--count", "3"], "--count goes with --group"),
        (["move", "one"], "Missing option '--to'"),
        (["move", "one", "--to", ""], "queue"),
        (["priority", "one", "--to", "high"], "'high' is not a valid integer"),
        (["timeout", "x" * 300], "jid"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    pyjobs: Run, at: None, arguments: list[str], said: str
) -> None:
    done = pyjobs(*arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert said in done.stderr


# With a bar, and interrupted


def test_on_a_terminal_there_is_a_bar(terminal: Callable[..., Terminal], client: Client) -> None:
    fail(client, 120)
    screen = terminal("unfail", "--group", "bad-input")
    screen.until("\u2501")
    screen.until("put back 120 jobs")
    assert 0 == screen.end()


def test_ctrl_c_ends_it_between_two_slices(
    terminal: Callable[..., Terminal], client: Client
) -> None:
    jids = client.queue("underpants").put_many([{"klass": None, "tags": ["red"]}] * 20_000)
    screen = terminal("cancel", "--tag", "red")
    screen.until("\u2501")
    screen.interrupt()
    said = screen.until("as they were")

    assert 128 + signal.SIGINT == screen.end()
    done = int(said.rpartition("cancelled ")[2].partition(" ")[0].replace(",", ""))
    assert 0 < done < 20_000
    assert 0 == done % 100
    assert 20_000 - done == client.queue("underpants").counts.waiting
    client.jobs.cancel(*jids)
