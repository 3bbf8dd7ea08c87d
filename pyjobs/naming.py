"""Job classes by name: the import path that a producer sends, and the code that a worker runs.

A path is "package.module.Klass", or "package.module.Outer.Inner" for a class inside a class, or
"package.module.function". A job class is a class with at least one public static method, its own or
inherited: what a worker runs.

A path comes out of a queue, so it is trusted with little: nothing is run but the import of the
module that the path names, and nothing found but what this module itself defines.
"""

import importlib
import importlib.util
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from pyjobs.errors import ClassNotFound, NotAJobClass
from pyjobs.hooks import Hooks

_MAX_SHOWN = 100


def _same(result: Any) -> Any:
    return result


class Runnable(NamedTuple):
    """What runs a job, and the class or function whose attributes say how.

    `pack` turns what the function returns into what is kept of it; raises EncodingError. `hooks`
    are called around it.
    """

    function: Callable[..., Any]
    owner: Any
    pack: Callable[[Any], Any] = _same
    hooks: Sequence[Hooks] = ()


class Runner(ABC):
    """What a module may hold in the place of a job class: it says itself what runs its jobs.

    It has the `__module__` and `__qualname__` by which it is found.
    """

    __module__: str
    __qualname__: str

    @abstractmethod
    def runnable(self) -> Runnable:
        """Return what runs its jobs."""


def class_path(klass: type | str | Callable[..., object] | Runner) -> str:
    """Return the import path of a class, function or task; a path is checked and returned.

    A path is checked for its shape alone, as the class may exist only where the workers are.

    Raises NotAJobClass for what a worker could not reach: a lambda, a method, anything defined
    inside a function, private names, the standard library, something else than a class or function
    or path, and what is defined in `__main__` (which is another module in the worker: move it to a
    module of its own, or give the path as text).
    """
    if isinstance(klass, str):
        _parts_of(klass)
        return str(klass)
    if not isinstance(klass, (type, FunctionType, Runner)):
        raise NotAJobClass(f"klass: a class or its import path, not a {type(klass).__name__}")
    module, name = klass.__module__, klass.__qualname__
    path = f"{module}.{name}"
    if "<lambda>" in name:
        raise NotAJobClass(f"klass: {path} is a lambda, which has no name to import it by")
    if "<locals>" in name:
        raise NotAJobClass(
            f"klass: {path} is defined inside a function, where no worker can import it; "
            "move it to the top level of its module"
        )
    if isinstance(klass, FunctionType) and "." in name:
        raise NotAJobClass(f"klass: {path} is a method; pass its class")
    if module == "__main__":
        raise NotAJobClass(
            f"klass: {name} is defined in __main__, which a worker cannot import; move it to a "
            f"module of its own, or pass the path by which workers find it, as in 'jobs.{name}'"
        )
    _parts_of(path)
    return path


def resolve(path: str) -> type:
    """Import the module that `path` names and return the job class in it.

    Raises NotAJobClass, before anything is imported, when `path` is not dotted public names or
    names the standard library; and afterwards when it leads to something else than a job class, or
    to one that its module has only imported. Raises ClassNotFound when there is no such module or
    name, or when the import fails; the import's own error is its `__cause__`.
    """
    found = _find(path)
    if not isinstance(found, type):
        kind = "function" if isinstance(found, FunctionType) else type(found).__name__
        raise NotAJobClass(f"{path!r}: {found.__qualname__!r} is a {kind}, not a class")
    if not _public_static_methods(found):
        raise NotAJobClass(f"{path!r}: the class has no public static method for a worker to run")
    return found


def resolve_callable(path: str, queue: str, allow: Sequence[str] = ()) -> Runnable:
    """Return what runs a job of this path in this queue.

    Of a class that is its public static method named after the queue, else `process`; or it is a
    function. `allow` are the beginnings of paths that may be imported, whole names; none: all.
    Raises as `resolve`.
    """
    if allow and not any(path == prefix or path.startswith(f"{prefix}.") for prefix in allow):
        raise NotAJobClass(f"{path!r} is not allowed: this worker runs {', '.join(allow)}")
    found = _find(path)
    if isinstance(found, Runner):
        return found.runnable()
    if not isinstance(found, type):
        return Runnable(found, found)
    methods = _public_static_methods(found)
    for name in (queue, "process"):
        if name in methods:
            return Runnable(getattr(found, name), found)
    raise NotAJobClass(
        f"{path!r}: the class has no public static method {queue!r} and no 'process'"
    )


