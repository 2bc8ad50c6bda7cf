"""Counts what became of a batch's records: the figures that travel in silver's commit to the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from streaming.sinks.ledger import Counts, LedgerEntry
from warehouse.delta_log import Commit


@dataclass(frozen=True)
class Tally:
    """Rows by outcome (`silver`, `deletion`, `quarantine:<rule>`, `duplicate`; `late` is a part of `silver`)."""

    counts: dict[str, int]
    newest_event_at: str | None

    @property
    def rejected(self) -> int:
        """Rows for quarantine."""
        return sum(rows for outcome, rows in self.counts.items() if outcome.startswith("quarantine:"))

    @property
    def rows(self) -> int:
        """Rows that have a place of their own; the rest of the range are duplicates."""
        return sum(rows for outcome, rows in self.counts.items() if outcome != "late")


def tally_outcomes(events: DataFrame, records: int, late_seconds: int) -> Tally:
    """Counts deduplicated events; `records` is the size of the range they come from.

    One small aggregate, which also consumes the whole batch: a stateful query must not leave any of it unread.
    """
    valid = F.col("rejection").isNull()
    kind = F.when(F.col("kind") == "deletion", F.lit("deletion")).otherwise(F.lit("silver"))
    outcome = F.when(valid, kind).otherwise(F.concat(F.lit("quarantine:"), F.col("rejection.rule")))
    lag = F.unix_micros("kafka_at") - F.unix_micros("event_at")
    late = valid & (kind == "silver") & (lag > late_seconds * 1_000_000)
    found = events.groupBy(outcome.alias("outcome")).agg(
        F.count("*").alias("rows"),
        F.count(F.when(late, 1)).alias("late"),
        F.max(F.when(valid, F.col("event_at"))).alias("newest"),
    )
    return _to_tally(found.collect(), records)


def _to_tally(found: list[Row], records: int) -> Tally:
    counts = {row["outcome"]: int(row["rows"]) for row in found}
    newest = max((row["newest"] for row in found if row["outcome"] == "silver" and row["newest"]), default=None)
    tally = Tally({**counts, "late": sum(int(row["late"]) for row in found)}, newest and iso(newest))
    return Tally({**tally.counts, "duplicate": max(records - tally.rows, 0)}, tally.newest_event_at)


def iso(at: datetime) -> str:
    """UTC with microseconds; a naive time is UTC, as Spark's session is."""
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return aware.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_of_ms(milliseconds: int) -> str:
    """UTC from milliseconds since 1970."""
    return iso(datetime.fromtimestamp(milliseconds / 1000, UTC))


def to_ledger_entry(commits: list[Commit]) -> LedgerEntry:
    """One ledger row for consecutive stream commits, oldest first."""
    first, last = commits[0].position, commits[-1].position
    newest = [c.position["newest_event_at"] for c in commits if c.position.get("newest_event_at")]
    return LedgerEntry(
        lineage=int(last["lineage"]),
        silver_version=commits[-1].version,
        start=first["from"],
        to=last["to"],
        rows=sum(int(c.position["counts"].get("silver", 0)) for c in commits),
        newest_event_at=max(newest, default=None),
        batch_at=last["batch_at"],
        counts=_sum_counts(c.position for c in commits),
    )


def _sum_counts(positions: Iterable[dict[str, Any]]) -> Counts:
    counts: Counts = {}
    for position in positions:
        minute = datetime.fromisoformat(position["batch_at"]).replace(second=0, microsecond=0)
        for outcome, rows in position["counts"].items():
            counts[minute, outcome] = counts.get((minute, outcome), 0) + int(rows)
    return counts
