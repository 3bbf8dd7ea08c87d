"""`pyjobs engine check`: what is wrong in the stored data, and mending it."""

from __future__ import annotations

import json

import pytest

from pyjobs import Client
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("at")

LOST = "is waiting and not in the set of that state and its queue"


@pytest.fixture
def broken(client: Client) -> Client:
    """A namespace with a lost job."""
    client.queue("q").put(None, jid="a")
    client.server.delete(client.key("waiting:1"))
    return client


def test_sound_data_is_said_to_be_so(pyjobs: Run, client: Client) -> None:
    client.queue("q").put(None)
    done = pyjobs("engine", "check")

    assert (done.stdout, done.returncode) == ("nothing is wrong\n", 0)
    assert pyjobs("engine", "check", "--json").stdout == ""


def test_a_finding_is_a_line_and_the_exit_status_one(pyjobs: Run, broken: Client) -> None:
    done = pyjobs("engine", "check")

    assert done.stdout == f"lost-job: job a {LOST} (can be mended)\n1 findings\n"
    assert done.returncode == 1
    broken.jobs.cancel("a")


def test_a_repair_mends_it(pyjobs: Run, broken: Client) -> None:
    done = pyjobs("engine", "check", "--repair")

    assert done.stdout == f"lost-job: job a {LOST} (mended)\n1 findings\n"
    assert done.returncode == 0
    assert broken.queue("q").counts.waiting == 1


@pytest.mark.keeps("strange")
def test_what_is_left_is_a_finding_after_a_repair_too(pyjobs: Run, client: Client) -> None:
    client.server.set(client.key("strange"), "x")
    done = pyjobs("engine", "check", "--repair", "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "name": "unknown-key",
        "key": "strange",
        "jid": "",
        "text": "the engine has no such keys",
        "mendable": False,
        "outcome": "left",
    }
