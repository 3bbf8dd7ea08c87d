"""`pyjobs worker`: real processes, real signals, a real server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from pyjobs import Client, Job
from tests.client.servers import OwnServer
from tests.conftest import Server
from tests.processes import jobs
from tests.processes.conftest import Told, Working

UP = r"worker \d+ \(pid (\d+)\) is up"

POOLS = ["threads", "sync", "asyncio", "greenlets"]


def put(client: Client, klass: type, told: Told, **options: object) -> str:
    return client.queue("q").put(klass, told.data(), **options)  # type: ignore[arg-type]


def look(client: Client, jid: str) -> Job:
    job = client.jobs[jid]
    assert isinstance(job, Job)
    return job


@pytest.mark.parametrize("pool", POOLS)
def test_it_runs_jobs_and_leaves_when_it_is_told_to(
    working: Working, client: Client, told: Told, pool: str
) -> None:
    jids = [put(client, jobs.Quick, told) for _ in range(20)]
    running = working("--workers", 2, "--pool", pool)
    pids = running.pids(UP, 2)
    words = [told.next() for _ in jids]
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    assert {word[0] for word in words} == set(jids)
    assert {int(word[1]) for word in words} <= set(pids)
    assert client.queues["q"].counts.complete == 20
    assert client.workers.counts == []


def test_the_flags_of_the_classic_worker_are_taken(
    server: Server, working: Working, client: Client, told: Told, tmp_path: Path
) -> None:
    put(client, jobs.Quick, told)
    running = working(
        *("--host", server.host, "--port", server.port, "-g", 3, "-i", 60, "-w", 1),
        *("-d", tmp_path, "-m", jobs.__name__, "-n", "mail", "-r", "-v"),
        url="",
    )

    assert told.next()
    running.until("1 process of 3 greenlets for q")
    running.signal(signal.SIGTERM)
    assert running.end() == 0


def test_queues_have_patterns_and_weights(working: Working, client: Client, told: Told) -> None:
    for name in ("mail-new", "mail-old", "mail-slow"):
        client.queue(name).put(jobs.Quick, told.data(), jid=name)
    working("-q", "!mail-slow", "--workers", 1, queue="mail-*=3")

    assert {told.next()[0], told.next()[0]} == {"mail-new", "mail-old"}
    client.queue("mail-later").put(jobs.Quick, told.data(), jid="mail-later")
    assert told.next()[0] == "mail-later"
    assert told.rest() == []


@pytest.mark.parametrize("pool", POOLS)
def test_each_process_has_a_hook_at_its_start_and_one_at_its_end(
    working: Working, client: Client, told: Told, pool: str, tmp_path: Path
) -> None:
    jids = [put(client, jobs.Quick, told) for _ in range(6)]
    said = tmp_path / "said"
    running = working(
        *("--workers", 2, "--pool", pool, "--max-jobs", 2, "--hooks", f"{jobs.__name__}:bounds"),
        env={"SAID": str(said)},
    )
    words = [told.next() for _ in jids]
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    assert {word[0] for word in words} == set(jids)
    assert client.queues["q"].counts.complete == 6
    lines: dict[str, list[str]] = {}
    for line in said.read_text().splitlines():
        lines.setdefault(line.split()[1], []).append(line.split()[0])
    assert lines.keys() >= {word[1] for word in words}
    for pid, of_process in lines.items():
        ran = sum(word[1] == pid for word in words)
        assert of_process == ["start", *["job"] * ran, "stop"]
    assert running.output.count("a hook has failed") == len(lines)


@pytest.mark.skipif(shutil.which("ps") is None, reason="this machine has no ps")
def test_ps_shows_what_each_process_does(working: Working, client: Client, told: Told) -> None:
    put(client, jobs.Slow, told)
    running = working("--workers", 1)
    _, pid, _ = told.next()

    def title(process: int | str) -> str:
        done = subprocess.run(
            ["ps", "-o", "args=", "-p", str(process)], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    assert title(running.pid) == "pyjobs worker: 1 process of 8 threads for q"
    assert title(pid).startswith("pyjobs worker: 1")
    told.go()


# What dies


def test_a_job_whose_process_was_killed_runs_again_in_another_one(
    working: Working, client: Client, told: Told
) -> None:
    jid = put(client, jobs.Slow, told, retries=3)
    running = working("--workers", 1, "--lease", "1s")
    _, first, _ = told.next()
    os.kill(int(first), signal.SIGKILL)
    again, second, attempt = told.next()
    told.go()
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    assert (again, attempt) == (jid, "2")
    assert first != second
    job = look(client, jid)
    assert (job.state, job.retries_left) == ("complete", 2)


def test_resume_does_not_wait_for_the_leases_of_the_dead(
    working: Working, client: Client, told: Told
) -> None:
    jid = put(client, jobs.Slow, told, retries=3)
    running = working("--workers", 1, "--resume", "--lease", "1h")
    _, first, _ = told.next()
    os.kill(int(first), signal.SIGKILL)
    running.until("has died: 1 jobs that it held are put back")
    again, _, attempt = told.next()
    told.go()
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    assert (again, attempt) == (jid, "2")
    assert look(client, jid).retries_left == 2


def test_processes_whose_supervisor_was_killed_finish_their_jobs_and_leave(
    working: Working, client: Client, told: Told
) -> None:
    jid = put(client, jobs.Slow, told)
    running = working("--workers", 1)
    told.next()
    running.signal(signal.SIGKILL)
    told.go()

    assert running.end() == -signal.SIGKILL
    assert look(client, jid).state == "complete"


def test_a_process_that_is_frozen_is_killed_and_its_job_runs_again(
    working: Working, client: Client, told: Told
) -> None:
    jid = put(client, jobs.Frozen, told, retries=3)
    running = working("--workers", 1, "--lease", "5s", "--silence", "4s")
    _, first, _ = told.next()
    running.signal(signal.SIGQUIT)
    running.until(rf"pid {first}\) \|   File .*/tests/processes/jobs.py.* in process")
    running.until(rf"pid {first}\) has been silent for 4 s: it is killed")
    again, second, attempt = told.next()

    assert (again, attempt) == (jid, "2")
    assert first != second


def test_two_workers_survive_a_storm_of_deaths(
    working: Working, client: Client, told: Told, tmp_path: Path
) -> None:
    """Every job is done in the end, and those run twice are those that were in dying hands."""
    ran = tmp_path / "ran"
    jids = client.queue("q").put_many(
        {"klass": jobs.Noted, "data": {"file": str(ran)}, "retries": 20} for _ in range(2000)
    )
    last = client.queue("q").put(jobs.Quick, told.data(), depends=jids)
    running = working("--workers", 2, "--resume", "--lease", "1h")
    for _ in range(6):
        os.kill(int(running.until(UP)[1]), signal.SIGKILL)

    assert told.next()[0] == last
    notes = ran.read_text().split()
    assert set(notes) == set(jids)
    assert len(notes) - len(jids) <= 6 * 100


# How it stops


def test_term_lets_a_running_job_end_and_takes_no_other(
    working: Working, client: Client, told: Told
) -> None:
    first = put(client, jobs.Slow, told)
    running = working("--workers", 1, "--pool", "sync")
    told.next()
    second = put(client, jobs.Slow, told)
    running.signal(signal.SIGTERM)
    running.until("takes no more jobs")
    told.go()

    assert running.end() == 0
    assert look(client, first).state == "complete"
    assert look(client, second).state == "waiting"


@pytest.mark.parametrize("pool", POOLS)
def test_what_outlasts_the_grace_is_given_back_without_counting_an_attempt(
    working: Working, client: Client, told: Told, pool: str
) -> None:
    jid = put(client, jobs.Slow, told, retries=3)
    running = working("--workers", 1, "--pool", pool, "--grace", "0.2s")
    told.next()
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    job = look(client, jid)
    assert (job.state, job.retries_left) == ("waiting", 3)
    assert job.history[-1].what == "released"


def test_a_second_term_gives_running_jobs_back_now(
    working: Working, client: Client, told: Told
) -> None:
    jid = put(client, jobs.Slow, told, retries=3)
    running = working("--workers", 2, "--grace", "1h")
    told.next()
    running.signal(signal.SIGTERM)
    running.until("draining")
    running.signal(signal.SIGTERM)
    running.until("stopping now")

    assert running.end() == 0
    job = look(client, jid)
    assert (job.state, job.retries_left) == ("waiting", 3)


# Signals


def test_hup_replaces_the_processes_while_jobs_go_on(
    working: Working, client: Client, told: Told
) -> None:
    jid = put(client, jobs.Slow, told)
    running = working("--workers", 2)
    old = set(running.pids(UP, 2))
    told.next()
    running.signal(signal.SIGHUP)
    told.go()
    new = set()
    for _ in range(2):
        new.add(int(running.until(UP)[1]))
        assert int(running.until(r"worker \d \(pid (\d+)\) has left")[1]) in old

    assert old.isdisjoint(new)
    assert look(client, jid).state == "complete"
    running.signal(signal.SIGTERM)
    assert running.end() == 0


def test_usr1_pauses_and_resumes_taking(working: Working, client: Client, told: Told) -> None:
    running = working("--workers", 1)
    running.until(UP)
    running.signal(signal.SIGUSR1)
    running.until("paused")
    # The order is on its way to the process; what is asked after it is answered after it.
    running.signal(signal.SIGQUIT)
    running.until(r"\| .*pyjobs/worker/link.py")
    put(client, jobs.Quick, told)
    running.signal(signal.SIGQUIT)
    running.until(r"\| .*pyjobs/worker/link.py")

    assert told.rest() == []
    running.signal(signal.SIGUSR1)
    assert told.next()


@pytest.mark.parametrize("pool", POOLS)
def test_quit_shows_what_the_jobs_are_doing(
    working: Working, client: Client, told: Told, pool: str
) -> None:
    put(client, jobs.Slow, told)
    running = working("--workers", 1, "--pool", pool)
    _, pid, _ = told.next()
    running.signal(signal.SIGQUIT)

    running.until(rf"worker 1 \(pid {pid}\) \| .*File .*/tests/processes/jobs.py.* in process")


def test_quit_shows_coroutines_too(working: Working, client: Client, told: Told) -> None:
    put(client, jobs.Asleep, told)
    running = working("--workers", 1, "--pool", "asyncio")
    _, pid, _ = told.next()
    running.signal(signal.SIGQUIT)

    running.until(rf"worker 1 \(pid {pid}\) \| .*File .*/tests/processes/jobs.py.* in process")


# Recycling


def test_a_process_is_replaced_after_so_many_jobs(
    working: Working, client: Client, told: Told
) -> None:
    for _ in range(7):
        put(client, jobs.Quick, told)
    working("--workers", 1, "--max-jobs", 3)
    pids = Counter(told.next()[1] for _ in range(7))

    assert sorted(pids.values()) == [1, 3, 3]


def test_a_process_that_has_grown_too_large_is_replaced_after_its_jobs(
    working: Working, client: Client, told: Told
) -> None:
    running = working("--workers", 1, "--max-memory", 200, "--pool", "sync")
    pids: set[str] = set()
    while len(pids) < 2:
        put(client, jobs.Greedy, told)
        pids.add(told.next()[1])
    running.until(r"has grown to \d+ MB: it leaves after its jobs")
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    assert client.queues["q"].counts.failed == 0


def test_a_process_has_to_have_room_for_itself(working: Working) -> None:
    running = working("--workers", 2, "--max-memory", 3)

    assert running.end() == 2
    assert "max_memory: 3 MB are less than a process occupies" in running.output


# Limits


def test_kill_within_replaces_the_process_and_the_attempt_counts(
    working: Working, client: Client, told: Told
) -> None:
    jid = put(client, jobs.Stubborn, told, retries=3)
    running = working("--workers", 1, "--kill-within", "0.5s", "--grace", "0.2s")
    _, first, _ = told.next()
    words = told.next()
    while words[0] == "ignores":
        words = told.next()
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    assert (words[0], words[2]) == (jid, "2")
    assert words[1] != first
    assert look(client, jid).retries_left == 2


# Folders


@pytest.mark.parametrize("pool", ["sync", "threads"])
def test_each_job_has_an_empty_folder_that_goes_with_it(
    working: Working, client: Client, told: Told, tmp_path: Path, pool: str
) -> None:
    for jid in ("plain", "../../odd"):
        put(client, jobs.Tidy, told, jid=jid)
    told.go(2)
    workdir = tmp_path / "work"
    running = working("--workers", 1, "--pool", pool, "--workdir", workdir)
    found = [told.next() for _ in range(2)]
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    for folder, inside, entries in found:
        assert Path(folder).parent.parent == workdir
        assert inside == (folder if pool == "sync" else str(tmp_path))
        assert entries == "0"
    assert list(workdir.iterdir()) == []


def test_folders_of_a_process_that_was_killed_are_removed_by_the_next(
    working: Working, client: Client, told: Told, tmp_path: Path
) -> None:
    put(client, jobs.Tidy, told)
    workdir = tmp_path / "work"
    running = working("--workers", 1, "--workdir", workdir, "--resume")
    process = int(running.until(UP)[1])
    first = Path(told.next()[0])
    os.kill(process, signal.SIGKILL)
    second = Path(told.next()[0])

    assert first != second
    assert not first.exists()
    assert second.exists()
    told.go()
    running.signal(signal.SIGTERM)
    assert running.end() == 0


# Code


def module(folder: Path, word: str) -> None:
    """Write a module with a job class that tells this word."""
    (folder / "changing.py").write_text(
        "class Changing:\n"
        "    @staticmethod\n"
        "    def process(job):\n"
        f"        job.client.server.rpush(job['told'], {word})\n"
    )


def test_reload_loads_a_module_anew_that_has_changed(
    working: Working, client: Client, told: Told, tmp_path: Path
) -> None:
    queue = client.queue("q")
    module(tmp_path, "'one'")
    running = working("--workers", 1, "--reload")
    queue.put("changing.Changing", told.data())
    assert told.next() == ["one"]
    module(tmp_path, "'two'")
    running.until("changing has changed and was loaded anew")
    queue.put("changing.Changing", told.data())
    assert told.next() == ["two"]


def test_a_module_that_is_broken_stays_as_it_was_until_it_is_whole_again(
    working: Working, client: Client, told: Told, tmp_path: Path
) -> None:
    queue = client.queue("q")
    module(tmp_path, "'one'")
    running = working("--workers", 1, "--reload")
    queue.put("changing.Changing", told.data())
    assert told.next() == ["one"]
    module(tmp_path, "'two")
    running.until("changing has changed, but cannot be loaded: SyntaxError: unterminated string")
    queue.put("changing.Changing", told.data())
    assert told.next() == ["one"]
    module(tmp_path, "'two'")
    running.until("changing has changed and was loaded anew")


def test_imports_come_before_the_fork_and_hooks_around_each_job(
    working: Working, client: Client, told: Told
) -> None:
    name = jobs.__name__
    jid = put(client, jobs.Sharing, told)
    working("--workers", 1, "--import", name, "--hooks", f"{name}:hooks")

    assert told.next() == ["False", jid]


def test_greenlets_import_in_their_own_process_which_gevent_has_patched(
    working: Working, client: Client, told: Told
) -> None:
    put(client, jobs.Sharing, told)
    working("--workers", 1, "--import", jobs.__name__, "--greenlets", 5)

    assert told.next() == ["True"]


def test_what_greenlets_cannot_import_is_said_once(working: Working) -> None:
    running = working("--workers", 3, "--import", "nowhere.at_all", "--greenlets", 5)

    assert running.end() == 2
    assert "importing 'nowhere.at_all' failed" in running.output
    assert "Traceback" not in running.output


def test_what_is_not_allowed_is_not_run(working: Working, client: Client, told: Told) -> None:
    jid = put(client, jobs.Quick, told, retries=0)
    running = working("--workers", 1, "--allow", "tests.elsewhere")
    running.until(jid)
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    assert told.rest() == []
    assert look(client, jid).state == "failed"


# The server


def test_a_server_that_is_killed_under_load_loses_and_doubles_nothing(
    executable: str, working: Working, namespace: str, tmp_path: Path
) -> None:
    """It keeps what it has said, as `appendfsync always` promises."""
    ran = tmp_path / "ran"
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    with OwnServer(executable, *durable) as own, Client(own.url, namespace=namespace) as client:
        queue = client.queue("q")
        jids = queue.put_many(
            {"klass": jobs.Noted, "data": {"file": str(ran)}} for _ in range(3000)
        )
        told = Told(client, namespace)
        queue.put(jobs.Quick, told.data(), depends=jids)
        running = working("--workers", 2, url=own.url)
        running.pids(UP, 2)
        for _ in range(3):
            own.kill()
            running.until("the server is away")
            assert len(ran.read_text().split()) < len(jids)
            own.start()
            running.until("the server is back")
        told.next()
        running.signal(signal.SIGTERM)

        assert running.end() == 0
    assert sorted(ran.read_text().split()) == sorted(jids)
