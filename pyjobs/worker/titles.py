"""What `ps` and `top` show of a process, if setproctitle (the extra `title`) is there."""

from __future__ import annotations

from contextlib import suppress


def set_title(text: str) -> None:
    """Show this text as the command line of this process."""
    with suppress(ModuleNotFoundError):
        from setproctitle import setproctitle  # noqa: PLC0415 - of an optional extra

        setproctitle(f"pyjobs worker: {text}")
