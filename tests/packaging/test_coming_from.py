"""`docs/coming-from.md` names nothing that is not there, and leaves nothing of the others out.

In a table's second and third column every word in backticks is a name of ours, and is looked up:
a command with its options, an extra, a variable of the environment, an attribute with the keyword
arguments in its parentheses, an option (`delay=`), a setting, a state, a word of the history.
"""

from __future__ import annotations

import importlib
import inspect
import re
import typing
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

import pyjobs
import pyjobs.testing
from pyjobs import flows, items, locks, options, stats, views
from pyjobs.cli.program import program
from pyjobs.library import lua_folder
from pyjobs.tasks import backoffs, handles, settings
from pyjobs.worker import options as worker_options

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "coming-from.md"
NAMES = Path(__file__).parent / "names"
LUA = Path(str(lua_folder()))

CELL = re.compile(r"(?<!\\)\|")
QUOTED = re.compile(r"`([^`]+)`")
CALL = re.compile(r"([\w.]+)(?:\((.*)\))?")


class Row(NamedTuple):
    """A row of a table: its section, what others say, what we say, what is to be known."""

    section: str
    theirs: str
    ours: str
    remark: str


def rows() -> list[Row]:
    """Read the tables of the page."""
    found, section = [], ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            section = line[3:].strip().lower()
        elif line.startswith("| ") and not line.startswith(("| --- ", "| theirs ")):
            cells = [cell.strip() for cell in CELL.split(line)[1:-1]]
            assert len(cells) == 3, line
            found.append(Row(section, *cells))
    return found


# What a name of ours can be


HOLDERS: tuple[Any, ...] = (
    pyjobs,
    pyjobs.tasks,
    pyjobs.testing,
    flows,
    items,
    locks,
    stats,
    views,
    handles,
    worker_options,
    pyjobs.client,
    pyjobs.codec,
    pyjobs.queue,
    pyjobs.events,
    pyjobs.snapshot,
)

OPTIONS = (
    options.JobOptions,
    options.ScheduleOptions,
    settings.PeriodicOptions,
    worker_options.Given,
)

KEYWORDS = (*OPTIONS, options.StayOptions, settings.TaskOptions)

UNNAMED = {pyjobs.Tasks.task: settings.TaskOptions}
"""What takes options that its signature does not name."""


def is_name(word: str, client: pyjobs.Client) -> bool:
    """Tell whether this is a name of ours."""
    if word.startswith("pyjobs "):
        return is_command(word.split()[1:])
    if word.startswith("$"):
        return any(word[1:] in path.read_text() for path in (ROOT / "pyjobs").rglob("*.py"))
    if extra := re.fullmatch(r"pyjobs\[(\w+)\]", word):
        return f"\n{extra[1]} = [" in (ROOT / "pyproject.toml").read_text()
    if option := re.fullmatch(r"(\w+)=", word):
        return any(option[1] in typing.get_type_hints(each) for each in OPTIONS)
    return is_attribute(word, client) or is_setting(word) or is_word(word)


def is_command(words: list[str]) -> bool:
    """Tell whether there are this command and these options; capitals are its arguments."""
    command: click.Command = program
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words.pop(0))
        if found is None:
            return False
        command = found
    flags = {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)}
    return all(word in flags or word.isupper() for word in words)


def is_attribute(word: str, client: pyjobs.Client) -> bool:
    """Tell whether there is such an attribute, and whether it takes these keyword arguments."""
    parts = CALL.fullmatch(word)
    if parts is None:
        return False
    path, arguments = parts.groups()
    found = attribute(path.split("."), client)
    if found is None:
        return False
    return not arguments or set(re.findall(r"(\w+)=", arguments)) <= keywords(found)


def attribute(path: list[str], client: pyjobs.Client) -> Any:
    """Return what a dotted path leads to; None: nothing."""
    first, *rest = path
    if first == "pyjobs":
        for position in range(len(rest), -1, -1):
            try:
                start = importlib.import_module(".".join(path[: position + 1]))
            except ImportError:
                continue
            return followed(start, rest[position:])
    if first == "client":
        return followed(client, rest)
    if first == "backoffs":
        return followed(backoffs, rest)
    for holder in HOLDERS:
        if first[0].isupper() and hasattr(holder, first):
            found = followed(getattr(holder, first), rest)
            if found is not None:
                return found
    return None


def followed(start: Any, path: list[str]) -> Any:
    """Follow attributes, also those that a class only declares or sets when it is made."""
    for position, name in enumerate(path):
        try:
            start = member(start, name)
        except AttributeError:
            last = position == len(path) - 1
            return name if last and declares(start, name) else None
        if isinstance(start, (staticmethod, classmethod)):
            start = start.__func__
    return start if start is not None else path[-1]


