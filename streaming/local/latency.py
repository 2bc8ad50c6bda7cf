"""Figures of a run: latency from sending to visibility in PostgreSQL, growth of the lag, memory of the driver.

Latencies compare two independent records: the generator's journal (when sent) and `ops.ledger` (when committed).
"""

import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import linear_regression

import duckdb
import pyarrow as pa

from streaming.local.lag_sampler import Sample
from warehouse.database.connections import Connection, read_sql

_MEMORY_LIMIT = "512MB"  # beside a running database and broker


@dataclass(frozen=True)
class Latency:
    """Seconds from an event's sending to its visibility, over the events of one topic."""

    topic: str
    events: int
    p50_seconds: float
    p99_seconds: float


@dataclass(frozen=True)
class Figures:
    """One run's figures: lag in records; `driver_bytes`, the highest memory of the driver's JVM and Python together."""

    latencies: list[Latency]
    lag_slope_per_second: float | None
    lag_highest: int | None
    driver_bytes: int


def measure(journal: Path, connection: Connection, samples: Sequence[Sample], span: tuple[datetime, float]) -> Figures:
    """Figures from `span[0]` to `span[1]`, a UNIX time before which the last event was sent.

    Memory is of all samples: the warm-up before `span[0]` needs memory too.
    """
    since, until = span[0].timestamp(), span[1]
    during = [sample for sample in samples if since <= sample.at <= until]
    lags = [sample.lag for sample in during if sample.lag is not None]
    return Figures(
        latencies=read_latencies(journal, connection, span[0]),
        lag_slope_per_second=compute_lag_slope(during),
        lag_highest=max(lags, default=None),
        driver_bytes=max((sample.driver_bytes for sample in samples), default=0),
    )


def read_latencies(journal: Path, connection: Connection, since: datetime) -> list[Latency]:
    """Latencies of the valid events that were sent at or after `since`; empty when there were none."""
    files = [str(path) for path in journal.glob("*.jsonl") if path.stat().st_mtime >= since.timestamp()]
    if not files:
        return []
    query = importlib.resources.files("streaming.local").joinpath("latencies.sql").read_text(encoding="utf-8")
    with duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": 2}) as database:
        database.register("commits", _read_commits(connection, since))
        rows = database.execute(query, {"files": files, "since": _without_zone(since)}).fetchall()
    return [Latency(*row) for row in rows]


def compute_lag_slope(samples: Sequence[Sample]) -> float | None:
    """Least-squares slope of the lag in records per second; None with fewer than three samples that have a lag."""
    known = [(sample.at, sample.lag) for sample in samples if sample.lag is not None]
    if len(known) < 3:
        return None
    times, lags = zip(*known, strict=True)
    return linear_regression([at - times[0] for at in times], lags).slope


def _read_commits(connection: Connection, since: datetime) -> pa.Table:
    with connection, connection.cursor() as cursor:
        cursor.execute(read_sql("ledger/commits_since.sql"), {"since": since})
        rows = cursor.fetchall()
    topics, partitions, offsets, committed = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "topic": pa.array(topics, pa.string()),
            "partition": pa.array(partitions, pa.int32()),
            "to_offset": pa.array(offsets, pa.int64()),
            "committed_at": pa.array([_without_zone(moment) for moment in committed], pa.timestamp("us")),
        }
    )


def _without_zone(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
