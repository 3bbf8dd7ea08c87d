"""What people note about jobs."""

from __future__ import annotations

from collections.abc import Sequence

from pyjobs.calls.answers import counted_page, page, same, sizes, texts, word
from pyjobs.calls.call import Call


def tag(jid: str, tags: Sequence[str]) -> Call[list[str]]:
    """Put tags on a job; answers all that it carries."""
    return Call("tag", [jid, *tags], texts, jids=(jid,))


def untag(jid: str, tags: Sequence[str]) -> Call[list[str]]:
    """Take tags off a job; answers those that it keeps."""
    return Call("untag", [jid, *tags], texts, jids=(jid,))


def track(jid: str) -> Call[int]:
    """Mark a job for people to follow."""
    return Call("track", [jid], same, jids=(jid,))


def untrack(jid: str) -> Call[int]:
    """Take the mark off; answers 0 when there is no such job any more."""
    return Call("untrack", [jid], same, jids=(jid,), marked=True)


def log(jid: str, what: str, data: bytes, request: str) -> Call[str]:
    """Write an entry of the user's own into a job's history; answers logged."""
    return Call("log", [jid, what, data, request], word, jids=(jid,))


def tags(offset: int = 0, count: int = 100) -> Call[dict[str, int]]:
    """Read the tags that are on most jobs, with their numbers."""
    return Call("tags", [offset, count], sizes, "reads")


def tagged(name: str, cursor: str = "", count: int = 100) -> Call[tuple[str, int, list[str]]]:
    """Read a page of the jobs with a tag; answers the next cursor, how many there are, the jids."""
    return Call("tagged", [name, cursor, count], counted_page, "reads")


def tracked(cursor: str = "", count: int = 100) -> Call[tuple[str, list[str]]]:
    """Read a page of the tracked jobs; answers the next cursor and the jids."""
    return Call("tracked", [cursor, count], page, "reads")
