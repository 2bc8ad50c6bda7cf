"""Times, durations, shares, counts and lists as words for the sentences of a report."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from warehouse.reports.rows import DataGap
from warehouse.reports.window import MINUTE, Window

MAX_NAMED = 3  # items that a sentence names; the others are counted


def at(moment: datetime) -> str:
    """`2026-03-01 14:03`, UTC."""
    return f"{moment:%Y-%m-%d %H:%M}"


def day(date_: date | None) -> str:
    """`1 Mar`, where the year is known from the window."""
    return f"{date_.day} {date_:%b}" if date_ else "an unknown day"


def short(moment: datetime) -> str:
    """`1 Mar 14:03`, UTC, where the year is known from the window."""
    return f"{moment.day} {moment:%b %H:%M}"


def duration(length: timedelta) -> str:
    """`45 min`, `3 h 5 min`, `2 d 4 h`."""
    minutes = round(length / MINUTE)
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {left} min" if left else f"{hours} h"
    return f"{left} min"


def seconds(number: float) -> str:
    """`1.2 s`, `3 min`, `2 h 5 min`."""
    return f"{number:.1f} s" if number < 120 else duration(timedelta(seconds=number))


def count(number: int, one: str, many: str = "") -> str:
    """`1 machine`, `1,200 machines`; `many` where the plural is not `one` + s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(part: float, whole: float) -> str:
    """`12 %`, `0.3 %`; `no share` of nothing."""
    if not whole:
        return "no share"
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 10 or not part else f"{share:.1f} %" if share >= 0.1 else "less than 0.1 %"


def names(items: Sequence[str], most: int = MAX_NAMED) -> str:
    """`a`, `a and b`, `a, b, c and 4 more`."""
    shown = list(items[:most])
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def topic(stream: str) -> str:
    """`Posts`, `Readings`, `Machine events`."""
    return stream.replace("_", " ").capitalize()


def gap_note(gaps: Sequence[DataGap], stream: str, window: Window, is_drawn: bool = True) -> tuple[str, ...]:
    """One sentence about the stretches without data of a stream, `posts` or `readings`; none without gaps.

    `is_drawn`: they are grey areas in the chart beside it.
    """
    found = [gap for gap in gaps if gap.stream == stream]
    if not found:
        return ()
    if found[0].ends_at - found[0].starts_at >= window.length:
        return (f"There are no {stream} in the whole window.",)
    stretches = [f"between {short(gap.starts_at)} and {short(gap.ends_at)}" for gap in found]
    return (f"No {stream} {names(stretches)} UTC{' (grey)' if is_drawn else ''}.",)


def stretches(gaps: Sequence[DataGap], stream: str) -> list[tuple[datetime, datetime]]:
    """The stretches of time without data of a stream, to be shaded."""
    return [(gap.starts_at, gap.ends_at) for gap in gaps if gap.stream == stream]
