"""`pyjobs server`: the embedded Valkey of a folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from pyjobs import embedded
from pyjobs.cli.options import json_option
from pyjobs.cli.output import console, facts, print_json
from pyjobs.embedded import EmbeddedStatus

folder_argument = click.argument(
    "folder", required=False, type=click.Path(readable=False, path_type=Path)
)


@click.group()
def server() -> None:
    """Start, stop or look at an embedded Valkey.

    One folder is one server; FOLDER is by default your own, the one that --url embedded: means.
    """


@server.command()
@folder_argument
@json_option
def start(folder: Path | None, as_json: bool) -> None:
    """Have it run until it is stopped, whether anybody uses it or not."""
    place = _folder(folder)
    embedded.start(place)
    _show(embedded.status(place), _address(folder, place), as_json)


@server.command()
@folder_argument
@json_option
def stop(folder: Path | None, as_json: bool) -> None:
    """Stop it, even if it is in use; its data stays."""
    place = _folder(folder)
    stopped = embedded.stop(place)
    if as_json:
        print_json({"folder": str(place), "stopped": stopped})
    else:
        click.echo(f"{'stopped the server' if stopped else 'no server ran'} in {place}")


@server.command()
@folder_argument
@json_option
def status(folder: Path | None, as_json: bool) -> int:
    """Tell whether it runs; the exit status is 1 when it does not."""
    place = _folder(folder)
    found = embedded.status(place)
    _show(found, _address(folder, place), as_json)
    return 0 if found.running else 1


def _folder(folder: Path | None) -> Path:
    return embedded.parse("embedded:") if folder is None else folder.absolute()


def _address(folder: Path | None, place: Path) -> str:
    return "embedded:" if folder is None else f"embedded://{quote(str(place))}"


def _show(found: EmbeddedStatus, address: str, as_json: bool) -> None:
    if as_json:
        fields: dict[str, Any] = dataclasses.asdict(found)
        print_json({**fields, "folder": str(found.folder), "url": address})
        return
    stays = "it stays until pyjobs server stop" if found.kept else "it stops with its last user"
    console().print(
        facts(
            [
                ("server", f"runs, and {stays}" if found.running else "does not run"),
                ("folder", found.folder),
                ("url", address),
                ("pid", found.pid),
                ("version", found.version),
                ("memory", f"{found.memory / 1e6:.1f} MB" if found.memory else None),
                ("in use", ("yes" if found.in_use else "no") if found.running else None),
            ]
        )
    )
