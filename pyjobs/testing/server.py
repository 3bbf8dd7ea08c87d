"""A server for tests: started on demand, and gone without a trace."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def throwaway_server() -> Iterator[str]:
    """Start a Valkey in a folder of its own, give its address, and remove both at the end.

    It needs `pyjobs[server]`.
    """
    from pyjobs import embedded  # noqa: PLC0415 - of an optional extra, and POSIX only

    # Right below /tmp: the name of a unix socket has room for some 100 characters only.
    with tempfile.TemporaryDirectory(prefix="pyjobs-throwaway-", dir="/tmp") as folder:
        membership = embedded.join(embedded.parse(f"embedded://{folder}"))
        try:
            yield membership.url
        finally:
            membership.close()
            embedded.stop(embedded.parse(f"embedded://{folder}"))
