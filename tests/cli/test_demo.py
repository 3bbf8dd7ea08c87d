"""`pyjobs demo` on folders whose files the test has counted itself."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import Server

PLAIN = 110  # more files than one call takes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of every kind; three of them and two folders are no source files."""
    folder = tmp_path / "sources"
    for name in ("sub/deep", "__pycache__", ".hidden"):
        (folder / name).mkdir(parents=True)
    for number in range(PLAIN):
        (folder / f"plain{number:03}.py").write_text("one two\n" * number)
    (folder / "sub" / "deep" / "open_end.c").write_text("three words here\nand no end")
    (folder / "sub" / "latin.js").write_bytes("caf\u00e9 cr\u00e8me\n".encode("latin-1"))
    (folder / "broken.py").symlink_to(folder / "nowhere")
    (folder / "notes.txt").write_text("no source\n")
    (folder / "__pycache__" / "made.py").write_text("no source\n")
    (folder / ".hidden" / "made.py").write_text("no source\n")
    os.mkfifo(folder / "pipe.py")
    return folder


def expected_report() -> dict[str, object]:
    lines = sum(range(PLAIN))
    return {
        "files": PLAIN + 3,
        "kinds": {"text": PLAIN, "empty": 1, "not UTF-8": 1, "unreadable": 1},
        "bytes": 8 * lines + 27 + 11,
        "lines": lines + 2 + 1,
        "words": 2 * lines + 6 + 2,
    }


def left_behind(server: Server) -> list[bytes]:
    keys: list[bytes] = server.admin.keys("{demo-*")  # type: ignore[assignment]
    return keys


def test_the_report_counts_every_file_once(pyjobs: Run, server: Server, folder: Path) -> None:
    done = pyjobs("demo", folder, "--url", server.url, "--json")

    assert 0 == done.returncode, done.stderr
    found = json.loads(done.stdout)
    report = found["report"]
    unreadable = str(folder / "broken.py")
    assert expected_report().items() <= report.items()
    assert [{"path": unreadable, "problem": "No such file or directory"}] == report["unreadable"]
    assert f"{folder}/plain109.py" == report["largest"][0]["path"]
    assert [] == found["problems"]
    assert [] == left_behind(server)


def test_some_jobs_fail_are_put_back_and_tell_their_history(
    pyjobs: Run, server: Server, folder: Path
) -> None:
    found = json.loads(pyjobs("demo", folder, "--url", server.url, "--json").stdout)

    assert 3 == found["put_back"]
    assert [
        *("put", "popped", "done", "popped", "failed", "unfailed"),
        *("popped", "done", "popped", "done"),
    ] == [event["what"] for event in found["story"]["history"]]
    complete = {queue["name"]: queue["complete"] for queue in found["queues"]}
    assert {"collect": 0, "count": 0, "profit": PLAIN + 3, "report": 1} == complete
    for times in found["times"].values():
        assert 0 <= times["wait"]["p50"] <= times["wait"]["p95"] <= times["wait"]["p99"]


def test_the_printed_report_is_complete_and_progress_goes_elsewhere(
    pyjobs: Run, server: Server, folder: Path
) -> None:
    done = pyjobs("demo", folder, "--url", server.url, "--workers", "1")

    assert 0 == done.returncode, done.stderr
    for part in ("113: 110 text, 1 empty, 1 not UTF-8, 1 unreadable", "broken.py: No such file"):
        assert part in done.stdout
    assert "failure group 'butterfingers'" in done.stdout
    assert "each of 113 files was counted once" in done.stdout
    assert "%" not in done.stdout
    assert "100 %" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_two_runs_on_one_server_do_not_meet(pyjobs: Run, server: Server, folder: Path) -> None:
    for _ in range(2):
        assert 0 == pyjobs("demo", folder, "--url", server.url).returncode
    assert [] == left_behind(server)


def test_kept_jobs_can_be_looked_at(
    pyjobs: Run, server: Server, namespace: str, folder: Path
) -> None:
    place = ("--url", server.url, "--namespace", namespace)
    done = pyjobs("demo", folder, *place, "--keep", "--json")
    jid = json.loads(done.stdout)["story"]["jid"]

    assert "unfailed" in pyjobs("job", jid, *place).stdout
    again = pyjobs("demo", folder, *place)
    assert 2 == again.returncode
    assert f"namespace: '{namespace}' is in use" in again.stderr
    assert 0 == pyjobs("job", jid, *place).returncode


