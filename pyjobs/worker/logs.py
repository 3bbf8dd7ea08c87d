"""Log lines, as text for people or as JSON for machines; each says of which job it speaks.

Whatever is logged while a job runs, by the worker or by the job's own code, carries the job's
`jid`, `queue` and `attempt`, and as `duration` the seconds that it has been running.
"""

from __future__ import annotations

import json
import logging
import time
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any, Literal

from pyjobs.contexts import current_job
from pyjobs.hooks import Hooks

Format = Literal["text", "json"]

FIELDS = ("jid", "queue", "attempt", "duration")

log = logging.getLogger(__name__)

_began: ContextVar[tuple[str, float]] = ContextVar("pyjobs_began", default=("", 0.0))
"""The job that has begun here last, and when."""

LONGEST = 500
"""Characters of an exception's text in a line; the job's failure has all of it."""

_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


def configure(form: Format = "text", verbose: bool = False) -> None:
    """Have all that is logged in this process printed on standard error.

    `verbose`: also what is of interest only when one looks for a fault, a line a job included.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(_about_the_job)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("pyjobs").setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.captureWarnings(True)


def _note_start(job: Any) -> None:
    _began.set((job.jid, time.monotonic()))


def _log_end(job: Any) -> None:
    log.debug("%s has run", _name(job))


def _log_failure(job: Any, error: BaseException) -> None:
    log.warning("%s has failed: %s", _name(job), _brief(error))


def _log_retry(job: Any, error: BaseException) -> None:
    log.warning("%s has failed and is tried again: %s", _name(job), _brief(error))


hooks = Hooks(before=_note_start, after=_log_end, on_failure=_log_failure, on_retry=_log_retry)
"""What has to be called around each job for its lines, and for them to know how long it has run."""


def _name(job: Any) -> str:
    return job.klass_name or "plain data"


def _brief(error: BaseException) -> str:
    """Say an exception in one line, cut at LONGEST characters."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - an exception's own text may fail in any way
        text = type(error).__name__
    first = text.partition("\n")[0]
    return first if len(first) <= LONGEST else f"{first[:LONGEST]}..."


def _fields_of(job: Any) -> dict[str, Any]:
    jid, began = _began.get()
    duration = time.monotonic() - began if jid == job.jid else 0.0
    return {
        "jid": job.jid,
        "queue": job.queue_name,
        "attempt": job.attempt,
        "duration": round(duration, 6),
    }


def _about_the_job(record: logging.LogRecord) -> bool:
    """Add the job's fields to a record that is made while one runs, and let all records pass."""
    job = current_job()
    if job is not None and "jid" not in vars(record):
        vars(record).update(_fields_of(job))
    return True


class TextLines(logging.Formatter):
    """`when level message  jid=... queue=...`, in local time; a traceback on the lines below."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        moment = datetime.fromtimestamp(record.created).astimezone()
        when = moment.replace(tzinfo=None).isoformat(" ", "milliseconds")
        about = "".join(f"  {name}={_short(value)}" for name, value in _fields(record).items())
        line = f"{when} {record.process} {record.levelname:<7} {record.getMessage()}{about}"
        trace = _trace(record)
        return f"{line}\n{trace}" if trace else line


class JsonLines(logging.Formatter):
    """One JSON object a record, in UTC; what was passed as `extra` is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        when = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
        }
        line.update(_fields(record))
        extras = {
            name: value
            for name, value in vars(record).items()
            if name not in _STANDARD and name not in line
        }
        line.update(extras)
        if trace := _trace(record):
            line["traceback"] = trace
        return json.dumps(line, default=str, ensure_ascii=False)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: vars(record)[name] for name in FIELDS if name in vars(record)}


def _short(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _trace(record: logging.LogRecord) -> str:
    formatter = logging.Formatter()
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)
