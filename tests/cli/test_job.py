"""`pyjobs job` and `pyjobs explain`: everything about one job, and why it does not run."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from pyjobs import Client, calls
from tests.cli.conftest import Run


def test_job_shows_everything_about_a_job(pyjobs: Run, client: Client, at: None) -> None:
    queue = client.queue("underpants")
    jid = queue.put("gnomes.Gnomes", {"count": 1}, priority=-7, tags=["tidy", "red"])
    dependent = client.queue("profit").put(None, depends=[jid])
    job = queue.pop()
    assert job
    job.log("sorted", {"by": "size"})
    job.fail("bad-input", "no underpants in drawer")
    done = pyjobs("job", jid)

    assert 0 == done.returncode
    for part in (
        *(jid, "gnomes.Gnomes", "underpants", "failed", "-7", "tidy, red", dependent),
        *("bad-input", "no underpants in drawer", '"count": 1', '{"by": "size"}'),
        *("put", "popped", "sorted", client.worker_name),
    ):
        assert part in done.stdout


def test_job_as_json_has_all_of_it(pyjobs: Run, client: Client, at: None) -> None:
    moment = datetime(2020, 1, 1, tzinfo=timezone.utc)
    data = {"bytes": b"\xff\x00", "text": b"plain", "when": moment, 5: [None, True, 0.5]}
    jid = client.queue("underpants").put(None, data)
    found = json.loads(pyjobs("job", jid, "--json").stdout)

    assert {
        "bytes": "/wA=",
        "text": "plain",
        "when": "2020-01-01T00:00:00+00:00",
        "5": [None, True, 0.5],
    } == found["data"]
    assert (jid, "waiting", 5) == (found["jid"], found["state"], found["retries_left"])
    assert ["put"] == [event["what"] for event in found["history"]]


def test_job_shows_a_recurring_job(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("rooms").recur("gnomes.Sweep", {"rooms": 3}, interval=86400, offset=3600)
    assert "1 d 0 h" in pyjobs("job", jid).stdout
    assert 86400 == json.loads(pyjobs("job", jid, "--json").stdout)["interval"]
    client.jobs[jid].cancel()


def test_job_says_that_there_is_none(pyjobs: Run, at: None) -> None:
    done = pyjobs("job", "nobody")
    assert (2, "", "pyjobs: no job nobody\n") == (done.returncode, done.stdout, done.stderr)


def test_job_shows_the_result_that_is_kept(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("underpants").put(
        None, keep_result=3600, run_within=600, context={"trace": "abc"}
    )
    lease = json.loads(pyjobs("pop", "underpants").stdout)["lease"]
    assert 0 == pyjobs("complete", lease, "--result", '{"profit": 3}').returncode
    out = pyjobs("job", jid).stdout
    for part in ('"profit": 3', "after 10 min 0 s", "trace=abc"):
        assert part in out
    assert {"profit": 3} == json.loads(pyjobs("job", jid, "--json").stdout)["result"]


# pyjobs explain


def test_explain_says_why_a_job_does_not_run(pyjobs: Run, client: Client, at: None) -> None:
    queue = client.queue("underpants")
    first = queue.put(None)
    second = queue.put(None)
    later = queue.put(None, delay=3600)
    child = queue.put(None, depends=[first])
    for jid, *parts in (
        (second, "is waiting in underpants", "1 job of its queue comes first", "no live worker"),
        (later, "is scheduled", "it is delayed: due in 59 min"),
        (child, "is depends", f"it waits for 1 job: {first} (waiting)"),
    ):
        out = pyjobs("explain", jid).stdout
        for part in parts:
            assert part in out
    queue.pause()
    assert "the queue is paused" in pyjobs("explain", second).stdout
    queue.unpause()


def test_explain_tells_the_limits_of_a_job(pyjobs: Run, client: Client, at: None) -> None:
    queue = client.queue("underpants")
    given = {"start_within": 60, "if_late": "gnomes.Sorry", "finish_within": 90, "unique": "k"}
    jid = queue.put(None, poison_after=2, **given)  # type: ignore[arg-type]
    job = queue.pop(lease=0.001)
    assert job
    told = client.run(calls.explain(jid))
    assert ("k", job.finish_by, None) == (told.unique, told.finish_by, told.start_by)
    out = pyjobs("explain", jid).stdout
    assert "it was put under the key 'k', which it holds" in out
    assert "if it is not done by " in out

    other = queue.put(None, start_within=60, if_late="gnomes.Sorry")
    assert ", gnomes.Sorry runs in its place" in pyjobs("explain", other).stdout


def test_explain_says_what_has_become_of_a_job(pyjobs: Run, client: Client, at: None) -> None:
    queue = client.queue("underpants")
    jid = queue.put(None, retries=0)
    job = queue.pop(lease=3600)
    assert job
    assert f"held by {client.worker_name}; the lease ends in" in pyjobs("explain", jid).stdout
    job.fail("bad-input", "")
    assert "failed into the group 'bad-input'" in pyjobs("explain", jid).stdout
    client.jobs.cancel(jid)
    assert "it was cancelled" in pyjobs("explain", jid).stdout


def test_explain_as_json(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("underpants").put(None)
    found = json.loads(pyjobs("explain", jid, "--json").stdout)
    assert (jid, "waiting", 0) == (found["jid"], found["state"], found["ahead"])
    assert "it is the next one of its queue" in found["reasons"]


def test_explain_says_that_there_is_none(pyjobs: Run, at: None) -> None:
    done = pyjobs("explain", "nobody")
    assert (2, "", "pyjobs: explain: no job nobody\n") == (
        *(done.returncode, done.stdout, done.stderr),
    )
