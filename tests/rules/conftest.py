"""The rules of `lua/rules/` on a bare Lua 5.1, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lupa.lua51
import pytest

from pyjobs.library import lua_folder


@pytest.fixture(scope="session")
def lua() -> Any:
    """Give a Lua of its own to the run; `lua.table_from` makes tables."""
    runtime = lupa.lua51.LuaRuntime(unpack_returned_tuples=True)
    runtime.globals().package.path = f"{lua_folder()}/?.lua"
    return runtime


@pytest.fixture(scope="session")
def rule(lua: Any) -> Callable[[str], Any]:
    """Return a function that loads a module of `lua/rules/` by its name."""
    return lambda name: lua.globals().require(f"rules.{name}")
