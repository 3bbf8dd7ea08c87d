"""`pyjobs engine check`: whether what a namespace holds is sound."""

from __future__ import annotations

import dataclasses

import click

from pyjobs.cli.options import connected, json_option
from pyjobs.cli.output import print_line, visible
from pyjobs.client import Client

COLOURS = {"mended": "green", "left": "red", "gone": "cyan"}


@click.command()
@click.option("--repair", is_flag=True, help="Mend what can be mended without a guess.")
@connected
@json_option
def check(client: Client, repair: bool, as_json: bool) -> int:
    """Look for what is wrong in the stored data; the exit status is 1 when something is.

    It walks over all that the namespace holds, in short calls, so that workers go on meanwhile.
    Findings come as they are made; with --json each is one line. Without --repair nothing is
    written. With it, the exit status is 1 only when something was left.
    """
    number = wrong = 0
    for finding in client.check(repair=repair):
        number += 1
        wrong += finding.outcome not in {"mended", "gone"}
        if as_json:
            print_line(dataclasses.asdict(finding))
            continue
        outcome = finding.outcome or ("can be mended" if finding.mendable else "cannot be mended")
        said = click.style(outcome, fg=COLOURS.get(finding.outcome))
        click.echo(f"{visible(str(finding))} ({said})")
    if not as_json:
        click.echo(f"{number:,} findings" if number else "nothing is wrong")
    return 1 if wrong else 0
