"""The demo's job classes. A worker runs the static method named after the queue, else `process`."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from pyjobs.job import Job

GROUP = "butterfingers"
"""The failure group of the jobs that fail on purpose."""

KINDS = ("text", "empty", "not UTF-8", "unreadable")

LARGEST = 5
"""Files that the report names as the largest."""


class SourceFile:
    """A source file on its way through the queues; its data grows in each.

    Put: `path`, `clumsy`. After collect: `bytes`. After count: `kind` (one of KINDS), `lines`,
    `words`, and `problem` if it could not be read. After profit: `profit`, words a line.
    """

    @staticmethod
    def collect(job: Job) -> None:
        """Find out how large the file is."""
        try:
            job["bytes"] = file_path(job).stat().st_size
        except OSError:
            job["bytes"] = 0  # `count` says what is wrong with it
        job.complete("count")

    @staticmethod
    def count(job: Job) -> None:
        """Count lines and words; a clumsy job drops its file the first time."""
        if job["clumsy"]:
            job["clumsy"] = False
            job.fail(GROUP, "dropped the file, on purpose")
            return
        job.data |= read(file_path(job))
        job.complete("profit")

    @staticmethod
    def profit(job: Job) -> None:
        """Work out how many words a line holds."""
        job["profit"] = round(job["words"] / job["lines"], 3) if job["lines"] else 0.0
        job.complete()


class Report:
    """What all files come to. Put: `files`, their jids. Afterwards: the figures of `sum_up`."""

    @staticmethod
    def process(job: Job) -> None:
        """Sum up what the jobs that this one has waited for have found out."""
        files = job.client.jobs.get(*job["files"])
        job.data = sum_up([file.data for file in files])
        job.complete()


def file_path(job: Job) -> Path:
    """Return the path of a job's file."""
    return Path(os.fsdecode(job["path"]))


def portable(path: str) -> str | bytes:
    """Return a path as data can carry it: as bytes if it is no valid text."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def read(path: Path) -> dict[str, Any]:
    """Count a file's lines and words (as `wc` does, but the last line needs no end)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return {"kind": "unreadable", "problem": error.strerror, "lines": 0, "words": 0}
    kind = "text" if content else "empty"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        kind, text = "not UTF-8", content.decode("latin-1")
    lines = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
    return {"kind": kind, "lines": lines, "words": len(text.split())}


def sum_up(files: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the files come to: numbers, sums, the largest, the unreadable."""
    kinds = Counter(file["kind"] for file in files)
    largest = sorted(files, key=lambda file: file["lines"], reverse=True)[:LARGEST]
    shown = ("path", "lines", "words", "profit")
    return {
        "files": len(files),
        "kinds": {kind: kinds[kind] for kind in KINDS},
        **{what: sum(file[what] for file in files) for what in ("bytes", "lines", "words")},
        "largest": [{name: file[name] for name in shown} for file in largest],
        "unreadable": [
            {"path": file["path"], "problem": file["problem"]}
            for file in files
            if "problem" in file
        ],
    }
