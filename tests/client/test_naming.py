"""Job classes go by their import path, and a path leads to a job class or nowhere."""

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyjobs.errors import ClassNotFound, NotAJobClass, PyjobsError
from pyjobs.naming import class_path, resolve, resolve_callable

Write = Callable[[str, str], None]


class Gnomes:
    @staticmethod
    def collect(job: object) -> None:
        """Collect underpants."""

    def method(self) -> None:
        """Belong to an instance."""

    class Phase:
        @staticmethod
        def profit(job: object) -> None:
            """Profit."""


class _Hidden:
    @staticmethod
    def run(job: object) -> None:
        """Stay unseen."""


def top_level(job: object) -> None:
    """Be a function that can be imported."""


def make_local() -> tuple[type, Callable[..., object]]:
    class Local:
        @staticmethod
        def run(job: object) -> None:
            """Be out of reach."""

    def inner() -> None:
        """Be out of reach."""

    return Local, inner


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a module, given its path below an import folder and its source."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write_module(path: str, source: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source), encoding="utf-8")
        importlib.invalidate_caches()

    yield write_module
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def jobs(write: Write) -> None:
    """Write the package `shop`, as an application would."""
    write("shop/__init__.py", "from shop.jobs import Sweep as Sweep")
    write(
        "shop/jobs.py",
        """
        import os
        import subprocess
        from collections import OrderedDict
        from subprocess import Popen
        from shop.other import Foreign

        class Base:
            @staticmethod
            def process(job): ...

        class Sweep(Base):
            class Room:
                @staticmethod
                def sweep(job): ...
            class _Attic:
                @staticmethod
                def sweep(job): ...
            default = Room

        Alias = Sweep
        instance = Sweep()

        class Plain:
            def process(self, job): ...
            @classmethod
            def build(cls): ...
            @property
            def name(self): raise RuntimeError("run")

        class OnlyPrivate:
            @staticmethod
            def _process(job): ...

        class Disabled(Base):
            process = None

        class Text(str): ...

        class TextJob(str):
            @staticmethod
            def process(job): ...

        class Loud(type):
            def __getattr__(cls, name): raise RuntimeError("run")

        class Quiet(metaclass=Loud):
            @staticmethod
            def process(job): ...

        def function(job): ...

        async def coroutine(job): ...

        def __getattr__(name):
            # Python itself asks every module for names such as __path__.
            raise AttributeError(name) if name.startswith("__") else RuntimeError("run")
        """,
    )
    write("shop/other.py", "class Foreign:\n    @staticmethod\n    def process(job): ...\n")


def test_a_class_is_named_by_its_import_path() -> None:
    """Module and qualified name, with dots."""
    assert class_path(Gnomes) == f"{__name__}.Gnomes"


def test_a_nested_class_is_named_through_its_outer_one() -> None:
    """What is reachable from the module's top level has a path."""
    assert class_path(Gnomes.Phase) == f"{__name__}.Gnomes.Phase"


def test_a_top_level_function_has_a_path() -> None:
    """A function is named like a class."""
    assert class_path(top_level) == f"{__name__}.top_level"


@pytest.mark.parametrize(
    "path", ["shop.Sweep", "shop.jobs.Sweep", "shop.jobs.Sweep.Room", "__main__.Sweep", "a.Größe"]
)
def test_a_path_is_passed_through(path: str) -> None:
    """A producer need not have the class that it names."""
    assert class_path(path) == path


def test_a_path_of_a_str_subclass_comes_back_as_str() -> None:
    """What is sent is plain text."""

    class Path(str):
        __slots__ = ()

    assert type(class_path(Path("shop.Sweep"))) is str


