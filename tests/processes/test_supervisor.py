"""The supervisor alone: real processes that have no jobs, and real signals."""

from __future__ import annotations

import itertools
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes.running import Running, lives

Supervised = Callable[..., Running]

UP = r"^up (\d+) at \d"


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    """Start a supervisor of processes that run a body of `bodies.py`."""
    with ExitStack() as stack:

        def start(body: str, count: int = 1, **options: float) -> Running:
            given = [f"{name}={value}" for name, value in options.items()]
            return stack.enter_context(
                Running(
                    *("-m", "tests.processes.bodies", body, count, *given),
                    env={"MARK": str(tmp_path / "mark")},
                )
            )

        yield start


# Ends


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_every_process_and_then_it_leaves(
    supervised: Supervised, number: signal.Signals
) -> None:
    running = supervised("obedient", 3)
    pids = running.pids(UP, 3)
    running.signal(number)

    assert running.end() == 0
    assert sorted(pids) == sorted(int(pid) for pid in re.findall(r"DRAIN (\d+)", running.output))


def test_ctrl_c_reaches_the_processes_as_one_order(supervised: Supervised) -> None:
    """The terminal sends it to the whole process group."""
    running = supervised("obedient", 2)
    running.pids(UP, 2)
    os.killpg(running.pid, signal.SIGINT)

    assert running.end() == 0
    assert len(re.findall("^DRAIN", running.output, re.MULTILINE)) == 2
    assert "STOP" not in running.output


def test_a_second_signal_stops_what_would_go_on(supervised: Supervised) -> None:
    running = supervised("busy", 2)
    running.pids(UP, 2)
    running.signal(signal.SIGTERM)
    running.pids(r"^DRAIN (\d+)", 2)
    running.signal(signal.SIGTERM)

    assert running.end() == 0


def test_what_does_not_even_stop_is_killed(supervised: Supervised) -> None:
    running = supervised("deaf", 2, hurry=0.2)
    running.pids(UP, 2)
    running.signal(signal.SIGTERM)
    running.until("draining")
    running.signal(signal.SIGTERM)

    assert running.end() == 1
    assert len(re.findall("was killed by SIGKILL", running.output)) == 2


def test_what_does_not_leave_within_its_grace_is_killed(supervised: Supervised) -> None:
    running = supervised("deaf", grace=0.2, hurry=0.1)
    running.until(UP)
    running.signal(signal.SIGTERM)

    assert running.end() == 1


def test_processes_whose_supervisor_was_killed_drain(supervised: Supervised) -> None:
    running = supervised("obedient", 2)
    pids = running.pids(UP, 2)
    running.signal(signal.SIGKILL)

    assert running.end() == -signal.SIGKILL
    assert sorted(pids) == sorted(int(pid) for pid in re.findall(r"DRAIN (\d+)", running.output))


# Deaths


def test_a_process_that_is_killed_is_replaced(supervised: Supervised) -> None:
    running = supervised("obedient", 2)
    first, second = running.pids(UP, 2)
    os.kill(first, signal.SIGKILL)
    running.until(rf"worker \d \(pid {first}\) was killed by SIGKILL; another starts in 0.1 s")
    third = int(running.until(UP)[1])

    assert third not in {first, second}
    assert lives(second)


def test_processes_that_die_at_once_are_replaced_more_and_more_slowly(
    supervised: Supervised,
) -> None:
    running = supervised("mortal", backoff=0.02)
    births = [float(running.until(r"^born \d+ (\S+)")[1]) for _ in range(6)]
    pauses = [after - before for before, after in itertools.pairwise(births)]

    for number, pause in enumerate(pauses):
        assert pause >= 0.02 * 2**number
    running.signal(signal.SIGTERM)
    assert running.end() == 0


def test_a_silent_process_is_killed_and_replaced(supervised: Supervised) -> None:
    running = supervised("deaf", silence=0.4)
    first = int(running.until(UP)[1])
    running.until(rf"worker 1 \(pid {first}\) has been silent for 0.4 s: it is killed")

    assert int(running.until(UP)[1]) != first


