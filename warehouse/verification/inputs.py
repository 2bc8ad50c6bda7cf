"""What a recount is given: plain paths, limits and a reader of the warehouse's facts; no settings objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """The quality rules as plain values (the wire's documented rules; times in seconds, lengths in code points)."""

    max_lengths: Mapping[str, int]
    sensor_limits: Mapping[str, tuple[float, float]]
    earliest: str  # ISO date, UTC
    tolerance_seconds: int
    late_seconds: int
    warning: frozenset[str] = frozenset()  # rules whose records are kept and counted


@dataclass(frozen=True)
class Inputs:
    """Where things are. `journal` is None where nobody kept one."""

    lake: Path
    key_file: Path  # hex text of the pseudonym key
    limits: Limits
    horizons: Mapping[str, int]  # query -> deduplication horizon in seconds
    journal: Path | None = None
    drained: bool = False  # the stream was drained: whatever still waits is a difference
    wait_seconds: float = 15.0  # for bronze to pass the cut
    workers: int = 2
    temporary: Path | None = None  # parent of the scratch folder; None: the system's
    memory: str = field(default="800MB")  # of DuckDB, beside the parsing processes
