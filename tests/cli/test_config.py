"""`pyjobs config`: the settings of a namespace."""

from __future__ import annotations

import json

import pytest

from pyjobs import Client
from tests.cli.conftest import Run


def test_settings_are_set_read_and_unset(pyjobs: Run, client: Client, at: None) -> None:
    assert "60\n" == pyjobs("config", "get", "heartbeat").stdout
    assert "30\n" == pyjobs("config", "set", "heartbeat", "30").stdout
    assert {"heartbeat": 30} == json.loads(pyjobs("config", "get", "heartbeat", "--json").stdout)
    assert "60\n" == pyjobs("config", "unset", "heartbeat").stdout
    assert 60 == client.config["heartbeat"]


def test_all_settings_are_listed(pyjobs: Run, client: Client, at: None) -> None:
    client.queue("underpants").set_heartbeat(5)
    assert client.config.all == json.loads(pyjobs("config", "list", "--json").stdout)
    lines = [line.split() for line in pyjobs("config", "list").stdout.splitlines()]
    assert ["max-payload", "1048576"] in lines
    assert ["heartbeat-underpants", "5"] in lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["get", "colour"], "there is no setting colour"),
        (["set", "colour", "red"], "there is no setting colour"),
        (["unset", "colour"], "there is no setting colour"),
        (["set", "heartbeat", "-5"], "heartbeat: must be a number from 0.001"),
        (["set", "heartbeat", "often"], "heartbeat: must be a number from 0.001"),
        (["set", "events", "some"], "events: is one of all, none, tracked, not some"),
        (["set", "heartbeat"], "Missing argument 'VALUE'"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    pyjobs: Run, at: None, arguments: list[str], said: str
) -> None:
    done = pyjobs("config", *arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert said in done.stderr
