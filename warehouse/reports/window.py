"""The window of a report: its bounds, its bins, and the two periods that its trends compare; all UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from warehouse.reports.errors import CorrectTheWindow

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
# Longest window -> its bins: at most 192 of them, so that a bar is still visible on paper.
STEPS = (
    (timedelta(hours=3), timedelta(minutes=5), "5 minutes"),
    (8 * DAY, timedelta(hours=1), "hour"),
    (31 * DAY, timedelta(hours=6), "6 hours"),
)
LONGEST_STEP = (DAY, "day")


@dataclass(frozen=True)
class Window:
    """From `start` up to, not including, `end`; both UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """end - start."""
        return self.end - self.start

    @property
    def first_day(self) -> date:
        """The UTC day of its start."""
        return self.start.date()

    @property
    def last_day(self) -> date:
        """The UTC day of its last moment."""
        return (self.end - timedelta(microseconds=1)).date()

    @property
    def step(self) -> timedelta:
        """Length of a bin."""
        return self._step[0]

    @property
    def step_name(self) -> str:
        """Length of a bin in words, e.g. `hour`."""
        return self._step[1]

    @property
    def _step(self) -> tuple[timedelta, str]:
        return next(((step, name) for longest, step, name in STEPS if self.length <= longest), LONGEST_STEP)

    def bins(self) -> Iterator[datetime]:
        """The start of each bin; bins begin with the window, the last one may be cut by its end."""
        start = self.start
        while start < self.end:
            yield start
            start += self.step


@dataclass(frozen=True)
class Comparison:
    """Two equally long periods: from `recent_start` to `end`, and from `previous_start` to `recent_start`."""

    previous_start: datetime
    recent_start: datetime
    end: datetime
    is_before_window: bool

    def describe(self) -> str:
        """Both periods in words."""
        length = describe_length(self.end - self.recent_start)
        if self.is_before_window:
            return f"the window with the {length} before it"
        return f"the last {length} with the {length} before them, as there is no older data"


def parse_time(text: str) -> datetime:
    """An ISO 8601 time, UTC unless it has an offset; a date is its midnight.

    Raises:
        CorrectTheWindow: not such a time.
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CorrectTheWindow(f"{text!r} is not a time like 2026-03-01 or 2026-03-01T06:00+00:00") from None


def choose_window(start: datetime | None, end: datetime | None, newest: datetime) -> Window:
    """The window asked for; what is not given follows from the newest event: up to its minute, and the 24 h before.

    Raises:
        CorrectTheWindow: it would not start before its end, or is shorter than a minute.
    """
    chosen_end = end or newest.replace(second=0, microsecond=0) + MINUTE
    chosen_start = start or chosen_end - DAY
    if chosen_end - chosen_start < MINUTE:
        raise CorrectTheWindow(
            f"the window from {chosen_start:%Y-%m-%d %H:%M} to {chosen_end:%Y-%m-%d %H:%M} UTC is shorter than a "
            "minute: correct --from or --to"
        )
    return Window(chosen_start, chosen_end)


def choose_comparison(window: Window, oldest: datetime | None, newest: datetime) -> Comparison:
    """The period before the window if the data is old enough, else the two halves of what there is of the window.

    `oldest`, `newest`: first minute with a hashtag, newest event. Time after the newest event is not compared.
    """
    end = max(min(window.end, newest.replace(second=0, microsecond=0) + MINUTE), window.start)
    before = window.start - (end - window.start)
    if oldest is not None and oldest <= before:
        return Comparison(before, window.start, end, True)
    half = (end - max(window.start, oldest or window.start)) / 2 // MINUTE * MINUTE
    return Comparison(end - 2 * half, end - half, end, False)


def describe_length(length: timedelta) -> str:
    """`24 hours`, `7 days`, `90 minutes`."""
    minutes = round(length / MINUTE)
    for unit, name in ((1440, "day"), (60, "hour")):
        if minutes % unit == 0 and minutes > unit:
            return f"{minutes // unit} {name}s"
    return {1440: "24 hours", 60: "hour", 1: "minute"}.get(minutes, f"{minutes:,} minutes")