def member(of: Any, name: str) -> Any:
    """Return an attribute, of a class without asking a property for its value."""
    if isinstance(of, type):
        return inspect.getattr_static(of, name)
    if not inspect.ismodule(of) and hasattr(type(of), name):
        return inspect.getattr_static(type(of), name)
    return getattr(of, name)


def declares(kind: Any, name: str) -> bool:
    """Tell whether instances of a class have an attribute that the class has not."""
    if not isinstance(kind, type):
        return False
    made = any(
        f"self.{name} = " in inspect.getsource(each)
        for each in kind.__mro__
        if each.__module__.startswith("pyjobs")
    )
    return made or any(name in getattr(each, "__annotations__", {}) for each in kind.__mro__)


def keywords(found: Any) -> set[str]:
    """Return the keyword arguments that a callable takes."""
    if not callable(found):
        return set()
    function = inspect.getattr_static(found, "__init__") if isinstance(found, type) else found
    names = set(inspect.signature(function).parameters)
    unpacked = re.findall(r"Unpack\[(\w+)\]", str(function.__annotations__))
    taken = [each for each in KEYWORDS if each.__name__ in unpacked]
    if function in UNNAMED:
        taken.append(UNNAMED[function])
    return names.union(*map(typing.get_type_hints, taken))


def is_setting(word: str) -> bool:
    """Tell whether there is such a setting; `<name>-<queue>` is a queue's own."""
    name, own = re.subn(r"-<queue>$", "", word)
    if own:
        return f'  "{name}",' in (LUA / "rules" / "setting.lua").read_text()
    lines = (LUA / "rules" / "settings.lua").read_text()
    return f'  ["{name}"] = ' in lines or f"\n  {name} = " in lines


def is_word(word: str) -> bool:
    """Tell whether it is a state or a word of the history."""
    states = vars(pyjobs.queue.QueueJobs)
    events = re.findall(r'^  "([\w-]+)",', (LUA / "rules" / "events.lua").read_text(), re.MULTILINE)
    beside = re.search(r"or (stalled, [^.]*)\.", inspect.getdoc(pyjobs.events.JobEvent) or "")
    told = re.findall(r"\w+", beside[1] if beside else "")
    return word in states or word in events or word in told


# The tests


@pytest.fixture(scope="module")
def client() -> pyjobs.Client:
    """Return a client that is connected to nothing."""
    return pyjobs.Client("redis://localhost:1/0")


def test_each_of_our_names_exists(client: pyjobs.Client) -> None:
    unknown = [
        f"{row.section}: {row.theirs}: {word}"
        for row in rows()
        for word in QUOTED.findall(f"{row.ours} {row.remark}")
        if not is_name(word, client)
    ]
    assert [] == unknown


def test_a_name_that_is_not_there_is_noticed(client: pyjobs.Client) -> None:
    for word in (
        "pyjobs.Client.enqueue",
        "Queue.put(ttl=)",
        "client.jobs.dead",
        "pyjobs worker --burst",
        "pyjobs enqueue",
        "pyjobs[amqp]",
        "ttl=",
        "jobs-history-<tenant>",
        "$PYJOBS_BROKER",
        "Tasks.task(max_retries=)",
    ):
        assert not is_name(word, client), word


def test_what_is_not_there_says_what_to_do_instead() -> None:
    assert [] == [row for row in rows() if row.ours == "none" and len(row.remark) < 10]
    assert [] == [
        row for row in rows() if row.ours != "none" and not re.search(r"`|\]\(", row.ours)
    ]


def test_links_lead_to_headings() -> None:
    for page, anchor in re.findall(r"\]\(([\w./-]*\.md)#([\w-]+)\)", PAGE.read_text()):
        headings = re.findall(r"^#+ (.*)$", (PAGE.parent / page).read_text(), re.MULTILINE)
        anchors = [re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings]
        assert anchor in anchors, f"{page}#{anchor}"


@pytest.mark.parametrize("names", sorted(NAMES.glob("*.txt")), ids=lambda path: path.stem)
def test_each_of_their_names_is_in_its_table(names: Path) -> None:
    """`names/*.txt`: a name a line, `#` says where they come from."""
    theirs = " ".join(
        word
        for row in rows()
        if row.section == names.stem.lower()
        for word in QUOTED.findall(row.theirs)
    )
    words = re.findall(r"[@\w.<>/-]+", theirs)
    written = {*words, *(part for word in words for part in word.split("/"))}
    wanted = [line for line in names.read_text().splitlines() if line and not line.startswith("# ")]
    assert wanted
    assert [] == [name for name in wanted if name not in written]


def test_each_system_has_a_list_of_names() -> None:
    assert {row.section for row in rows()} == {path.stem.lower() for path in NAMES.glob("*.txt")}
