"""The rows that the page reads: one frozen class per query in dashboards/sql, and the snapshot of all of them."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Freshness:
    """Newest event time of a stream; None before its first event."""

    stream: str
    newest_event_at: datetime | None


@dataclass(frozen=True)
class TopHashtag:
    """One ranked hashtag. `recent` and `previous` are two equally long runs of whole minutes, one after the other."""

    hashtag: str
    posts: int
    recent: int
    previous: int
    trend_minutes: int


@dataclass(frozen=True)
class HashtagMinute:
    """Posts of one hashtag in one minute; a minute without posts has no row."""

    hashtag: str
    minute: datetime
    posts: int


@dataclass(frozen=True)
class SensorState:
    """The newest minute of one sensor: its average, its normal band and its limits, None where unknown or not set."""

    machine_id: str
    place: str
    sensor: str
    unit: str
    minute: datetime
    average: float
    limit_low: float | None
    limit_high: float | None
    normal_low: float | None = None
    normal_high: float | None = None


@dataclass(frozen=True)
class NormalBand:
    """The range in which a sensor of a machine normally is; only sensors with enough data (60 minutes) have one."""

    machine_id: str
    sensor: str
    normal_low: float
    normal_high: float


@dataclass(frozen=True)
class SensorMinute:
    """The average of one sensor in one minute; a silent minute has no row."""

    machine_id: str
    sensor: str
    minute: datetime
    average: float


@dataclass(frozen=True)
class OutcomeCount:
    """Number of records of a query per outcome; `outcome` as in ops.row_counts, e.g. `quarantine:malformed`."""

    query: str
    outcome: str
    rows: int


@dataclass(frozen=True)
class Snapshot:
    """Every row that the page shows, read in one transaction at `read_at` (the database's clock)."""

    read_at: datetime
    span_minutes: int
    freshness: tuple[Freshness, ...] = ()
    top_hashtags: tuple[TopHashtag, ...] = ()
    hashtag_minutes: tuple[HashtagMinute, ...] = ()
    sensor_states: tuple[SensorState, ...] = ()
    sensor_minutes: tuple[SensorMinute, ...] = field(default=(), repr=False)
    outcome_counts: tuple[OutcomeCount, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True before the first data."""
        return not (self.top_hashtags or self.sensor_states or self.outcome_counts)
