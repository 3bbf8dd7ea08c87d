"""The folder of a server: which one an address means, and that it is this user's alone."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from pyjobs.embedded.locks import opened
from pyjobs.errors import EmbeddedServerError

SOCKET_PATH_LIMIT: Final = 100
"""Bytes of a unix socket's path; Linux takes 107, macOS 103."""


def parse(url: str) -> Path:
    """Read the folder out of `embedded:` (the user's own) or `embedded:///some/folder`.

    The user's own is `$XDG_DATA_HOME/pyjobs`, by default `~/.local/share/pyjobs`.

    Raises:
        EmbeddedServerError: not such an address, or the folder is not absolute.
    """
    parts = urlsplit(url)
    if parts.scheme != "embedded" or parts.netloc or parts.query or parts.fragment:
        raise EmbeddedServerError(
            f"{url!r} is no address of an embedded server: write 'embedded:' or "
            "'embedded:///folder', with special characters as %XX"
        )
    if not parts.path:
        return _default()
    folder = Path(unquote(parts.path))
    if not folder.is_absolute():
        raise EmbeddedServerError(f"the folder in {url!r} is not absolute: 'embedded:///folder'")
    return folder


def _default() -> Path:
    data = os.environ.get("XDG_DATA_HOME", "")
    if data.startswith("/"):  # a relative one is to be ignored, says its specification
        return Path(data) / "pyjobs"
    try:
        return Path.home() / ".local" / "share" / "pyjobs"
    except RuntimeError as error:
        raise EmbeddedServerError(
            "no home folder is known for the embedded server: use 'embedded:///folder'"
        ) from error


def prepare(folder: Path) -> Path:
    """Make the folder, and refuse one that is not this user's alone; returns its real path."""
    with naming(folder):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700, parents=True)
        folder = folder.resolve()
        _make_private(folder)
        os.close(opened(folder / "door.lock"))
        if alias := alias_of(folder):
            _make_alias(alias, folder)
    return folder


def existing(folder: Path) -> Path | None:
    """As `prepare`, for a folder that has had a server; makes nothing in any other."""
    try:
        (folder / "door.lock").lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        pass  # `prepare` says what is wrong
    return prepare(folder)


@contextmanager
def naming(folder: Path) -> Iterator[None]:
    """Make what the system refuses an error of ours."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise EmbeddedServerError(f"no embedded server in {folder}: {error}") from error


def _make_private(folder: Path) -> None:
    """Close a new folder to others; the mode of one that holds other things is not ours to set."""
    found = folder.stat()
    ours = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
    if ours and not any(folder.iterdir()):
        folder.chmod(0o700)
    _check_private(folder)


def _check_private(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise ValueError(f"{folder} is not a folder")
    if found.st_uid != os.geteuid():
        raise ValueError(f"{folder} belongs to another user")
    if found.st_mode & 0o077:
        raise ValueError(f"other users can open {folder} (chmod 700 it, or name a new folder)")


def alias_of(folder: Path) -> Path | None:
    """Choose a short link to a folder whose path is too long for a socket's; None: it is not.

    The socket is in the folder and every process makes the link where it finds a place: so two that
    see different temporary folders still meet.
    """
    if len(os.fsencode(folder / "valkey.sock")) <= SOCKET_PATH_LIMIT:
        return None
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]
    for place in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108
        alias = Path(place) / f"pyjobs-{os.geteuid()}" / digest
        fits = len(os.fsencode(alias / "valkey.sock")) <= SOCKET_PATH_LIMIT
        if place.startswith("/") and fits and os.access(place, os.W_OK):
            return alias
    raise ValueError("its path is too long, and no temporary folder can hold a shorter link to it")


def _make_alias(alias: Path, folder: Path) -> None:
    with suppress(FileExistsError):
        alias.parent.mkdir(mode=0o700)
    _check_private(alias.parent)  # others write to a temporary folder too: it may be a trap
    if not alias.is_symlink() or alias.readlink() != folder:
        fresh = alias.with_name(f"{alias.name}.{os.getpid()}.{threading.get_ident()}")
        fresh.symlink_to(folder)
        fresh.replace(alias)
