"""Calendars: the moments of a recurring job that no interval says, by cron or in a window of days.

The engine keeps a calendar as a text that it does not read, and asks clients for its next moments;
`Calendar.refill` is the answer. Moments are whole milliseconds since the epoch.
"""

from __future__ import annotations

import bisect
import datetime as dt
import difflib
import functools
import itertools
import json
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyjobs import cron
from pyjobs.errors import InvalidArgument

if TYPE_CHECKING:
    from typing_extensions import Self

TimeOfDay = str | dt.time
Between = tuple[TimeOfDay, TimeOfDay]
TimeZone = str | dt.tzinfo

UTC = "UTC"

AHEAD = 50
"""Moments that a refill brings ahead: at most half of `MOMENTS` in `lua/rules/limits.lua`."""

HORIZON = 31 * 86_400_000
"""How far ahead they are, but for the very next: a change of the time zone's rules counts then."""

SHORTEST = 1000
"""The shortest interval of a calendar: moments have to last until the next refill."""

TRIES = 4000
"""Days in a row without a moment after which there is none: some ten years."""

YEARS = 50
"""After so many years without a moment there is none."""

_SPAN = 3_600_000

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the engine wants to know of a calendar, see `lua/commands/refills.lua`."""

    jid: str
    calendar: str
    first: int
    known: int
    after: int
    upto: int
    newest: int


@dataclass(frozen=True)
class Calendar:
    """Moments by a cron expression, or every `interval` milliseconds; in a window of each day."""

    cron: str | None = None
    interval: int | None = None
    tz: str = UTC
    between: tuple[str, str] | None = None

    @classmethod
    def of_cron(cls, expression: str, tz: TimeZone, between: Between | None) -> Self:
        """Return the calendar of a cron expression; refuses one that is wrong or never comes."""
        calendar = cls(cron.read(expression), None, _zone_name(tz), _window(between))
        return calendar._checked(expression)

    @classmethod
    def of_interval(cls, interval: int, tz: TimeZone, between: Between) -> Self:
        """Return the calendar of an interval in milliseconds within a window of each day."""
        if interval < SHORTEST:
            raise InvalidArgument("interval: with between it is a second or longer")
        calendar = cls(None, interval, _zone_name(tz), _window(between))
        return calendar._checked(f"every {interval / 1000:g} s")

    def _checked(self, what: str) -> Self:
        now = round(dt.datetime.now(dt.timezone.utc).timestamp() * 1000)
        if next(self.after(now, now), None) is None:
            within = " between {} and {}".format(*self.between) if self.between else ""
            name = "cron" if self.cron else "between"
            raise InvalidArgument(f"{name}: {what!r}{within} never comes")
        return self

    @property
    def text(self) -> str:
        """The text that the engine keeps: JSON, of what is not the default."""
        fields = {"cron": self.cron, "interval": self.interval, "tz": self.tz}
        said: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        if self.between:
            said["between"] = self.between
        return json.dumps(said)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the calendar of such a text; refuses one that another kind of client has made."""
        try:
            said = json.loads(text)
            between, tz = said.pop("between", None), _zone_name(said.pop("tz", UTC))
            (kind,) = said
            if kind == "cron":
                return cls(str(said[kind]), None, tz, _window(between))
            return cls(None, max(int(said["interval"]), 1), tz, _window(between))
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise InvalidArgument(f"calendar: {text!r} is not known here ({error})") from None

    def refill(self, wanted: Wanted) -> list[int]:
        """Return the moments that the engine wants: missed ones, then some ahead; may be none."""
        if self.cron is not None:
            cron.read(self.cron)
        start, found = wanted.after, list[int]()
        if wanted.newest and wanted.upto > start:
            found = self._newest(wanted)
            start = wanted.upto
        least = 1 if wanted.known > wanted.upto else 2
        ahead = itertools.islice(self.after(start, wanted.first), AHEAD)
        for number, moment in enumerate(ahead):
            if number >= least and moment > wanted.upto + HORIZON:
                break
            found.append(moment)
        return found

    def _newest(self, wanted: Wanted) -> list[int]:
        """Return the newest moments that have come, looking back ever further."""
        span = _SPAN
        while True:
            start = max(wanted.after, wanted.upto - span)
            coming = self.after(start, wanted.first)
            found = list(itertools.takewhile(lambda moment: moment <= wanted.upto, coming))
            if len(found) >= wanted.newest or start == wanted.after:
                return found[-wanted.newest :]
            span *= 8

    def after(self, moment: int, first: int) -> Iterator[int]:
        """Yield the moments after this one, ascending; an interval counts from `first`."""
        outside = 0
        coming = self._all(moment, first)
        while outside < TRIES:
            slot = next(coming, None)
            if slot is None:
                return
            opening = self._opening(slot)
            if opening == slot:
                outside = 0
                yield slot
            else:
                outside += 1
                coming = self._all(opening - 1, first)

    def _all(self, moment: int, first: int) -> Iterator[int]:
        """Yield the moments after this one, in the window or not."""
        if self.interval is not None:
            begun = max(-((first - moment - 1) // self.interval), 0)
            return itertools.count(first + begun * self.interval, self.interval)
        return self._cron_moments(self.cron or "", moment)

    def _cron_moments(self, expression: str, moment: int) -> Iterator[int]:
        if cron.passes(expression):
            return self._passing(expression, moment)
        return self._at_times(expression, moment)

    def _passing(self, expression: str, moment: int) -> Iterator[int]:
        """Yield each moment at which clocks show what the expression says.

        From one change of the clocks to the next the library is given a time without any: it takes
        all changes for whole hours.
        """
        tz = zone(self.tz)
        at, naive, year = moment // 1000, _local(moment, tz), _local(moment, tz).year
        while True:
            offset = _offset(at, tz)
            change = None
            for found in cron.moments(expression, naive.replace(tzinfo=dt.timezone.utc, fold=0)):
                if found.year > year + YEARS:
                    return
                slot = round(found.timestamp()) - offset
                change = _change(at, slot, tz)
                if change is not None:
                    break
                at = slot
                yield slot * 1000
            if change is None:
                return
            at, naive = change, _local(change * 1000, tz) - dt.timedelta(seconds=1)

    def _at_times(self, expression: str, moment: int) -> Iterator[int]:
        start = _local(moment, zone(self.tz))
        for found in cron.moments(expression, start):
            if found.year > start.year + YEARS:
                return
            milliseconds = round(found.timestamp() * 1000)
            # In an hour that is repeated a clock time is its first: what has passed may come again.
            if milliseconds > moment:
                moment = milliseconds
                yield moment

    def _opening(self, moment: int) -> int:
        """Return this moment if it is in the window, else the next moment at which that opens."""
        if self.between is None:
            return moment
        opens, closes = (dt.time.fromisoformat(time) for time in self.between)
        local = _local(moment, zone(self.tz))
        time = local.time()
        inside = opens <= time < closes if opens < closes else time >= opens or time < closes
        if inside:
            return moment
        return min(
            opening
            for day in (local.date(), local.date() + dt.timedelta(days=1))
            for opening in _clock_times(dt.datetime.combine(day, opens), zone(self.tz))
            if opening > moment
        )


def _local(moment: int, tz: dt.tzinfo) -> dt.datetime:
    return dt.datetime.fromtimestamp(moment // 1000, tz)


def _offset(second: int, tz: dt.tzinfo) -> int:
    offset = dt.datetime.fromtimestamp(second, tz).utcoffset() or dt.timedelta()
    return round(offset.total_seconds())


def _change(start: int, end: int, tz: dt.tzinfo) -> int | None:
    """Return the first second after the start, up to the end, from which clocks go otherwise."""
    offset = _offset(start, tz)
    while start < end:
        high = min(start + _DAY, end)
        if _offset(high, tz) != offset:
            seconds = range(start, high + 1)
            return seconds[bisect.bisect(seconds, False, key=lambda at: _offset(at, tz) != offset)]
        start = high
    return None


def _clock_times(naive: dt.datetime, tz: dt.tzinfo) -> list[int]:
    """Return the moments, one or two, at which clocks show this, or the next that they do show."""
    while True:
        moments = [round(naive.replace(tzinfo=tz, fold=fold).timestamp() * 1000) for fold in (0, 1)]
        if _local(moments[0], tz).replace(tzinfo=None, fold=0) == naive:
            return moments
        naive += dt.timedelta(minutes=1)


# Time zones and windows


@functools.cache
def zone(name: str) -> dt.tzinfo:
    """Return a time zone by its name; an unknown one is refused, with one like it."""
    if name == UTC:
        return dt.timezone.utc
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    known = zoneinfo.available_timezones()
    if not known:
        raise InvalidArgument(
            f"tz: {name!r} is unknown, as this system has no time zones; "
            "pip install 'pyjobs[cron]' brings them"
        )
    alike = difflib.get_close_matches(name, known, 1)
    hint = f"; is it {alike[0]!r}?" if alike else ""
    raise InvalidArgument(f"tz: there is no time zone {name!r}{hint}")


def _zone_name(tz: TimeZone) -> str:
    if tz is dt.timezone.utc:
        return UTC
    name = tz.key if isinstance(tz, zoneinfo.ZoneInfo) else tz
    if not isinstance(name, str):
        raise InvalidArgument(f"tz: must be the name of a time zone, not {tz!r}")
    zone(name)
    return name


def _window(between: Any) -> tuple[str, str] | None:
    if between is None:
        return None
    if not isinstance(between, (tuple, list)) or len(between) != 2:  # noqa: PLR2004 - a beginning and an end
        raise InvalidArgument(f"between: must be two times of day, not {between!r}")
    opens, closes = (_time_of_day(time) for time in between)
    if opens == closes:
        raise InvalidArgument(f"between: begins and ends at {opens}")
    return opens, closes


def _time_of_day(time: Any) -> str:
    if isinstance(time, str):
        try:
            time = dt.time.fromisoformat(time)
        except ValueError:
            raise InvalidArgument(f"between: {time!r} is no time of day as in '08:30'") from None
    if not isinstance(time, dt.time) or time.tzinfo is not None:
        raise InvalidArgument(f"between: {time!r} is no time of day without a zone")
    return time.isoformat("auto" if time.second or time.microsecond else "minutes")
