"""Modules with tasks in them, found and imported."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from types import ModuleType

from pyjobs.errors import ClassNotFound, InvalidArgument


def load(name: str) -> None:
    """Import a module and, of a package, all modules below it but private ones."""
    for each in _below(_imported(name)):
        _imported(each)


def discover(package: str, names: Sequence[str]) -> list[str]:
    """Import the modules of these names in a package and below it; returns their paths."""
    if isinstance(names, str):
        raise InvalidArgument("names: must be a list of texts, not one text")
    found = [each for each in _below(_imported(package)) if each.rpartition(".")[2] in names]
    for each in found:
        _imported(each)
    return found


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        why = f"{type(error).__name__}: {error}"
        raise ClassNotFound(f"importing {name!r} failed: {why}") from error


def _below(package: ModuleType) -> Iterator[str]:
    """Give the modules below a package; packages are imported to look into them."""
    for each in pkgutil.iter_modules(getattr(package, "__path__", ()), f"{package.__name__}."):
        if each.name.rpartition(".")[2].startswith("_"):
            continue
        yield each.name
        if each.ispkg:
            yield from _below(_imported(each.name))
