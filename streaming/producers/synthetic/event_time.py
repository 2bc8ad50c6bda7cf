"""Event time as a pure function of the index: even (a paced run) or following the hours of the day (a history)."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class EvenTime:
    """`per_second` events a second from `start_ms` on, the event `first` being the first one."""

    def __init__(self, start_ms: int, per_second: float, first: int) -> None:
        self.start_ms = start_ms
        self.per_second = per_second
        self._step = 1000.0 / per_second
        self._first = first

    def at(self, index: int) -> int:
        """Milliseconds since 1970 of event `index`."""
        return self.start_ms + int((index - self._first) * self._step)

    def count_until(self, end_ms: int) -> int:
        """How many events lie before a time."""
        return max(0, math.ceil((end_ms - self.start_ms) / self._step))


class DailyTime:
    """The same mean rate over a day, but denser at the busy hours: `activity` is one weight per local hour."""

    def __init__(self, even: EvenTime, activity: Sequence[float], offset_hours: float) -> None:
        self._offset = int(offset_hours * 3_600_000)
        total = sum(activity)
        self._reached = [0.0, *accumulate(weight / total for weight in activity)]
        self._even = even
        self.per_second = even.per_second
        self._lead = self._done(even.start_ms) - (even.start_ms + self._offset)

    def at(self, index: int) -> int:
        """Milliseconds since 1970: when as much of the day's activity is over as the even pace would have done."""
        day, within = divmod(self._even.at(index) + self._offset + self._lead, DAY_MS)
        share = within / DAY_MS
        hour = min(bisect_right(self._reached, share), len(self._reached) - 1) - 1
        low, high = self._reached[hour], self._reached[hour + 1]
        return int(day * DAY_MS + (hour + (share - low) / (high - low)) * HOUR_MS) - self._offset

    def count_until(self, end_ms: int) -> int:
        """How many events lie before a time."""
        return self._even.count_until(int(self._done(end_ms)) - self._offset - int(self._lead))

    def _done(self, at_ms: int) -> float:
        """Local time as it would read if activity were even."""
        day, within = divmod(at_ms + self._offset, DAY_MS)
        hour, rest = divmod(within, HOUR_MS)
        low, high = self._reached[hour], self._reached[hour + 1]
        return day * DAY_MS + (low + (high - low) * rest / HOUR_MS) * DAY_MS


class TimeText:
    """ISO-8601 in UTC with milliseconds and `Z`; remembers the last second, as events come in order."""

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
    """The minute of an ISO time in UTC, as the journal writes it."""
    return time_text[:16] + ":00Z"
