"""`pyjobs stats`: a queue's day in numbers, and drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pyjobs import Client
from pyjobs.stats import Distribution
from tests.cli.conftest import Run
from tests.conftest import Server

NOON = 1_900_000_000_000


class Clock:
    """Milliseconds since the epoch; `turn` it instead of waiting."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now

    def turn(self, milliseconds: int) -> None:
        self.now += milliseconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worked(server: Server, namespace: str, at: None, clock: Clock) -> Iterator[None]:
    """Ten jobs that took one to ten times 20 ms, on a day of their own."""
    with Client(server.url, namespace=namespace, now=clock) as client:
        queue = client.queue("underpants")
        for number in range(1, 11):
            queue.put(None, retries=0)
            clock.turn(3000)
            job = queue.pop()
            assert job
            clock.turn(20 * number)
            job.fail("bad", "") if number == 10 else job.complete()
        yield


def test_a_day_is_counted_and_drawn(pyjobs: Run, worked: None) -> None:
    out = pyjobs("stats", "underpants", "--day", "2030-03-17").stdout
    for part in ("done          9", "still failed  1", "waited", "ran, attempts that did not: 1"):
        assert part in out
    bars = [line for line in out.splitlines() if "█" in line]
    assert max(map(len, bars)) <= 100
    assert 9 == sum(int(line.split()[-1]) for line in bars[1:-1])
    assert any("200 ms" in line or "210 ms" in line for line in out.splitlines())


def test_a_day_as_json(pyjobs: Run, worked: None) -> None:
    found = json.loads(pyjobs("stats", "underpants", "--day", "2030-03-17", "--json").stdout)
    assert (9, 1, 10) == (found["run"]["count"], found["failures"], found["wait"]["count"])
    assert pytest.approx(0.1, rel=0.06) == found["run"]["p50"]


def test_other_days_are_empty(pyjobs: Run, worked: None) -> None:
    assert "waited" not in pyjobs("stats", "underpants", "--day", "yesterday").stdout


def test_rows_join_neighbouring_bins_and_show_the_empty_ones() -> None:
    bins = [(1.1**n / 1000, 1.1 ** (n + 1) / 1000, 1) for n in (10, 11, 12, 40, 69)]
    rows = Distribution(5, None, None, bins).rows(6)
    assert [3, 0, 0, 1, 0, 1] == [count for _, _, count in rows]
    assert [end for _, end, _ in rows[:-1]] == pytest.approx([start for start, _, _ in rows[1:]])
    assert (bins[0][0], bins[-1][1]) == pytest.approx((rows[0][0], rows[-1][1]))
    assert [] == Distribution(0, None, None, []).rows(6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "there is no queue 'nowhere'"),
        (["underpants", "--day", "2030-13-45"], "'2030-13-45' is no day"),
        (["underpants", "--day", "tomorrow"], "'tomorrow' is no day"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    pyjobs: Run, at: None, arguments: list[str], said: str
) -> None:
    done = pyjobs("stats", *arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert said in done.stderr