def test_a_private_server_is_started_and_removed(
    pyjobs: Run, folder: Path, environment: dict[str, str]
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        done = pyjobs("demo", folder, env={**environment, "TMPDIR": temporary})
        assert 0 == done.returncode, done.stderr
        assert [] == list(Path(temporary).iterdir())
    assert [] == list(Path(environment["HOME"]).iterdir())


def test_a_name_that_is_no_valid_text_is_counted(
    pyjobs: Run, server: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    try:
        (folder / os.fsdecode(b"\xff.py")).write_text("a\n")
    except OSError:
        pytest.skip("the file system takes names of valid text only")
    done = pyjobs("demo", folder, "--url", server.url)

    assert 0 == done.returncode, done.stderr
    assert r"\udcff.py" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_what_may_not_be_read_is_named(pyjobs: Run, server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    (folder / "closed").mkdir(parents=True, mode=0o000)
    secret = folder / "secret.py"
    secret.write_text("a\n")
    secret.chmod(0)
    done = pyjobs("demo", folder, "--url", server.url)

    assert 0 == done.returncode, done.stderr
    assert "secret.py: Permission denied" in done.stdout
    assert "1 could not be opened" in done.stdout


def test_on_a_terminal_there_is_a_bar_that_fits(
    server: Server, folder: Path, command: list[str], environment: dict[str, str]
) -> None:
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [*command, "demo", str(folder), "--url", server.url],
        env={**environment, "COLUMNS": "80", "LINES": "24", "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    try:
        while part := os.read(screen, 65536):
            shown += part
    except OSError:
        pass  # how a terminal ends whose last user has gone
    os.close(screen)

    assert 0 == process.wait(50)
    assert "\u2501" in shown.decode()
    assert "done 113" in shown.decode()


# What goes wrong


def test_a_figure_that_does_not_add_up_is_an_exit_status_of_1(
    server: Server, folder: Path, environment: dict[str, str]
) -> None:
    forgetful = (
        "import sys; from pyjobs.demo import jobs; whole = jobs.sum_up;"
        "jobs.sum_up = lambda files: whole(files[1:]);"
        "from pyjobs.cli import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", forgetful, "demo", str(folder), "--url", server.url],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 1 == done.returncode, done.stderr
    assert "files in the report: 112, and should be 113" in done.stdout
    assert "counted once" not in done.stdout


def test_a_failure_that_is_not_meant_ends_the_demo(
    server: Server, folder: Path, environment: dict[str, str]
) -> None:
    broken = (
        "import sys; from pyjobs.demo import jobs; jobs.read = None;"
        "from pyjobs.cli import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken, "demo", str(folder), "--url", server.url],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 2 == done.returncode
    assert "failed, and not on purpose: count-TypeError: TypeError" in done.stderr
    assert "Traceback" not in done.stderr
    assert [] == left_behind(server)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing"], "missing cannot be opened: No such file or directory"),
        (["file.py"], "file.py cannot be opened: Not a directory"),
        (["empty"], "no source files"),
        (["full", "--url", "redis://localhost:1"], "the server cannot be reached"),
        (["full", "--url", "http://localhost"], "url: "),
        (["full", "--url", "unix:///dev/null", "--namespace", "a b"], "namespace: 'a b'"),
        (["full", "--workers", "0"], "--workers"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    pyjobs: Run, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "file.py").touch()
    shutil.copy(__file__, tmp_path / "full")
    done = pyjobs("demo", *arguments)

    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr.splitlines()[-1]


# Leaving early


@contextmanager
def under_way(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start the demo in a group of its own, and wait until its workers work."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stderr
        for line in process.stderr:
            if "%" in line:  # and there is more than a second to go, for the sake of delayed jobs
                break
        yield process


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_it_and_leaves_nothing(
    server: Server,
    folder: Path,
    command: list[str],
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    times: int,
) -> None:
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    with under_way([*command, "demo", str(folder), "--url", server.url]) as process:
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)  # ends when the workers have ended, too

    assert 130 == process.returncode
    assert "Traceback" not in errors
    assert [] == left_behind(server)


def test_a_termination_leaves_nothing(
    server: Server,
    folder: Path,
    command: list[str],
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    with under_way([*command, "demo", str(folder), "--url", server.url]) as process:
        process.terminate()
        _, errors = process.communicate(timeout=30)

    assert 128 + signal.SIGTERM == process.returncode
    assert "Traceback" not in errors
    assert [] == left_behind(server)
