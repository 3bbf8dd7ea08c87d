"""The same for many jobs: in slices, with a bar on a terminal, and safe to interrupt."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pyjobs import calls, plans
from pyjobs.calls import Call
from pyjobs.cli.options import STANDARD_INPUT, Command, group_names, standard_input, tag_names
from pyjobs.cli.output import console, print_json, visible
from pyjobs.client import Client
from pyjobs.errors import InvalidArgument

SHOWN = 10
"""Problems that are named one by one."""

Page = Callable[[str], Call[tuple[str, int, list[str]]]]
"""Gives the call that reads the page of a listing after a cursor."""

Slices = Iterator[Sequence[str]]
Outcome = tuple[int, dict[str, str]]
"""How many of a slice were done, and what was wrong with the others."""


def jobs_selected(command: Command) -> Command:
    """Let a command take JIDs, --group and --tag."""
    for decorate in (
        click.option("--tag", shell_complete=tag_names, help="The jobs with this tag."),
        click.option("--group", shell_complete=group_names, help="The jobs of a failure group."),
        click.argument("jids", nargs=-1, metavar="[JID...]"),
    ):
        command = decorate(command)
    return command


@dataclass
class Selection:
    """Which jobs: by jid, or all of a failure group or of a tag; `total` is how many there were."""

    slices: Slices
    total: int

    @classmethod
    def of(
        cls, client: Client, jids: Sequence[str], group: str | None, tag: str | None
    ) -> Selection:
        """Return what the arguments say; refuses nothing and more than one of them."""
        if sum((bool(jids), group is not None, tag is not None)) != 1:
            raise click.UsageError("name jobs by JID, - (jids on standard input), --group or --tag")
        if jids:
            wanted = list(read_jids(jids))
            return cls(plans.sliced(wanted), len(wanted))
        if group is not None:
            return cls._listed(client, partial(calls.group, group), f"failure group {group!r}")
        return cls._listed(client, partial(calls.tagged, tag or ""), f"tag {tag!r}")

    @classmethod
    def _listed(cls, client: Client, page: Page, name: str) -> Selection:
        """Return what a listing has, as long as it was at the start."""
        _, total, _ = client.run(page(""))
        if not total:
            raise InvalidArgument(f"there are no jobs with the {name}")
        return cls(_pages(client, page, total), total)


def read_jids(jids: Sequence[str]) -> Iterator[str]:
    """Yield jids; `-` stands for those on standard input."""
    for jid in jids:
        if jid == STANDARD_INPUT:
            yield from standard_input().read().split()
        else:
            yield jid


def _pages(client: Client, page: Page, total: int) -> Slices:
    """Yield what a listing has, page by page, while its jobs leave it or stay."""
    seen: set[str] = set()
    cursor = ""
    while len(seen) < total:
        following, _, jids = client.run(page(cursor))
        fresh = [jid for jid in jids if jid not in seen]
        if fresh:
            seen.update(fresh)
            yield fresh  # and look at the same place again: what left it has made room
        elif following:
            cursor = following
        else:
            return


@dataclass
class Tally:
    """What came of it."""

    done: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False

    def tell(self, verb: str, as_json: bool) -> int:
        """Say it; returns the exit status."""
        if as_json:
            print_json(
                {
                    verb.replace(" ", "_"): self.done,
                    "problems": self.problems,
                    "interrupted": self.interrupted,
                }
            )
        else:
            end = "; interrupted, the others are as they were" if self.interrupted else ""
            if self.done or not self.problems:
                click.echo(f"{verb} {self.done:,} {'job' if self.done == 1 else 'jobs'}{end}")
            for problem in list(self.problems.values())[:SHOWN]:
                click.echo(visible(f"pyjobs: {problem}"), err=True)
            if len(self.problems) > SHOWN:
                click.echo(f"pyjobs: and {len(self.problems) - SHOWN:,} more", err=True)
        if self.interrupted:
            return 128 + signal.SIGINT
        return 2 if self.problems else 0


def carry_out(slices: Slices, total: int, act: Callable[[Sequence[str]], Outcome]) -> Tally:
    """Do something to jobs, slice by slice; Ctrl-C ends it between two slices."""
    tally = Tally()
    with interruptible() as stop, bar(total) as advance:
        for jids in slices:
            done, problems = act(jids)
            tally.done += done
            tally.problems |= problems
            advance(len(jids))
            if stop():
                tally.interrupted = tally.done + len(tally.problems) < total
                break
    return tally


def each(client: Client, make: Callable[[str], Call[Any]]) -> Callable[[Sequence[str]], Outcome]:
    """Return what carries out a call of each job, one round trip a slice."""

    def act(jids: Sequence[str]) -> Outcome:
        answers = client.run(plans.settle([make(jid) for jid in jids], atomic=False))
        problems = {
            jid: str(answer).removeprefix("drain: ")
            for jid, answer in zip(jids, answers, strict=True)
            if isinstance(answer, Exception)
        }
        return len(jids) - len(problems), problems

    return act


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C only be noted, to be asked for; the second one comes through."""
    noted = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal noted
        if noted:
            signal.default_int_handler(number, frame)
        noted = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: noted
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def bar(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, gone at the end; gives the function that moves it on."""
    screen = console(stderr=True)
    columns = (BarColumn(30), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn(""))
    with Progress(
        *columns, console=screen, transient=True, disable=not screen.is_terminal
    ) as progress:
        task = progress.add_task("", total=total)
        yield lambda number: progress.advance(task, number)
