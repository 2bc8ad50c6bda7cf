"""Event time as a pure function of the index: evenly spaced, or (posts of a history) denser in the busy hours."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Protocol

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class EventTime(Protocol):
    """Event time of an index."""

    @property
    def per_second(self) -> float: ...

    def at(self, index: int) -> int: ...


class EvenTime:
    """`per_second` events a second; event `first` is at `start_ms` (milliseconds since 1970)."""

    def __init__(self, start_ms: int, per_second: float, first: int) -> None:
        self.start_ms = start_ms
        self.per_second = per_second
        self._step = 1000.0 / per_second
        self._first = first

    def at(self, index: int) -> int:
        """Milliseconds since 1970 of event `index`."""
        return self.start_ms + int((index - self._first) * self._step)

    def count_until(self, end_ms: int) -> int:
        """Number of events before a time."""
        return max(0, math.ceil((end_ms - self.start_ms) / self._step))


class DailyTime:
    """The same mean rate over a day, distributed over the local hours by `activity`, one weight per hour."""

    def __init__(self, even: EvenTime, activity: Sequence[float], utc_offset_hours: float) -> None:
        self._utc_offset_ms = int(utc_offset_hours * HOUR_MS)
        total = sum(activity)
        self._cumulative = [0.0, *accumulate(weight / total for weight in activity)]
        self._even = even
        self.per_second = even.per_second
        self._start_shift = self._even_local_ms(even.start_ms) - (even.start_ms + self._utc_offset_ms)

    def at(self, index: int) -> int:
        """Milliseconds since 1970 of event `index`: when the day's activity reaches the share that an even pace has."""
        day, within = divmod(self._even.at(index) + self._utc_offset_ms + self._start_shift, DAY_MS)
        share = within / DAY_MS
        hour = min(bisect_right(self._cumulative, share), len(self._cumulative) - 1) - 1
        low, high = self._cumulative[hour], self._cumulative[hour + 1]
        return int(day * DAY_MS + (hour + (share - low) / (high - low)) * HOUR_MS) - self._utc_offset_ms

    def count_until(self, end_ms: int) -> int:
        """Number of events before a time."""
        return self._even.count_until(int(self._even_local_ms(end_ms)) - self._utc_offset_ms - int(self._start_shift))

    def _even_local_ms(self, at_ms: int) -> float:
        """Inverse of `at`: the local time at which an even pace has made as many events as the activity."""
        day, within = divmod(at_ms + self._utc_offset_ms, DAY_MS)
        hour, rest = divmod(within, HOUR_MS)
        low, high = self._cumulative[hour], self._cumulative[hour + 1]
        return day * DAY_MS + (low + (high - low) * rest / HOUR_MS) * DAY_MS


class TimeText:
    """ISO-8601 in UTC with milliseconds and `Z`; caches the text of the last second, as events come in order."""

    def __init__(self) -> None:
        self._second = -1
        self._prefix = ""

    def text(self, at_ms: int) -> str:
        """For example 2026-11-21T12:00:00.250Z."""
        second, ms = divmod(at_ms, 1000)
        if second != self._second:
            self._second = second
            self._prefix = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._prefix}.{ms:03d}Z"


def minute_of(time_text: str) -> str:
    """The minute of an ISO-8601 time in UTC, as the journal writes it: 2026-11-21T12:00:00Z."""
    return time_text[:16] + ":00Z"