MALFORMED = [
    "",
    ".",
    "..",
    "Sweep",
    ".Sweep",
    "shop.",
    "shop..Sweep",
    ".shop.Sweep",
    "..shop.Sweep",
    "shop.jobs:Sweep",
    "shop/jobs.Sweep",
    "../shop.Sweep",
    "shop.jobs.Sweep()",
    "shop.jobs.Sweep ",
    " shop.jobs.Sweep",
    "shop.jobs.Sweep\n",
    "shop.\njobs",
    "shop.jobs\0.Sweep",
    "shop.1jobs",
    "shop.jobs.<locals>.Sweep",
    "shop.jobs.<lambda>",
    "shop.sweep-room",
    "shop.\ud800",
    "__import__('os').system",
    "lambda: 0",
    "x" * 100_000,
    "x." * 100_000,
]
PRIVATE = [
    "_shop.Sweep",
    "shop._jobs.Sweep",
    "shop.jobs._Sweep",
    "shop.jobs.Sweep._Attic",
    "shop.jobs.Sweep.__class__",
    "shop.jobs.Sweep.__subclasses__",
    "shop.jobs.__builtins__.eval",
    "shop.__main__.Sweep",
    "__main__._Sweep",
    "__main__.__builtins__",
    "__main__.__loader__.load_module",
]
STANDARD = [
    "os.system",
    "os.path.join",
    "builtins.eval",
    "builtins.str",
    "builtins.object",
    "subprocess.Popen",
    "subprocess.os.system",
    "this.Zen",
    "antigravity.fly",
    "importlib.import_module",
    "__future__.annotations",
    "_io.FileIO",
]


