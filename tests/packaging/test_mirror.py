"""One command, one name: in lua/main.lua, lua/commands/, pyjobs/calls/ and tests/engine/."""

from __future__ import annotations

import ast
from typing import Any

import lupa.lua51
import pytest

from tests.packaging.conftest import ROOT
from tests.packaging.test_layers import READERS


def registered() -> dict[str, dict[str, Any]]:
    """Return the commands in lua/main.lua with their flags."""
    entries = lupa.lua51.LuaRuntime().execute((ROOT / "lua" / "main.lua").read_text())
    return {entry["name"]: dict(entry) for entry in entries.values()}


def called() -> set[str]:
    """Return the functions below pyjobs/calls/ that make a call."""
    return {
        node.name
        for path in (ROOT / "pyjobs" / "calls").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and ast.unparse(node.returns).startswith("Call[")
    }


def implemented() -> set[str]:
    return {path.stem for path in (ROOT / "lua" / "commands").glob("*.lua")}


def covered() -> set[str]:
    return {path.stem.removeprefix("test_") for path in (ROOT / "tests/engine").glob("test_*.py")}


@pytest.mark.parametrize("names", [implemented, called, covered])
def test_each_registered_command_is_implemented_called_and_tested(names: Any) -> None:
    assert sorted(names()) == sorted(registered())


def test_only_reading_commands_may_name_the_sets_of_doors() -> None:
    assert {reader for reader in READERS if not registered()[reader].get("reads")} == set()


def test_no_command_that_reads_also_puts() -> None:
    flags = registered().values()

    assert [entry["name"] for entry in flags if entry.get("reads") and entry.get("puts")] == []
