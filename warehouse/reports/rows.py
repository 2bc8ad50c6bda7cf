"""The rows that a report reads: one frozen class per query in reports/sql, and all of them together.

Times are UTC. A bin is a stretch of the window, named by its start; a bin without data has no row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from warehouse.reports.window import Comparison, Window


@dataclass(frozen=True)
class DataRange:
    """Oldest and newest event time in the database; None without any."""

    oldest_event_at: datetime | None
    newest_event_at: datetime | None


@dataclass(frozen=True)
class HashtagBin:
    """Uses of hashtags in a bin: a post with two hashtags counts twice; `hashtags`: how many different ones."""

    starts_at: datetime
    uses: int
    hashtags: int


@dataclass(frozen=True)
class HashtagTotal:
    """Posts with a hashtag in the window, and in the two periods that the trend compares."""

    hashtag: str
    posts: int
    recent: int
    previous: int


@dataclass(frozen=True)
class HashtagLine:
    """Posts with a hashtag in a bin."""

    hashtag: str
    starts_at: datetime
    posts: int


@dataclass(frozen=True)
class HashtagPair:
    """Posts that carry both hashtags."""

    hashtag_a: str
    hashtag_b: str
    posts: int


@dataclass(frozen=True)
class AuthorDay:
    """A whole UTC day: posts, those of them that are replies, authors, and authors whose first day it was."""

    day: date
    posts: int
    replies: int
    authors: int
    new_authors: int


@dataclass(frozen=True)
class DataGap:
    """A stretch of the window without any data of a stream, `posts` or `readings`."""

    stream: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Movement:
    """Authors that were in one segment on `previous_day` and in another, or the same, on `day`; None: in none."""

    day: date | None
    previous_day: date | None
    previous_segment_id: int | None
    previous_segment: str | None
    segment_id: int | None
    segment: str | None
    authors: int


@dataclass(frozen=True)
class Machine:
    """A machine, its first minute with data of all time, and its last one before the window's end."""

    machine_id: str
    model: str | None
    line: str | None
    site: str | None
    first_minute: datetime | None
    last_minute: datetime | None


@dataclass(frozen=True)
class Anomaly:
    """Unusual minutes of a sensor. `kind`: above limit, below limit, unusually high, unusually low.

    `extreme`: the most unusual mean of a minute, `limit_value`: the limit that it left, both in `unit`.
    `machine_minutes`, `machine_minutes_outside`: minutes of the machine in which any sensor was unusual, or outside.
    """

    machine_id: str
    sensor: str
    unit: str
    kind: str
    minutes: int
    first_minute: datetime
    last_minute: datetime
    extreme: float
    limit_value: float | None
    machine_minutes: int
    machine_minutes_outside: int


@dataclass(frozen=True)
class ShiftUse:
    """A shift of a machine: minutes planned, with readings, and producing. `shift_date`: local day of its start."""

    machine_id: str
    line: str | None
    site: str | None
    shift: str
    shift_date: date
    starts_at: datetime
    ends_at: datetime
    minutes_in_shift: int
    minutes_with_data: int
    minutes_producing: int


@dataclass(frozen=True)
class Shift:
    """A shift in local wall time."""

    shift: str
    starts_at: time
    ends_at: time
    time_zone: str


@dataclass(frozen=True)
class MachineGap:
    """Minutes of the window without data of a machine; `is_open`: it was still silent at the window's end."""

    machine_id: str
    starts_at: datetime
    ends_at: datetime
    minutes: int
    is_open: bool


@dataclass(frozen=True)
class Failure:
    """A failure and its repair; `repaired_at` None: not repaired up to the window's end."""

    machine_id: str
    event_id: str
    failed_at: datetime
    repaired_at: datetime | None
    detail: str | None


@dataclass(frozen=True)
class Freshness:
    """The newest event of a stream up to the window's end, and how old it was when its batch was committed, seconds."""

    stream: str
    newest_event_at: datetime | None
    committed_at: datetime | None
    age_seconds: float | None


@dataclass(frozen=True)
class Outcome:
    """Records of a stream in a bin of processing time; `outcome` as in serving.pipeline_counts."""

    stream: str
    starts_at: datetime
    outcome: str
    records: int


@dataclass(frozen=True)
class Latency:
    """Age in seconds of the newest event of each batch when it was committed, per bin of event time."""

    stream: str
    starts_at: datetime
    batches: int
    median_seconds: float
    p95_seconds: float
    worst_seconds: float


@dataclass(frozen=True)
class NewField:
    """A field that senders have added and nobody reads."""

    topic: str
    field: str
    first_seen_at: datetime


@dataclass(frozen=True)
class ReportRows:
    """Every row of a report, read in one transaction. `processed`: the window of processing time of `outcomes`."""

    window: Window
    processed: Window
    comparison: Comparison
    hashtag_bins: tuple[HashtagBin, ...] = ()
    hashtag_totals: tuple[HashtagTotal, ...] = ()
    hashtag_lines: tuple[HashtagLine, ...] = ()
    hashtag_pairs: tuple[HashtagPair, ...] = ()
    author_days: tuple[AuthorDay, ...] = ()
    data_gaps: tuple[DataGap, ...] = ()
    movements: tuple[Movement, ...] = ()
    machines: tuple[Machine, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    utilisation: tuple[ShiftUse, ...] = ()
    shifts: tuple[Shift, ...] = ()
    machine_gaps: tuple[MachineGap, ...] = ()
    failures: tuple[Failure, ...] = ()
    freshness: tuple[Freshness, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    latency: tuple[Latency, ...] = ()
    new_fields: tuple[NewField, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True if nothing happened in the window; a machine that waits for its repair is nothing new."""
        is_event = any(row.failed_at >= self.window.start or row.repaired_at for row in self.failures)
        return not (self.hashtag_bins or has_readings(self.machines, self.window) or is_event or self.outcomes)


def has_readings(machines: Sequence[Machine], window: Window) -> bool:
    """Whether any machine sent a reading in the window."""
    return any(row.last_minute and row.last_minute >= window.start for row in machines)
