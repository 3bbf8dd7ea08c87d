"""What `pyjobs worker` does with bad input: one clear line, and exit status 2."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.servers import OwnServer, free_port
from tests.conftest import Server
from tests.processes.conftest import Working


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A folder with modules that cannot be used."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "broken_module.py").write_text("raise RuntimeError('out of order')\n")
    (folder / "plain_module.py").write_text("hooks = 3\n")
    return folder


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["-q", "!mail"], "queues: "),
        (["-q", "mail=0"], "weights: mail: 0 is not 1 to 1,000"),
        (["-q", "mail=2", "--policy", "ordered"], "weights: belong to policy='weighted'"),
        (["--pool", "sync", "--concurrency", "3"], "--concurrency: the sync pool"),
        (["--greenlets", "3", "--pool", "threads"], "--greenlets N says the pool"),
        (["--concurrency", "0"], "concurrency: 0 is not 1 to 1,000"),
        (["--interval", "0"], "interval: 0.0 is not 0.01 to 4 seconds"),
        (["--grace", "soon"], "'soon' is no length of time"),
        (["--silence", "1"], "--silence: 1 is less than 3 seconds"),
        (["--max-jobs", "0"], "max_jobs: 0 is not 1 or more"),
        (["--import", "nowhere.at_all"], "--import: importing 'nowhere.at_all' failed: ModuleNot"),
        (["--import", "broken_module"], "failed: RuntimeError: out of order"),
        (["--hooks", "plain_module"], "is not of the form MODULE:NAME"),
        (["--hooks", "plain_module:hooks"], "has to be pyjobs Hooks, and is of the type int"),
        (["--hooks", "plain_module:others"], "has to be pyjobs Hooks, and is not there"),
        (["--path", "nowhere"], "Directory 'nowhere' does not exist"),
        (["--workdir", "/proc/nowhere"], "--workdir: "),
        (["--name", "a@b"], "--name: must not contain '@'"),
        (["--namespace", "a b"], "namespace: 'a b' is not 1 to 64 characters"),
        (["--url", "http://localhost"], "url: "),
    ],
)
def test_bad_input_is_refused_by_name(
    server: Server, tmp_path: Path, modules: Path, arguments: list[str], line: str
) -> None:
    url = [] if "--url" in arguments else ["--url", server.url]
    queue = [] if "-q" in arguments else ["-q", "q"]
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-m", "pyjobs", "worker"),
            *("--path", str(modules), *url, *queue, *arguments),
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.returncode == 2
    assert line in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    """gevent is hidden behind a folder that has none."""
    hidden = "import sys; sys.modules['gevent'] = None; from pyjobs.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "worker", "-q", "q", "--pool", "greenlets"],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert "pip install 'pyjobs[gevent]'" in done.stderr


def test_a_server_that_is_away_is_waited_for(working: Working, executable: str) -> None:
    with OwnServer(executable) as own:
        own.kill()
        running = working("--workers", 1, url=own.url)
        running.until("server.sock cannot be reached: .*; trying again until it answers")
        own.start()
        running.until("the server answers")
        running.until("is up")
        running.signal(signal.SIGTERM)
        assert running.end() == 0


def test_no_wait_gives_up(working: Working) -> None:
    running = working("--no-wait", url=f"redis://127.0.0.1:{free_port()}")

    assert running.end() == 2
    assert "cannot be reached: Error" in running.output
    assert "Traceback" not in running.output


def test_wrong_credentials_are_no_reason_to_wait(working: Working, server: Server) -> None:
    running = working(url=f"redis://nobody:nothing@127.0.0.1:{server.port}")

    assert running.end() == 2
    assert "WRONGPASS" in running.output
    assert "Traceback" not in running.output
