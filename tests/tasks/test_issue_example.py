"""The example that the layer was ordered with, to the letter; mypy has looked at it as well."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mypy import api

import pyjobs
from pyjobs.worker import Worker
from tests.packaging.conftest import ROOT

DECLARED = """
from pyjobs import Tasks
tasks = Tasks(client, queue="default")            # or Tasks("redis://..."), or bound later (init)

@tasks.task(retries=4, retry_on=(IOError,), backoff="exponential", start_within=3600, keep_result=30)
def resize(path: str, width: int) -> str: ...
"""  # noqa: E501 - to the letter

CALLED = """
resize("a.png", 100)                              # a plain call runs it here
handle = resize.later("a.png", 100)               # a job; typed: the arguments are checked by mypy
resize.options(delay=60, priority=-10, queue="low").later("b.png", 80)
resize.later_many([("a.png", 1), ("b.png", 2)])
{run}
handle.wait(5); handle.result(wait=5); handle.cancel(); handle.status
async def from_async_code() -> None:
    await resize.alater("a.png", 100)

@tasks.cron("0 5 * * tue", tz="Europe/Berlin")
def report(): ...

@tasks.every(25, queue="low")
def sweep(): ...
"""


@pytest.fixture
def module(client: pyjobs.Client) -> Iterator[ModuleType]:
    """A module for the example to be the text of."""
    made = ModuleType("tests.tasks.example_of_the_issue")
    made.__spec__ = ModuleSpec(made.__name__, None)
    vars(made).update(client=client, work=lambda: Worker(client, "default").run_until_idle())
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


def test_it_runs(client: pyjobs.Client, module: ModuleType) -> None:
    space: dict[str, Any] = vars(module)
    exec(DECLARED.replace(": ...", ": return f'{path} {width}'"), space)
    before, cancel, after = CALLED.format(run="work()").partition("handle.cancel(); ")

    exec(before, space)
    assert space["handle"].result() == "a.png 100"
    with pytest.raises(pyjobs.WrongState, match="complete"):
        exec(cancel, space)  # it has been done by now
    exec(after, space)

    async def from_async_code() -> None:
        await space["from_async_code"]()
        await space["tasks"].aclose()

    asyncio.run(from_async_code())

    assert space["handle"].status == "complete"
    counts = {each.name: each for each in client.queues.counts}
    assert (counts["default"].waiting, counts["low"].scheduled) == (1, 1)
    added = [jid.split(":")[1].rpartition(".")[2] for jid in space["tasks"].sync().added]
    assert added == ["report", "sweep"]
    report = client.jobs[client.queue("default").jobs.recurring()[0]]
    assert isinstance(report, pyjobs.RecurringJob)
    assert (report.cron, report.tz) == ("0 5 * * tue", "Europe/Berlin")


@pytest.mark.timeout(300)
def test_its_types_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    path = tmp_path / "example.py"
    head = "import pyjobs\nclient: pyjobs.Client\n"
    text = head + DECLARED + CALLED.format(run="") + "reveal_type(handle)\nresize.later('a', 'b')\n"
    path.write_text(text)

    said, trouble, _ = api.run(
        [
            *("--no-error-summary", "--hide-error-context", "--no-color-output"),
            *("--cache-dir", str(ROOT / ".mypy_cache" / "snippets"), "--config-file", ""),
            *("--disable-error-code", "empty-body", "--python-executable", sys.executable),
            str(path),
        ]
    )

    assert not trouble
    revealed, wrong = said.strip().splitlines()
    assert "Handle[" in revealed
    assert 'Argument 2 to "later"' in wrong
