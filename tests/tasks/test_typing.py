"""What mypy says of calls that are right, and of those that are wrong."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from mypy import api

from tests.packaging.conftest import ROOT

JOBS = """
from __future__ import annotations
from dataclasses import dataclass
from pyjobs import Tasks

tasks = Tasks()

@tasks.task
def resize(path: str, width: int = 100) -> str:
    return path

@tasks.task(retries=4, retry_on=(IOError,), backoff="exponential", keep_result=30)
async def fetch(url: str) -> int:
    return 1

@dataclass
class Mail:
    to: str

    @tasks.task
    def send(self, subject: str) -> bool:
        return True

    @tasks.task
    @staticmethod
    def count(addresses: list[str]) -> int:
        return len(addresses)

async def code() -> None:
    {line}
"""

RIGHT = {
    'reveal_type(resize("a", 1))': "str",
    'reveal_type(resize.later("a"))': "Handle[str]",
    'reveal_type(resize.later("a", width=3).result(wait=5))': "str",
    'reveal_type(await resize.alater("a", 1))': "AsyncHandle[str]",
    'reveal_type(await (await resize.alater("a", 1)).result())': "str",
    'reveal_type(resize.later_many([("a", 1), ("b", 2)])[0])': "Handle[str]",
    'reveal_type(tasks.put([resize.prepare("a")])[0])': "Handle[str]",
    'reveal_type(await fetch("a"))': "int",
    'reveal_type(fetch.later("a").result())': "int",
    'reveal_type(fetch.later_many([("a",)])[0].result())': "int",
    'reveal_type((await fetch.alater_many([("a",)]))[0])': "AsyncHandle[int]",
    'reveal_type(resize.options(delay=60, queue="low").later("b", 80))': "Handle[str]",
    'reveal_type(resize.options(delay=lambda: 3).prepare("b").later().result())': "str",
    'reveal_type(resize.partial("a").later(3).result())': "str",
    'reveal_type(Mail("bob").send.later("hi").result())': "bool",
    'reveal_type(Mail.send(Mail("bob"), "hi"))': "bool",
    'reveal_type(Mail.count.later(["a"]).result())': "int",
    'reveal_type(tasks.send("pkg.jobs.resize", 1, a=2))': "Handle[Any]",
    'reveal_type(resize.handle("jid").status)': "str",
    'reveal_type(resize.prepare("a").then(fetch.step()).later().result())': "int",
    'reveal_type(resize.map(["a"]).then(Mail.count.step()).later().result())': "int",
    'reveal_type(fetch.map(["a"]).later().result())': "list[int]",
    'reveal_type(tasks.parallel([resize.prepare("a")]).later().result())': "list[str]",
    'reveal_type(await (await resize.prepare("a").then(resize.step(3)).alater()).result())': "str",
}

WRONG = {
    'resize.later("a", "wide")': 'incompatible type "str"; expected "int"',
    "resize.later()": "Missing positional argument",
    'resize.later("a", height=3)': 'Unexpected keyword argument "height"',
    'resize("a", "wide")': 'incompatible type "str"; expected "int"',
    'await resize.alater(b"a")': 'incompatible type "bytes"; expected "str"',
    'resize.prepare("a", "wide")': 'incompatible type "str"; expected "int"',
    'resize.later_many([("a", "wide")])': 'incompatible type "tuple[str, str]"',
    'resize.later_many([("a", 1, 2)])': "incompatible type",
    "fetch.later_many([(1,)])": "incompatible type",
    "fetch.later(3)": 'incompatible type "int"; expected "str"',
    "resize.options(priorty=3)": 'Unexpected keyword argument "priorty"',
    'resize.options(delay="soon")': "incompatible type",
    "tasks.task(retries=None)": "No overload variant",
    'number: int = resize.later("a").result()': "Incompatible types in assignment",
    'Mail("bob").send.later(3)': 'incompatible type "int"; expected "str"',
    'Mail.count.later("a")': "incompatible type",
    "Tasks(queue=3)": "incompatible type",
    'fetch.prepare("a").then(resize.step())': 'expected "Step[int, str]"',
    'resize.prepare("a").then(resize.step("wide"))': 'incompatible type "str"; expected "int"',
    "resize.map([1])": "incompatible type",
}


def said(line: str, folder: Path) -> str:
    """Return what mypy says of a module with this line in it."""
    path = folder / "snippet.py"
    path.write_text(JOBS.replace("{line}", line))
    answer, trouble, _ = api.run(
        [
            *("--strict", "--no-error-summary", "--hide-error-context", "--no-color-output"),
            *("--cache-dir", str(ROOT / ".mypy_cache" / "snippets"), "--config-file", ""),
            *("--python-executable", sys.executable, str(path)),
        ]
    )
    assert not trouble
    return answer


@pytest.mark.timeout(300)
def test_what_is_right_has_the_type_of_the_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYPYPATH", str(ROOT))

    answer = said("\n    ".join(RIGHT), tmp_path)

    assert "error" not in answer
    revealed = re.findall(r'Revealed type is "(.*)"', answer)
    plain = [re.sub(r"\b(builtins|typing)\.", "", each) for each in revealed]
    assert len(plain) == len(RIGHT)
    for (line, expected), found in zip(RIGHT.items(), plain, strict=True):
        assert found in {expected, f"pyjobs.tasks.handles.{expected}"}, line


@pytest.mark.timeout(300)
def test_what_is_wrong_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    first = JOBS.splitlines().index("    {line}") + 1

    answer = said("\n    ".join(WRONG), tmp_path)

    for number, (line, why) in enumerate(WRONG.items(), first):
        found = [each for each in answer.splitlines() if f"snippet.py:{number}: error" in each]
        assert any(why in each for each in found), f"{line}: {found}"
