"""Who may require whom in lua/, and who may name the waiting and the running sets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT

LUA = ROOT / "lua"

MAY_REQUIRE = {
    "checks": {"doors", "rules", "store"},
    "commands": {"doors", "inspection", "members", "rules", "store", "subjects", "walk"},
    "doors": {"doors", "rules", "store"},
    "rules": {"rules"},
    "store": {"rules", "store"},
}

# Reading commands that look into the waiting or the running set.
READERS = {"explain"}

FILES = sorted(path for folder in MAY_REQUIRE for path in (LUA / folder).glob("**/*.lua"))


def code(path: Path) -> str:
    """Return a file without its comments, which all are of one line."""
    return re.sub(r"--.*", "", path.read_text())


def required(path: Path) -> list[str]:
    """Return the modules that a file requires; `folder.` stands for a name made at run time."""
    return re.findall(r"""\brequire\s*\(?\s*["']([\w.]+)["']""", code(path))


def name(path: Path) -> str:
    return str(path.relative_to(LUA))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_module_requires_only_what_its_folder_may(path: Path) -> None:
    allowed = MAY_REQUIRE[path.relative_to(LUA).parts[0]]

    assert [module for module in required(path) if module.split(".")[0] not in allowed] == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_module_requires_files_that_exist(path: Path) -> None:
    missing = [
        module
        for module in required(path)
        if not module.endswith(".")
        and not LUA.joinpath(*module.split(".")).with_suffix(".lua").is_file()
    ]

    assert missing == []


def test_no_modules_require_each_other_in_a_circle() -> None:
    graph = {name(path)[:-4].replace("/", "."): set(required(path)) for path in FILES}
    while free := {module for module, needs in graph.items() if not needs & graph.keys()}:
        graph = {module: needs for module, needs in graph.items() if module not in free}

    assert sorted(graph) == []


@pytest.mark.parametrize("path", sorted((LUA / "rules").glob("**/*.lua")), ids=name)
def test_a_rule_does_not_touch_the_server_or_the_clock_or_dice(path: Path) -> None:
    assert re.findall(r"\b(redis|server|os|math\.random)\b", code(path)) == []


def test_the_waiting_and_the_running_set_are_named_by_doors_only() -> None:
    strangers = [
        name(path)
        for path in LUA.glob("**/*.lua")
        if re.search(r"\bkeys\.(waiting|running)\b", code(path))
        and path.relative_to(LUA).parts[0] not in {"doors", "store"}
        and path not in {LUA / "commands" / f"{reader}.lua" for reader in READERS}
    ]

    assert strangers == []


@pytest.mark.parametrize("path", sorted((LUA / "checks").glob("*.lua")), ids=name)
def test_what_finds_does_not_write(path: Path) -> None:
    source = code(path)
    finds = re.findall(r"^function \w+\.find\(.*?^end$", source, re.DOTALL | re.MULTILINE)
    assert finds
    writing = r'"(Z?ADD|SADD|ZREM|SREM|HSET|HDEL|SET|UNLINK|DEL|INCRBY|P?EXPIRE|PERSIST)"|writes\.'
    assert [found for found in finds if re.search(writing, found)] == []
