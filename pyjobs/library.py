"""The Lua engine as text for the server: `lua/` joined, named by its digest, with a way back.

Each file is wrapped unchanged behind a lazy, memoising `require`, so that line n of the joined text
is line m of one file and errors can be mapped back. The same modules are sent in two ways: as one
Functions library, and, where functions are missing, as three scripts that differ in their flags.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_OPENING = """\
local modules, loaded = {}, {}
local function require(name)
  local module = loaded[name]
  if module == nil then
    module = modules[name]()
    loaded[name] = module
  end
  return module
end
"""

# While a library loads, the server offers nothing but register_function.
_REGISTER = """\
local contents = require("main")
for position = 1, #contents do
  local entry = contents[position]
  local flags = { "allow-oom" }
  if entry.reads then
    flags = { "no-writes" }
  elseif entry.puts then
    flags = {}
  end
  local module = "commands." .. entry.name
  redis.register_function({
    function_name = "LIBRARY_" .. entry.name,
    flags = flags,
    callback = function(keys, args)
      return require("engine").call(require(module), keys, args)
    end,
  })
end
"""

_DISPATCH = """\
local command = require("commands." .. table.remove(ARGV, 1))
return require("engine").call(command, KEYS, ARGV)
"""

SCRIPT_FLAGS = {
    "puts": "#!lua\n",
    "drains": "#!lua flags=allow-oom\n",
    "reads": "#!lua flags=no-writes\n",
}

_ERROR_LINE = re.compile(r"user_(?:function|script):\s*(\d+)")


@dataclass(frozen=True)
class Library:
    """The joined engine.

    `name` is `pyjobs_<digest>`; `code` is what FUNCTION LOAD takes; `scripts` maps `puts`, `drains`
    and `reads` to the text for EVALSHA, `hashes` to what EVALSHA calls them.
    """

    name: str
    code: str
    scripts: dict[str, str]
    hashes: dict[str, str]
    starts: tuple[tuple[int, str], ...]

    def function(self, command: str) -> str:
        """Name of the function that runs a command."""
        return f"{self.name}_{command}"

    def place(self, message: str) -> str:
        """`lua/<file>:<line>` of a server error, or an empty text when it names no line."""
        found = _ERROR_LINE.search(message)
        if not found:
            return ""
        line = int(found.group(1))
        for start, file in reversed(self.starts):
            if line >= start:
                return f"lua/{file}:{line - start + 1}"
        return ""


def lua_folder() -> Path:
    """The engine's sources: inside an installed package, else beside it in a checkout."""
    package = Path(__file__).parent
    for folder in (package / "lua", package.parent / "lua"):
        if (folder / "main.lua").is_file():
            return folder
    message = f"the Lua engine is missing: no lua/main.lua in {package} or beside it"
    raise FileNotFoundError(message)


@functools.cache
def library() -> Library:
    """The engine of this version of pyjobs, joined once a process."""
    return join(lua_folder())


def join(folder: Path) -> Library:
    """Joins the modules below `folder` into a library."""
    lines = 1 + _OPENING.count("\n")  # the first line is the shebang
    parts = [_OPENING]
    starts = []
    for path in sorted(folder.rglob("*.lua")):
        file = path.relative_to(folder).as_posix()
        source = path.read_text(encoding="utf-8")
        module = file.removesuffix(".lua").replace("/", ".")
        part = f'modules["{module}"] = function()\n{source.rstrip()}\nend\n'
        starts.append((lines + 2, file))
        lines += part.count("\n")
        parts.append(part)
    body = "".join(parts)
    name = f"pyjobs_{_digest(body + _REGISTER + _DISPATCH)[:8]}"
    scripts = {kind: flags + body + _DISPATCH for kind, flags in SCRIPT_FLAGS.items()}
    return Library(
        name=name,
        code=f"#!lua name={name}\n{body}{_REGISTER.replace('LIBRARY', name)}",
        scripts=scripts,
        hashes={kind: _digest(script) for kind, script in scripts.items()},
        starts=tuple(starts),
    )


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
