"""The demo's input: source files below a folder."""

from __future__ import annotations

import os
import stat
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyjobs.errors import InvalidArgument

_LANGUAGES = (
    "awk bash c cc clj cpp cs css cxx dart el erl ex exs f90 go h hh hpp hs html java jl js jsx "
    "kt lisp lua m ml mjs nim php pl pm py pyi pyx r rb rs scala scm sh sql swift tcl ts tsx "
    "vue zig zsh"
)
SUFFIXES = frozenset(f".{name}" for name in _LANGUAGES.split())

SKIPPED = frozenset({"__pycache__", "dist-packages", "node_modules", "site-packages"})
"""Folders of what is installed or made; hidden folders are skipped as well."""

MOST = 20_000
"""Files that the demo takes; the report names each of them in its data."""


@dataclass(frozen=True)
class Source:
    """A file: its path, and its size in bytes as far as it can be known."""

    path: str
    size: int


@dataclass(frozen=True)
class Sources:
    """The files below a folder, and the folders that could not be opened."""

    folder: Path
    files: list[Source]
    closed: list[str]


def find(folder: Path | None) -> Sources:
    """Find the source files below a folder, by default those of Python's own standard library.

    Raises:
        InvalidArgument: it is no folder, cannot be opened, or has no source files or too many.
    """
    folder = Path(sysconfig.get_path("stdlib")) if folder is None else folder.absolute()
    closed: list[str] = []
    try:
        with os.scandir(folder):
            files = sorted(_walk(folder, closed), key=lambda source: source.path)
    except OSError as error:
        raise InvalidArgument(f"folder: {folder} cannot be opened: {error.strerror}") from error
    if not files:
        raise InvalidArgument(
            f"folder: there are no source files (.py, .c, .js, ...) below {folder}"
        )
    if len(files) > MOST:
        raise InvalidArgument(
            f"folder: there are {len(files):,} source files below {folder}, and the demo takes "
            f"{MOST:,} at most; name a smaller folder"
        )
    return Sources(folder, files, closed)


def _walk(folder: Path, closed: list[str]) -> Iterator[Source]:
    def note(error: OSError) -> None:
        closed.append(str(error.filename))

    for parent, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if name not in SKIPPED and name[0] != "."]
        for name in names:
            path = Path(parent, name)
            if path.suffix.lower() in SUFFIXES:
                size = _size(path)
                if size is not None:
                    yield Source(str(path), size)


def _size(path: Path) -> int | None:
    """Return a file's size, 0 if it cannot be known; None for a pipe or a device."""
    try:
        found = path.stat()
    except OSError:
        return 0  # such as a broken link: it is a source file, an unreadable one
    return found.st_size if stat.S_ISREG(found.st_mode) else None
