"""The command `pyjobs`. It needs click and rich, which are the extra `cli`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit status."""
    try:
        from pyjobs.cli.program import run  # noqa: PLC0415 - of an extra that may be missing
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"click", "rich"}:
            raise
        sys.stderr.write(
            f"pyjobs: the command line needs more packages: pip install 'pyjobs[cli]' ({error})\n"
        )
        return 2
    except KeyboardInterrupt:
        return 130
    return run()
