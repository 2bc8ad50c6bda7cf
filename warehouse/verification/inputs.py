"""What a recount needs, as plain values: settings objects would be code shared with the rest of the project."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """The quality rules as plain values (times in seconds, lengths in code points)."""

    max_lengths: Mapping[str, int]  # field -> longest text
    sensor_limits: Mapping[str, tuple[float, float]]  # sensor -> lowest and highest possible value
    earliest: str  # ISO date, UTC: an event time before it is `ancient_time`
    tolerance_seconds: int  # an event time that is further ahead of the Kafka time is `future_time`
    late_seconds: int  # a record older than this on arrival is counted as late
    warned_rules: frozenset[str] = frozenset()  # rules with the action "warn": the record is kept and counted


@dataclass(frozen=True)
class Inputs:
    """Where everything is. `journal` is None where the generator wrote none."""

    lake: Path
    key_file: Path  # hex text of the pseudonym key
    limits: Limits
    horizons: Mapping[str, int]  # query -> deduplication horizon in seconds
    journal: Path | None = None
    drained: bool = False  # the stream was drained: a record that is still waiting is a difference
    wait_seconds: float = 15.0  # for bronze to reach the end offsets of silver
    workers: int = 2  # parsing processes, and threads of DuckDB
    temporary: Path | None = None  # parent of the temporary folder; None: the system's
    memory: str = field(default="800MB")  # of DuckDB; the parsing processes need theirs besides
