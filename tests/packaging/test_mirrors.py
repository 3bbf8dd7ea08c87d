"""What stands in Lua and again in Python says the same."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args, get_type_hints

import lupa.lua51

from pyjobs import checking, items, locks, options, plans, record, waiting
from pyjobs.errors import WORDS
from pyjobs.worker import reporting

ROOT = Path(__file__).parents[2]
LUA = ROOT / "lua"


def lua_module(name: str) -> Any:
    runtime = lupa.lua51.LuaRuntime()
    runtime.execute(f'package.path = "{LUA}/?.lua"')
    return runtime.eval(f'require("{name}")')


def test_the_options_of_a_put_are_those_of_the_engine() -> None:
    engine = set(lua_module("rules.options")) - {"nonce", "hold"}
    assert engine == set(get_type_hints(options.JobOptions)) - {"jid"}


def test_the_words_of_an_option_are_those_of_the_engine() -> None:
    rules = lua_module("rules.options")
    hints = get_type_hints(options.JobOptions)
    for name in (
        *("missing", "parent_failure", "if_exists"),
        *("unique_until", "if_duplicate", "debounce_mode"),
    ):
        # `repeated` is how the client itself says that a jid was made for the call.
        assert set(rules[name].words) - {"repeated"} == set(get_args(hints[name]))


def test_slices_are_as_large_as_the_engine_takes_them() -> None:
    limits = lua_module("rules.limits")
    assert (limits.JOBS, limits.BYTES) == (plans.SLICE_JOBS, plans.SLICE_BYTES)
    assert limits.THROTTLES == plans.SLICE_LIMITS
    assert limits.TAKEN == items.TAKEN


def test_slices_of_a_check_are_as_large_as_the_engine_takes_them() -> None:
    assert lua_module("rules.limits").CHECKED == checking.SLICE


def test_a_report_is_as_long_as_the_engine_takes_it() -> None:
    assert lua_module("rules.limits").REPORT == reporting.LIMIT


def test_a_wait_looks_again_as_often_as_the_engine_says() -> None:
    assert lua_module("rules.limits").SLEEP == waiting.SLEEP * 1000


def test_a_rate_is_waited_for_as_long_as_the_engine_takes_it() -> None:
    assert lua_module("rules.limits").CENTURY == locks.CENTURY


def test_flags_have_the_engine_s_bits() -> None:
    engine = dict(lua_module("rules.states").flags)
    known = {name: getattr(record, name) for name in engine if hasattr(record, name)}
    assert "AWAITED" in known
    assert known == {name: engine[name] for name in known}


def test_states_and_happenings_have_the_engine_s_numbers() -> None:
    assert record.STATES == tuple(lua_module("rules.states").name.values())
    assert record.HAPPENINGS == tuple(lua_module("rules.events").name.values())


def test_the_header_has_the_engine_s_layout() -> None:
    source = (LUA / "store" / "records.lua").read_text()
    layout = re.search(r'LAYOUT = ">([^"]+)"', source)
    assert layout
    sizes = {"B": 1, "H": 2}
    # The engine has the seven bytes of the priority as two numbers.
    fields = re.findall(r"I(\d)|([BH])", layout.group(1).replace("I4I3I6", "I7I6"))
    expected = [int(digits) if digits else sizes[letter] for digits, letter in fields]
    python = record._HEADER.format.lstrip(">")
    widths = [struct.calcsize(">" + field) for field in re.findall(r"\d+s|[A-Z]", python)]
    assert expected == widths


def test_the_engine_refuses_with_words_that_the_client_knows() -> None:
    used = set()
    for path in LUA.rglob("*.lua"):
        used |= set(re.findall(r'refuse\(\s*"([A-Z]+)"', path.read_text()))
    legend = (LUA / "README.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z]+)` \|", legend, re.MULTILINE))
    assert used == set(WORDS) == documented


def test_every_key_is_in_the_legend() -> None:
    names = set(re.findall(r'step\.root \.\. "([a-z]+)', (LUA / "store" / "keys.lua").read_text()))
    legend = (LUA / "README.md").read_text().partition("## Keys")[2].partition("## The record")[0]
    assert names
    assert set() == {name for name in names if f"`{name}" not in legend}


def test_the_async_surface_is_the_sync_one() -> None:
    check = [sys.executable, str(ROOT / ".ci" / "async-surface"), "--check"]
    run = subprocess.run(check, capture_output=True, text=True, check=False)
    assert ("", 0) == (run.stdout + run.stderr, run.returncode)


def test_the_table_of_commands_is_that_of_their_headers() -> None:
    check = [sys.executable, str(ROOT / ".ci" / "command-table"), "--check"]
    run = subprocess.run(check, capture_output=True, text=True, check=False)
    assert ("", 0) == (run.stdout + run.stderr, run.returncode)


def kinds_checked() -> dict[str, Any]:
    """Return the kinds of keys that lua/checks/ accounts for."""
    topics = [lua_module(f"checks.{path.stem}") for path in (LUA / "checks").glob("*.lua")]
    return {kind: about for topic in topics for kind, about in topic["keys"].items()}


def test_every_kind_of_key_is_accounted_for_by_the_checks() -> None:
    source = (LUA / "store" / "keys.lua").read_text()
    named = set(re.findall(r'step\.root \.\. "([a-z-]+)|of_queue\("([a-z-]+)"', source))
    names = {one or other for one, other in named}
    assert len(names) > 20
    assert names - kinds_checked().keys() == set()


def invariants() -> list[Any]:
    """Return all invariants of lua/checks/."""
    topics = [lua_module(f"checks.{path.stem}") for path in (LUA / "checks").glob("*.lua")]
    return [invariant for topic in topics for invariant in topic.invariants.values()]


def test_every_file_of_checks_is_in_the_table_of_contents() -> None:
    contents = re.search(r"TOPICS = \{(.*?)\}", (LUA / "invariants.lua").read_text(), re.DOTALL)
    assert contents
    topics = re.findall(r'"(\w+)"', contents.group(1))
    assert topics == sorted(path.stem for path in (LUA / "checks").glob("*.lua"))


def test_every_invariant_is_a_numbered_sentence_in_the_legend() -> None:
    chapter = (LUA / "README.md").read_text().partition("## Invariants")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| `([\w-]+)` \| .*? \| (.*?) \|$", chapter, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, len(rows) + 1))
    written = {name: mends not in {"", "no"} for _, name, mends in rows}
    coded = {invariant.name: invariant.mend is not None for invariant in invariants()}
    assert written == {**coded, "unreadable": False}


def test_an_invariant_is_about_keys_that_are_accounted_for() -> None:
    known = kinds_checked()
    for invariant in invariants():
        about = [*(invariant["keys"] or {}).values()]
        assert set(about) <= {*known, "*", "unknown"}
        for kind in (invariant.members or {}).values():
            assert known[kind].type in {"zset", "set", "hash"}