def _find(path: str) -> Any:
    """Import the module that a path names, and return the class or function of it."""
    parts = _parts_of(path)
    module, depth = _import_module(path, parts)
    if not isinstance(module, ModuleType):
        kind = type(module).__name__
        raise NotAJobClass(f"{path!r}: {'.'.join(parts[:depth])!r} is a {kind}, not a module")
    found: Any = module
    for index in range(depth, len(parts)):
        names = vars(found)
        if parts[index] not in names:
            raise ClassNotFound(f"{path!r}: there is no {parts[index]!r} in {_named(found)}")
        found = names[parts[index]]
        static: Any = found.__func__ if type(found) is staticmethod else None
        if isinstance(static, Runner):
            found = static
        kinds: tuple[type, ...] = (type,)
        if index == len(parts) - 1:
            kinds = (type, Runner, FunctionType) if index == depth else (type, Runner)
        _refuse_unless_defined_there(path, found, module, ".".join(parts[depth : index + 1]), kinds)
    return found


@lru_cache(maxsize=1024)
def _parts_of(path: str) -> tuple[str, ...]:
    """Return the names in a path; raise NotAJobClass if it cannot be one, without importing."""
    shown = repr(path) if len(path) <= _MAX_SHOWN else f"{path[:_MAX_SHOWN]!r}..."
    parts = path.split(".")
    if len(parts) == 1 or not all(part.isidentifier() for part in parts):
        raise NotAJobClass(f"klass: {shown} is not an import path such as 'package.module.Klass'")
    if parts[0] in sys.stdlib_module_names:
        raise NotAJobClass(f"klass: {shown} belongs to the standard library, which has no jobs")
    # __main__ is always imported already, and private names elsewhere lead behind the scenes.
    for part in parts[1:] if parts[0] == "__main__" else parts:
        if part.startswith("_"):
            raise NotAJobClass(f"klass: {shown} has a private name in it, {part[:_MAX_SHOWN]!r}")
    return tuple(parts)


def _import_module(path: str, parts: tuple[str, ...]) -> tuple[object, int]:
    """Import the longest module that `path` names, and return it with its number of parts.

    The last part is never a module: it is to name a class. A program may have put anything in the
    place of a module, so what is returned need not be one.
    """
    name = parts[0]
    try:
        module: object = importlib.import_module(name)
        depth = 1
        while depth < len(parts) - 1 and _is_package(module):
            name = f"{name}.{parts[depth]}"
            if importlib.util.find_spec(name) is None:
                break
            module = importlib.import_module(name)
            depth += 1
    except (Exception, SystemExit) as error:
        # SystemExit: a script without a guard around its main part must not end the worker.
        why = f"{type(error).__name__}: {error}"
        raise ClassNotFound(f"{path!r}: importing {name!r} failed: {why}") from error
    return module, depth


def _is_package(module: object) -> bool:
    return isinstance(module, ModuleType) and "__path__" in vars(module)


def _refuse_unless_defined_there(
    path: str, found: object, module: ModuleType, name: str, kinds: tuple[type, ...]
) -> None:
    """Refuse what is not of these kinds, or is defined elsewhere."""
    if not isinstance(found, kinds):
        raise NotAJobClass(f"{path!r}: {name!r} is a {type(found).__name__}, not a class")
    if (found.__module__, getattr(found, "__qualname__", "")) != (module.__name__, name):
        raise NotAJobClass(f"{path!r} is {_named(found)} under another name; use that one")


def _public_static_methods(klass: type) -> set[str]:
    # What Python's own types bring along, such as str.maketrans, makes no job of their subclasses.
    members: dict[str, object] = {}
    for family in reversed(klass.__mro__):
        if family.__module__ != "builtins":
            members.update(vars(family))
    return {
        name
        for name, member in members.items()
        if isinstance(member, staticmethod) and not name.startswith("_")
    }


def _named(found: Any) -> str:
    if isinstance(found, ModuleType):
        return f"module {found.__name__!r}"
    kind = "class" if isinstance(found, type) else "function"
    return f"{kind} '{found.__module__}.{found.__qualname__}'"
