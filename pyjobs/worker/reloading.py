"""Code that changes while a worker runs: a job's module is loaded anew when its file has changed.

That module alone, not what it imports, and only while no job of this process runs.
"""

from __future__ import annotations

import importlib
import logging
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from pyjobs.hooks import Hooks

log = logging.getLogger(__name__)

Stamp = tuple[int, int]
"""When a file was changed, in nanoseconds, and its size."""


class Reloading:
    """The modules that jobs of this process have come from, and the state of their files."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._loaded: dict[str, Stamp] = {}
        self._seen: dict[str, Stamp] = {}

    @property
    def hooks(self) -> Hooks:
        """What notes where each job comes from."""
        return Hooks(before=self._note)

    def _note(self, job: Any) -> None:
        path = job.klass_name
        if path in self._known:
            return
        self._known.add(path)
        name = _module_of(path)
        stamp = _stamp(name)
        if stamp is not None:
            self._loaded.setdefault(name, stamp)

    def stale(self) -> bool:
        """Whether a module's file is another than the one that was loaded.

        A file has to look the same twice: until then it may be half written.
        """
        return bool(self._changed())

    def _changed(self) -> dict[str, Stamp]:
        changed = {}
        for name, loaded in list(self._loaded.items()):
            stamp = _stamp(name)
            if stamp is None or stamp == loaded:
                self._seen.pop(name, None)
            elif self._seen.get(name) == stamp:
                changed[name] = stamp
            else:
                self._seen[name] = stamp
        return changed

    def renew(self) -> None:
        """Load what has changed anew; a module that cannot be loaded stays as it was."""
        importlib.invalidate_caches()
        for name, stamp in self._changed().items():
            self._loaded[name] = stamp
            error = _load(sys.modules[name])
            if error is None:
                log.info("%s has changed and was loaded anew", name)
            else:
                why = f"{type(error).__name__}: {error}"
                log.error("%s has changed, but cannot be loaded: %s", name, why)


def _load(module: ModuleType) -> BaseException | None:
    """Load a module anew; returns what its code has raised, which then has had no effect on it."""
    # Bytecode is told from a newer source by whole seconds and its size, which is not enough here.
    cached = getattr(module, "__cached__", None)
    if cached:
        with suppress(OSError):
            Path(cached).unlink()
    before = dict(vars(module))
    try:
        importlib.reload(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever its code does
        vars(module).clear()
        vars(module).update(before)
        return error
    return None


def _module_of(path: str) -> str:
    """Return the name of the module in which the class of this path is, or empty."""
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:end])
        if name in sys.modules:
            return name
    return ""


def _stamp(name: str) -> Stamp | None:
    """Return the state of a module's file; None when there is none."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if not file:
        return None
    try:
        found = Path(file).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
