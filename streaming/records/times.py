"""Times as microseconds since 1970 in UTC, and the rules about an event's time."""

from datetime import date
from functools import lru_cache

import regex

from streaming.records.quality_rules import QualityRules, Unusable

_TIME = regex.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?:Z|([+-])(\d{2}):(\d{2}))", regex.ASCII
)
_DAY_SECONDS, _MAX_ZONE_MINUTES = 86_400, 18 * 60
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097  # after so many years the calendar repeats; Python knows no year 0


def parse_time(text: str) -> int | None:
    """ISO-8601 with a zone -> microseconds; None if the text has another form or names a time that does not exist."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    day, hours, minutes, seconds, fraction, sign, zone_hours, zone_minutes = match.groups()
    days = _days_of(day)
    if days is None or hours > "23" or minutes > "59" or seconds > "59":
        return None
    second = days * _DAY_SECONDS + int(hours) * 3_600 + int(minutes) * 60 + int(seconds)
    if sign:
        ahead = int(zone_hours) * 60 + int(zone_minutes)
        if zone_minutes > "59" or ahead > _MAX_ZONE_MINUTES:
            return None
        second += -ahead * 60 if sign == "+" else ahead * 60
    return second * 1_000_000 + (int(fraction.ljust(6, "0")) if fraction else 0)


@lru_cache(maxsize=1_024)  # nearly all events are of today
def _days_of(text: str) -> int | None:
    """YYYY-MM-DD -> days since 1970, None if there is no such day."""
    year, month, day = map(int, text.split("-"))
    cycles = 0 if year else 1
    try:
        days = date(year + cycles * _CYCLE_YEARS, month, day).toordinal()
    except ValueError:
        return None
    return days - cycles * _CYCLE_DAYS - date(1970, 1, 1).toordinal()


def _instant(text: str) -> int:
    at = parse_time(text)
    if at is None:
        raise ValueError(text)
    return at


KEPT_TIMES = (_instant("1000-01-01T00:00:00Z"), _instant("9999-01-01T00:00:00Z"))
"""Range [first, end) of storable times: outside it a time rule rejects even where its action is `warn`, because some
readers of the tables fail on such times."""


class TimeRules:
    """The rules about an event's time relative to the record's Kafka time."""

    def __init__(self, rules: QualityRules) -> None:
        self._earliest = _instant(f"{rules.earliest}T00:00:00Z")
        self._earliest_text = rules.earliest
        self._tolerance_minutes = rules.tolerance_minutes
        self._late_us = rules.late_seconds * 1_000_000
        self._warning = rules.warning

    def read(self, name: str, text: str, kafka_us: int) -> tuple[int, str | None]:
        """The time, and the rule with action `warn` that it breaks (None if it breaks none).

        Raises:
            Unusable: `bad_time`, `ancient_time`, `future_time`.
        """
        at = parse_time(text)
        if at is None:
            raise Unusable("bad_time", f"{name} is not an ISO-8601 time with a zone")
        warned = None
        if at < self._earliest:
            if "ancient_time" not in self._warning or at < KEPT_TIMES[0]:
                raise Unusable("ancient_time", f"{name} is before {self._earliest_text}")
            warned = "ancient_time"
        if at > kafka_us + self._tolerance_minutes * 60_000_000:  # both, where the broker's clock is wrong
            if "future_time" not in self._warning or at >= KEPT_TIMES[1]:
                ahead = f"{name} is more than {self._tolerance_minutes} minutes after its arrival"
                raise Unusable("future_time", ahead)
            warned = warned or "future_time"
        return at, warned

    def is_late(self, at: int, kafka_us: int) -> bool:
        """Whether the event is more than `late_seconds` older than its record."""
        return kafka_us - at > self._late_us