@pytest.mark.parametrize(
    "path", [*MALFORMED, *PRIVATE, *STANDARD], ids=lambda path: repr(path)[:40]
)
@pytest.mark.parametrize("use", [class_path, resolve])
def test_hostile_names_are_refused_before_anything_is_imported(
    use: Callable[[str], object], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Malformed, private and standard-library names reach no import, and no long message."""

    def refuse(*names: object) -> None:
        raise AssertionError(f"imported {names}")

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(NotAJobClass, match=r"^klass: ") as caught:
        use(path)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("klass", "message"),
    [
        (make_local()[0], r"Local is defined inside a function.*move it to the top level"),
        (make_local()[1], r"inner is defined inside a function"),
        (lambda: None, r"is a lambda"),
        (Gnomes.collect, r"Gnomes\.collect is a method; pass its class"),
        (Gnomes.method, r"Gnomes\.method is a method; pass its class"),
        (Gnomes().method, r"not a method"),
        (Gnomes(), r"a class or its import path, not a Gnomes"),
        (_Hidden, r"private name in it, '_Hidden'"),
        (Popen, r"'subprocess\.Popen' belongs to the standard library"),
        (str, r"'builtins\.str' belongs to the standard library"),
        (len, r"not a builtin_function_or_method"),
        (sys, r"not a module"),
        (None, r"not a NoneType"),
        (7, r"not a int"),
        (b"shop.Sweep", r"not a bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_worker_could_not_reach_is_refused(klass: Any, message: str) -> None:
    """The message names the thing and, where there is one, the way out."""
    with pytest.raises(NotAJobClass, match=message):
        class_path(klass)


def test_a_class_of_the_main_script_is_refused_with_the_way_out() -> None:
    """A worker's __main__ is another module; the name by which it would import it is welcome."""
    klass = type("Sweep", (), {"__module__": "__main__"})
    with pytest.raises(NotAJobClass, match=r"move it to a module of its own.*'jobs\.Sweep'"):
        class_path(klass)


@pytest.mark.parametrize(
    "path",
    [
        "shop.jobs.Base",
        "shop.jobs.Sweep",
        "shop.jobs.Sweep.Room",
        "shop.jobs.TextJob",
        "shop.jobs.Quiet",
        "shop.other.Foreign",
    ],
)
def test_a_job_class_is_found_by_its_path(jobs: None, path: str) -> None:
    """A static method of its own or an inherited one makes a job class; the path leads back."""
    klass = resolve(path)
    assert isinstance(klass, type)
    assert class_path(klass) == path


def test_a_class_is_the_same_at_each_resolve(jobs: None) -> None:
    """The module is imported once."""
    assert resolve("shop.jobs.Sweep") is resolve("shop.jobs.Sweep")


def test_a_class_of_the_running_script_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that is its own worker can name its classes."""
    klass = type("Sweep", (), {"__module__": "__main__", "run": staticmethod(top_level)})
    monkeypatch.setattr(sys.modules["__main__"], "Sweep", klass, raising=False)
    assert resolve("__main__.Sweep") is klass


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("shop.jobs.Plain", "no public static method"),
        ("shop.jobs.OnlyPrivate", "no public static method"),
        ("shop.jobs.Disabled", "no public static method"),
        ("shop.jobs.Text", "no public static method"),
        ("shop.jobs.function", "'function' is a function, not a class"),
        ("shop.jobs.coroutine", "'coroutine' is a function, not a class"),
        ("shop.jobs.instance", "'instance' is a Sweep, not a class"),
        ("shop.jobs.instance.process", "'instance' is a Sweep, not a class"),
        ("shop.jobs.Sweep.Room.sweep", "'Sweep.Room.sweep' is a staticmethod, not a class"),
        ("shop.jobs.Plain.name", "'Plain.name' is a property, not a class"),
        ("shop.jobs.os", "'os' is a module, not a class"),
        ("shop.jobs.os.system", "'os' is a module, not a class"),
        ("shop.jobs.subprocess.Popen", "'subprocess' is a module, not a class"),
        ("shop.jobs.Popen", "is class 'subprocess.Popen' under another name"),
        ("shop.jobs.OrderedDict", "is class 'collections.OrderedDict' under another name"),
        ("shop.jobs.Foreign", "is class 'shop.other.Foreign' under another name; use that one"),
        ("shop.jobs.Alias", "is class 'shop.jobs.Sweep' under another name"),
        ("shop.jobs.Sweep.default", "is class 'shop.jobs.Sweep.Room' under another name"),
        ("shop.Sweep", "is class 'shop.jobs.Sweep' under another name"),
        ("shop.jobs", "'jobs' is a module, not a class"),
    ],
)
def test_what_is_no_job_class_of_its_module_is_refused(jobs: None, path: str, message: str) -> None:
    """Functions, instances, modules, imported classes and plain classes are not run."""
    with pytest.raises(NotAJobClass) as caught:
        resolve(path)
    assert message in str(caught.value)
    assert repr(path) in str(caught.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("shop.jobs.Missing", "there is no 'Missing' in module 'shop.jobs'"),
        ("shop.jobs.Sweep.Missing", "there is no 'Missing' in class 'shop.jobs.Sweep'"),
        ("shop.jobs.Sweep.process", "there is no 'process' in class 'shop.jobs.Sweep'"),
        ("shop.missing.Sweep", "there is no 'missing' in module 'shop'"),
        ("shop.other", "there is no 'other' in module 'shop'"),
    ],
)
def test_a_missing_name_is_said_with_its_place(
    write: Write, jobs: None, path: str, message: str
) -> None:
    """The message says how far the path led; a module's own __getattr__ is not run."""
    write("shop/__init__.py", "")
    with pytest.raises(ClassNotFound) as caught:
        resolve(path)
    assert message in str(caught.value)


def test_the_last_name_is_never_imported(write: Write, jobs: None) -> None:
    """A path's last name is to be a class, so a module of that name stays asleep."""
    write("shop/asleep.py", "raise AssertionError('imported')")
    with pytest.raises(ClassNotFound):
        resolve("shop.asleep")


def test_a_missing_module_chains_the_import_error() -> None:
    """The cause is what Python said."""
    with pytest.raises(ClassNotFound, match=r"importing 'no_such_shop' failed") as caught:
        resolve("no_such_shop.jobs.Sweep")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import no_such_dependency", ModuleNotFoundError),
        ("from shop import no_such_name", ImportError),
        ("1 / 0", ZeroDivisionError),
        ("def broken(:", SyntaxError),
        ("import sys; sys.exit(3)", SystemExit),
    ],
)
def test_a_module_that_cannot_be_imported_says_why(
    write: Write, jobs: None, source: str, cause: type[BaseException]
) -> None:
    """Whatever a module raises is chained, and ends no worker."""
    write("shop/broken.py", source)
    with pytest.raises(ClassNotFound, match=r"'shop\.broken\.Sweep': importing") as caught:
        resolve("shop.broken.Sweep")
    assert isinstance(caught.value.__cause__, cause)