def test_a_supervisor_that_was_stopped_itself_does_not_take_its_pause_for_theirs(
    supervised: Supervised,
) -> None:
    running = supervised("obedient", silence=0.6)
    pid = int(running.until(UP)[1])
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for each in (pid, running.pid):
            os.kill(each, number)
        if number is signal.SIGSTOP:
            with pytest.raises(AssertionError, match="it took too long"):
                running.until("silent", patience=1.0)
    running.signal(signal.SIGUSR1)
    running.until(rf"^PAUSE {pid}")
    running.signal(signal.SIGTERM)

    assert running.end() == 0
    assert "killed" not in running.output


def test_a_process_that_asks_for_it_is_replaced_at_once(supervised: Supervised) -> None:
    running = supervised("stuck", backoff=60)
    first = int(running.until(r"^stuck (\d+)")[1])

    assert int(running.until(UP)[1]) != first


def test_one_that_is_leaving_is_replaced_before_it_has_left(supervised: Supervised) -> None:
    running = supervised("passing", backoff=60)
    first, second = running.pids(r"^leaving (\d+)", 2)

    assert lives(first)
    assert lives(second)


def test_what_cannot_start_at_all_is_not_tried_again(supervised: Supervised) -> None:
    running = supervised("refusing", 3)

    assert running.end() == 2
    assert len(re.findall("^refuses", running.output, re.MULTILINE)) <= 3


# Signals


def test_hup_replaces_one_by_one_and_never_has_fewer(supervised: Supervised) -> None:
    running = supervised("obedient", 2)
    old = running.pids(UP, 2)
    running.signal(signal.SIGHUP)
    told = [running.until(r"^(up|DRAIN) (\d+)") for _ in range(4)]
    new = [int(told[at][2]) for at in (0, 2)]

    assert [each[1] for each in told] == ["up", "DRAIN", "up", "DRAIN"]
    assert sorted(int(told[at][2]) for at in (1, 3)) == sorted(old)
    assert all(lives(pid) for pid in new)
    running.signal(signal.SIGTERM)
    assert running.end() == 0


@pytest.mark.parametrize(("body", "says"), [("spoilt", "born"), ("outdated", "refuses")])
def test_hup_leaves_the_old_ones_at_work_while_new_ones_cannot_start(
    supervised: Supervised, body: str, says: str
) -> None:
    running = supervised(body, backoff=0.02)
    old = int(running.until(UP)[1])
    running.until("is up")
    running.signal(signal.SIGHUP)
    running.pids(rf"^{says} (\d+)", 3)

    assert lives(old)
    assert "DRAIN" not in running.output
    running.signal(signal.SIGTERM)
    assert running.end() == 0


def test_usr1_pauses_and_resumes_also_those_that_start_meanwhile(supervised: Supervised) -> None:
    running = supervised("obedient", 2)
    first, second = running.pids(UP, 2)
    running.signal(signal.SIGUSR1)
    running.pids(r"^PAUSE (\d+)", 2)
    os.kill(first, signal.SIGKILL)
    third = int(running.until(UP)[1])
    running.until(rf"^PAUSE {third}")
    running.signal(signal.SIGUSR1)

    assert {second, third} == set(running.pids(r"^RESUME (\d+)", 2))


def test_quit_prints_the_stacks_of_every_process(supervised: Supervised) -> None:
    running = supervised("deaf", 2, hurry=0.2)
    pids = running.pids(UP, 2)
    running.signal(signal.SIGQUIT)
    lines = [running.until(r"\(pid (\d+)\) \|   File .*bodies.py.* in deaf") for _ in range(2)]

    assert {int(line[1]) for line in lines} == set(pids)


def test_signals_that_are_for_the_supervisor_harm_no_process(supervised: Supervised) -> None:
    """As `pkill -HUP -f pyjobs` sends them."""
    running = supervised("obedient")
    pid = int(running.until(UP)[1])
    for number in (signal.SIGHUP, signal.SIGUSR1):
        os.kill(pid, number)
    running.signal(signal.SIGUSR1)

    running.until(rf"^PAUSE {pid}")
