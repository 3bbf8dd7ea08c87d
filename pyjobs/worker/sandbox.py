"""Folders for jobs: each attempt has an empty one of its own, which goes when it ends.

    <workdir>/sandbox-<worker>/<jid>-<attempt>/

A worker process locks its folder, and the lock ends with the process however that ends: folders
that are not locked were left behind, and are removed by the next process that starts here.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from pyjobs.errors import InvalidArgument
from pyjobs.hooks import Hooks

log = logging.getLogger(__name__)

PREFIX = "sandbox-"

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,199}")


class Sandboxes:
    """The folders of one worker process, below `workdir`.

    `inside`: the working directory is the job's folder while it runs, which takes a process that
    runs one job at a time. Raises InvalidArgument when no folder can be made there.
    """

    def __init__(self, workdir: Path, worker: str, inside: bool = False) -> None:
        self._inside = inside
        self._home = Path.cwd()
        workdir = workdir.absolute()
        self._folder = workdir / f"{PREFIX}{_plain(worker)}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self._folder)
        except OSError as error:
            raise InvalidArgument(f"workdir: {error}") from error
        _remove_abandoned(workdir)

    @property
    def hooks(self) -> Hooks:
        """What gives each job its folder, as `job.sandbox`."""
        return Hooks(before=self._enter, after=self._leave)

    def close(self) -> None:
        """Remove the worker's folder."""
        if self._lock is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._lock)
            self._lock = None

    def _of(self, job: Any) -> Path:
        return self._folder / f"{_plain(job.jid)}-{job.attempt}"

    def _enter(self, job: Any) -> None:
        folder = self._of(job)
        _remove(folder)
        folder.mkdir(parents=True)
        job.sandbox = str(folder)
        if self._inside:
            os.chdir(folder)

    def _leave(self, job: Any) -> None:
        if self._inside:
            os.chdir(self._home)
        _remove(self._of(job))


def _plain(name: str) -> str:
    """Return a name as it is if a file can have it, else one made from it."""
    if _PLAIN.fullmatch(name):
        return name
    return hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()


def _locked(folder: Path) -> int | None:
    """Lock a folder for as long as this process lives; None when another has it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_abandoned(workdir: Path) -> None:
    for folder in workdir.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # somebody else removes it as well
            lock = _locked(folder)
            if lock is not None:
                log.info("removing %s, which a process that died has left", folder)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder, onerror=_complain)


def _complain(_: object, path: str, error: Any) -> None:
    log.warning("sandbox: %s cannot be removed: %s", path, error[1])