def test_an_interrupt_is_not_swallowed(write: Write, jobs: None) -> None:
    """Ctrl-C during an import stays what it is."""
    write("shop/interrupted.py", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        resolve("shop.interrupted.Sweep")


def test_an_object_in_the_place_of_a_module_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program puts in place of a module can run code at every look, so it gets none."""

    class Lazy:
        __spec__ = None

        def __getattr__(self, name: str) -> type:
            raise AssertionError(f"looked at {name}")

    monkeypatch.setitem(sys.modules, "lazy_shop", Lazy())
    with pytest.raises(NotAJobClass, match="'lazy_shop' is a Lazy, not a module"):
        resolve("lazy_shop.Sweep")


@given(st.text(alphabet="abcXYZ._0 \n:<>é", max_size=30))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    """No text raises anything but our own errors, and what passes has the shape of a path."""
    try:
        assert class_path(text) == text
    except NotAJobClass:
        return
    assert all(part.isidentifier() and not part.startswith("_") for part in text.split("."))
    with pytest.raises(PyjobsError):
        resolve(text)


@pytest.fixture
def code(write: Write) -> None:
    """Write a module with everything that can run a job."""
    write(
        "shop/code.py",
        """
        from os.path import join
        from shop.tools import tool

        class Sweep:
            @staticmethod
            def process(job): return "process"
            @staticmethod
            def kitchen(job): return "kitchen"
            @staticmethod
            def _cellar(job): return "cellar"
            def attic(self): return "attic"

        class Kitchen(Sweep):
            @staticmethod
            def hall(job): return "hall"

        class Narrow:
            @staticmethod
            def kitchen(job): return "kitchen"

        def wash(job): return "wash"
        async def dry(job): return "dry"
        def _hide(job): return "hide"
        alias = wash
        """,
    )
    write("shop/__init__.py", "")
    write("shop/tools.py", "def tool(job): ...")


@pytest.mark.parametrize(
    ("path", "queue", "answer"),
    [
        ("shop.code.Sweep", "kitchen", "kitchen"),
        ("shop.code.Sweep", "elsewhere", "process"),
        ("shop.code.Sweep", "_cellar", "process"),
        ("shop.code.Sweep", "attic", "process"),
        ("shop.code.Sweep", "__init__", "process"),
        ("shop.code.Sweep", "no name", "process"),
        ("shop.code.Kitchen", "kitchen", "kitchen"),
        ("shop.code.Kitchen", "hall", "hall"),
        ("shop.code.Narrow", "kitchen", "kitchen"),
        ("shop.code.wash", "kitchen", "wash"),
    ],
)
def test_a_queue_chooses_the_method_that_runs(
    code: None, path: str, queue: str, answer: str
) -> None:
    assert resolve_callable(path, queue).function(None) == answer


def test_with_it_comes_what_says_how(code: None) -> None:
    assert resolve_callable("shop.code.Kitchen", "hall").owner is resolve("shop.code.Kitchen")
    wash = resolve_callable("shop.code.wash", "hall")
    assert wash.owner is wash.function


def test_a_coroutine_function_runs_a_job(code: None) -> None:
    assert resolve_callable("shop.code.dry", "hall").function.__name__ == "dry"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("shop.code.Narrow", "no public static method 'hall' and no 'process'"),
        ("shop.code.alias", "is function 'shop.code.wash' under another name"),
        ("shop.code.tool", "is function 'shop.tools.tool' under another name"),
        ("shop.code.join", "under another name"),
        ("shop.code._hide", "has a private name in it"),
        ("shop.code.Sweep.process", "is a staticmethod, not a class"),
        ("os.system", "belongs to the standard library"),
    ],
)
def test_what_runs_no_job(code: None, path: str, message: str) -> None:
    with pytest.raises(NotAJobClass) as caught:
        resolve_callable(path, "hall")
    assert message in str(caught.value)


@pytest.mark.parametrize("allow", [["shop"], ["shop.code"], ["shop.code.wash"], ["x", "shop"]])
def test_what_is_allowed_runs(code: None, allow: list[str]) -> None:
    assert resolve_callable("shop.code.wash", "hall", allow)


@pytest.mark.parametrize("allow", [["sho"], ["shop.cod"], ["shop.code.Sweep"], ["shop.code.wash."]])
def test_what_is_not_allowed_is_not_imported(write: Write, allow: list[str]) -> None:
    write("shop/__init__.py", "raise AssertionError('imported')")
    with pytest.raises(NotAJobClass, match="is not allowed: this worker runs"):
        resolve_callable("shop.code.wash", "hall", allow)
