"""The wheel holds the engine and works where there is no checkout; an editable install is live."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Server
from tests.packaging.conftest import ROOT, run

Install = Callable[[Path], Path]

ONE_JOB = """
import sys, pathlib, pyjobs

url, namespace, environment = sys.argv[1:]
assert pathlib.Path(pyjobs.__file__).is_relative_to(environment), pyjobs.__file__
queue = pyjobs.Client(url, namespace=namespace).queue("x")
jid = queue.put("package.Klass", {"a": 1})
job = queue.pop()
assert (job.jid, job.data, job.klass_name) == (jid, {"a": 1}, "package.Klass"), job
job.complete()
assert queue.pop() is None
"""

# What pip asks for on `pip install --editable`.
EDITABLE_WHEEL = """
import sys, hatchling.build

hatchling.build.build_editable(sys.argv[1])
"""

FAILING_PUT = """
import sys, pyjobs

queue = pyjobs.Client(sys.argv[1], namespace=sys.argv[2]).queue("x")
try:
    queue.put("package.Klass", {})
except pyjobs.PyjobsError as error:
    print(error)
"""


def test_the_wheel_holds_the_package_and_the_engine_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    engine = {name for name in names if name.startswith("pyjobs/lua/")}
    sources = {f"pyjobs/{path.relative_to(ROOT)}" for path in ROOT.glob("lua/**/*.lua")}
    assert engine == sources | {"pyjobs/lua/README.md"}
    assert {"pyjobs/lua/main.lua", "pyjobs/__init__.py", "pyjobs/py.typed"} <= set(names)
    assert {name.split("/")[0] for name in names} == {"pyjobs", "pyjobs-0.1.0.dist-info"}


def test_the_installed_wheel_works_from_an_empty_folder(
    wheel: Path, install: Install, server: Server, namespace: str, tmp_path: Path
) -> None:
    python = install(wheel)
    empty = tmp_path / "empty"
    empty.mkdir()

    run([python, "-c", ONE_JOB, server.url, namespace, python.parents[1]], empty)


def test_an_editable_install_sees_live_edits(
    checkout: Path, install: Install, server: Server, namespace: str, tmp_path: Path
) -> None:
    run([sys.executable, "-c", EDITABLE_WHEEL, tmp_path], checkout)
    python = install(next(tmp_path.glob("*.whl")))
    put = checkout / "lua" / "commands" / "put.lua"
    before = put.read_text()
    put.write_text("edited_live()\n")
    try:
        answer = run([python, "-c", FAILING_PUT, server.url, namespace], tmp_path)
    finally:
        put.write_text(before)

    assert "edited_live" in answer.stdout
    assert not list(tmp_path.glob("environment/lib/python*/site-packages/pyjobs"))
