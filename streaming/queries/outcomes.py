"""Counts what became of a batch's records: the figures that travel in silver's commit to the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from streaming.sinks.postgres import Counts, LedgerEntry
from streaming.transforms.one_pass import OUTCOME, WARNED
from warehouse.lake.delta_log import Commit

REPLAYED = "replayed"
"""Outcome of a record that quarantine gave back; when it came it was counted as `quarantine:<rule>`."""


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
        """Rows that have a place of their own; the rest of the range are duplicates."""
        return sum(rows for outcome, rows in self.counts.items() if not is_part(outcome))


def is_part(outcome: str) -> bool:
    """True for what is counted as silver already."""
    return outcome == "late" or outcome.startswith(f"{WARNED}:")


def read_outcomes(facts: pa.Table, records: int) -> OutcomeCounts:
    """The outcomes among the facts of a batch; `records` is the size of the range they come from."""
    outcomes = facts.filter(pc.equal(facts["fact"], OUTCOME)).select(["key_a", "n", "m", "seen"]).to_pylist()
    warned = facts.filter(pc.equal(facts["fact"], WARNED)).select(["key_a", "n"]).to_pylist()
    counts = {row["key_a"]: int(row["n"]) for row in outcomes}
    counts |= {f"{WARNED}:{row['key_a']}": int(row["n"]) for row in warned}
    newest = max((row["seen"] for row in outcomes if row["seen"]), default=None)
    outcomes = OutcomeCounts({**counts, "late": sum(int(row["m"]) for row in outcomes)}, newest and iso(newest))
    return OutcomeCounts({**outcomes.counts, "duplicate": max(records - outcomes.rows, 0)}, outcomes.newest_event_at)


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
        rows=sum(int(c.position["counts"].get(outcome, 0)) for c in commits for outcome in ("silver", REPLAYED)),
        newest_event_at=max(newest, default=None),
        batch_at=last["batch_at"],
        counts=_sum_counts(c.position for c in commits),
    )


def minute_of(at: str) -> datetime:
    """The minute of a batch's time."""
    return datetime.fromisoformat(at).replace(second=0, microsecond=0)


def _sum_counts(positions: Iterable[dict[str, Any]]) -> Counts:
    counts: Counts = {}
    for position in positions:
        minute = minute_of(position["batch_at"])
        for outcome, rows in position["counts"].items():
            counts[minute, outcome] = counts.get((minute, outcome), 0) + int(rows)
    return counts
