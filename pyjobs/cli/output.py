"""How things look: on a terminal, piped, as JSON."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pyjobs.calls import QueueCounts
from pyjobs.snapshot import Event

PIPED_WIDTH = 240
"""Columns of what goes to a file or another program: nothing is cut or wrapped for its sake."""

MILLISECOND, MINUTE, HOUR, DAY = 0.001, 60, 3600, 86_400

COUNTED = (
    *("waiting", "scheduled", "depends", "throttled", "running", "stalled"),
    *("complete", "failed", "recurring"),
)
ALWAYS = ("waiting", "running", "complete", "failed")
"""Columns of the queues' table that are there even if all are zero."""


WHOLE, WIDE = ("jid", "state", "since", "seen", "next"), 24
"""Columns that stay in one piece, and how many characters are too many for that."""


def console(stderr: bool = False) -> Console:
    """Return a console for standard output or standard error."""
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = PIPED_WIDTH
    return made


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def print_line(value: Any) -> None:
    """Print a value as JSON on one line, for what comes one by one."""
    click.echo(json.dumps(plain(value), ensure_ascii=False))


def plain(value: Any) -> Any:
    """Return data as JSON can say it: dates as text, bytes that are no text as base64."""
    if isinstance(value, Mapping):
        return {
            key if isinstance(key, str) else _word(key): plain(item) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else _word(value)


def _word(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def moment(seconds: float) -> str:
    """Say a moment in local time, to the millisecond."""
    return _local(seconds).isoformat(" ", "milliseconds")


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone().replace(tzinfo=None)


def ago(seconds: float) -> str:
    """Say how long ago a moment was, or in how long it will be."""
    passed = round(time.time() - seconds)
    said = _roughly(abs(passed))
    if not passed:
        return "now"
    return f"{said} ago" if passed > 0 else f"in {said}"


def brief(seconds: float | None) -> str:
    """Say a length of time in one unit, where there is little room."""
    return duration(seconds) if seconds is None or seconds < MINUTE else _roughly(round(seconds))


def _roughly(seconds: int) -> str:
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {unit}"
    return f"{seconds} s"


def short(klass: str) -> str:
    """Return the name of a class without its module, for a table."""
    return klass.rpartition(".")[2]


def visible(text: str) -> str:
    """Return text that a terminal only shows: what would command it is escaped."""
    return "".join(
        letter
        if letter.isprintable() or letter in "\n\t"
        else letter.encode("unicode_escape", "backslashreplace").decode()
        for letter in text
    )


def duration(seconds: float | None) -> str:
    """Say a length of time in the unit that fits it."""
    if seconds is None or seconds < MILLISECOND:
        return "-" if seconds is None else "<1 ms"
    if round(seconds, 3) < 1:
        return f"{seconds / MILLISECOND:.3g} ms"
    if seconds < MINUTE:
        return f"{seconds:.3g} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min {seconds % MINUTE:.0f} s"
    days, rest = divmod(seconds, DAY)
    hours = f"{rest // HOUR:.0f} h"
    return f"{days:.0f} d {hours}" if days else f"{hours} {rest % HOUR // MINUTE:.0f} min"


class SafeTable(Table):
    """A table whose texts, which may be anybody's and long, cannot command the terminal."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row."""
        shown = [visible(cell) if isinstance(cell, str) else cell for cell in cells]
        for column, cell in zip(self.columns, shown, strict=False):
            if isinstance(cell, str) and len(cell) > WIDE:
                column.no_wrap = False
        super().add_row(*shown, **options)


def table(*columns: str, left: Sequence[str] = ()) -> Table:
    """Make a table; columns are of numbers, to the right, unless they are named in `left`."""
    made = SafeTable(
        box=box.SIMPLE_HEAD,
        padding=(0, 0, 0, 1),
        pad_edge=False,
        show_edge=False,
        header_style="bold",
    )
    for name in columns:
        made.add_column(
            name,
            justify="left" if name in left else "right",
            overflow="fold",
            no_wrap=name in WHOLE,
        )
    return made


def facts(rows: Iterable[tuple[str, object]]) -> Table:
    """Make a list of names and values; those that are empty or None are left out."""
    made = SafeTable.grid(padding=(0, 2))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value is not None and value != "":
            made.add_row(name, value if isinstance(value, Text) else str(value))
    return made


def queues_table(counts: Sequence[QueueCounts]) -> Table:
    """Show queues and their numbers; states in which no job is are left out."""
    shown = [
        name for name in COUNTED if name in ALWAYS or any(getattr(each, name) for each in counts)
    ]
    made = table("queue", *shown, left=["queue"])
    for each in counts:
        name = f"{each.name} (paused)" if each.paused else each.name
        made.add_row(name, *(f"{getattr(each, state):,}" for state in shown))
    return made


def history_table(history: Sequence[Event]) -> Table:
    """Show all that happened to a job, with the time from each event to the next."""
    moments = [moment(event.when) for event in history]
    days = {each.partition(" ")[0] for each in moments}
    if len(days) == 1:  # it is said once
        moments = [each.partition(" ")[2] for each in moments]
    made = table(
        *days if len(days) == 1 else ["when"], "after", "what", "", left=[*days, "what", ""]
    )
    before: float | None = None
    for when, event in zip(moments, history, strict=True):
        after = "" if before is None else duration(event.when - before)
        made.add_row(when, after, event.what, _details(event))
        before = event.when
    return made


def _details(event: Event) -> str:
    if event.what == "popped":
        return f"by {event.worker}, attempt {event.attempt}"
    if event.what == "failed":
        return f"into the failure group {event.group!r}"
    if event.what == "done":
        return f"on to {event.queue}" if event.queue else "for good"
    if event.queue:
        return f"into {event.queue}"
    return "" if event.data is None else json.dumps(plain(event.data), ensure_ascii=False)
