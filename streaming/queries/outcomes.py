"""Counts of a batch's records by outcome: recorded in silver's commit, and from there in the ledger transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from streaming.sinks.postgres import Counts, LedgerEntry
from streaming.transforms.one_pass import OUTCOME, WARNED
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.delta_log import Commit

REPLAYED = "replayed"
"""Outcome of a record replayed from quarantine; when it first came it was counted as `quarantine:<rule>`."""


@dataclass(frozen=True)
class OutcomeCounts:
    """Rows by outcome: `silver` (parts: `late`, `warned:<rule>`), `deletion`, `quarantine:<rule>`, `duplicate`."""

    counts: dict[str, int]
    newest_event_at: str | None

    @property
    def rejected(self) -> int:
        """Rows for quarantine."""
        return sum(rows for outcome, rows in self.counts.items() if outcome.startswith("quarantine:"))

    @property
    def rows(self) -> int:
        """Rows that are written to some table; the rest of the range are duplicates."""
        return sum(rows for outcome, rows in self.counts.items() if not is_part(outcome))


def is_part(outcome: str) -> bool:
    """True for an outcome whose rows are counted as silver already."""
    return outcome == "late" or outcome.startswith(f"{WARNED}:")


def read_outcomes(contributions: pa.Table, records: int) -> OutcomeCounts:
    """The outcomes of a batch of `records` records, from its contributions."""
    rows = _select(contributions, OUTCOME, ["key_a", "n", "m", "newest_event_at"])
    counts = {row["key_a"]: int(row["n"]) for row in rows}
    counts |= {f"{WARNED}:{row['key_a']}": int(row["n"]) for row in _select(contributions, WARNED, ["key_a", "n"])}
    counts["late"] = sum(int(row["m"]) for row in rows)
    newest = max((row["newest_event_at"] for row in rows if row["newest_event_at"]), default=None)
    written = OutcomeCounts(counts, newest and iso(newest))
    return OutcomeCounts({**counts, "duplicate": max(records - written.rows, 0)}, written.newest_event_at)


def iso(at: datetime) -> str:
    """UTC with microseconds; a naive time is UTC, as Spark's session is."""
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return aware.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_of_ms(milliseconds: int) -> str:
    """UTC from milliseconds since 1970."""
    return iso(datetime.fromtimestamp(milliseconds / 1000, UTC))


def to_ledger_entry(commits: list[Commit]) -> LedgerEntry:
    """One ledger row for consecutive commits of silver with new rows, oldest first."""
    first, last = commits[0].metadata, commits[-1].metadata
    newest = [commit.metadata.newest_event_at for commit in commits if commit.metadata.newest_event_at]
    return LedgerEntry(
        lineage=last.lineage,
        silver_version=commits[-1].version,
        start=first.start[first.query],
        to=last.end[last.query],
        rows=sum(commit.metadata.counts.get(outcome, 0) for commit in commits for outcome in ("silver", REPLAYED)),
        newest_event_at=max(newest, default=None),
        batch_at=last.batch_at,
        counts=_sum_counts(commit.metadata for commit in commits),
    )


def minute_of(at: str) -> datetime:
    """The minute of a batch's time."""
    return datetime.fromisoformat(at).replace(second=0, microsecond=0)


def _select(contributions: pa.Table, fact: str, columns: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = contributions.filter(pc.equal(contributions["fact"], fact)).select(columns).to_pylist()
    return rows


def _sum_counts(commits: Iterable[CommitMetadata]) -> Counts:
    counts: Counts = {}
    for metadata in commits:
        minute = minute_of(metadata.batch_at)
        for outcome, rows in metadata.counts.items():
            counts[minute, outcome] = counts.get((minute, outcome), 0) + rows
    return counts
