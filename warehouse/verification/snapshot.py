"""The snapshot: one version of each Delta table that fits the others, and the offsets reached in each partition there.

PostgreSQL, silver, gold and bronze are written by different queries and are rarely at the same point. Silver is read at
the version that PostgreSQL's ledger has, each gold table with the silver version it was made from, and bronze once it
has reached silver's end offsets. What is newer is not compared but counted as waiting.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from warehouse.verification.commits import (
    Commit,
    find_newest_commit,
    find_newest_version,
    find_newest_with_same_rows,
    read_commits,
)
from warehouse.verification.delta_reader import DeltaReader
from warehouse.verification.inputs import Inputs
from warehouse.verification.scratch_database import append_rows
from warehouse.verification.tables import GOLD, QUERIES

BRONZE = "bronze/records"
PAUSE_SECONDS = 0.2

TopicPartition = tuple[str, int, int]
"""Topic, generation, partition."""
EndOffsets = dict[TopicPartition, int]
"""The next offset to read."""


@dataclass
class Snapshot:
    """Versions that fit each other. None: the table does not exist yet, or PostgreSQL has applied nothing."""

    ledger: dict[str, int | None] = field(default_factory=dict)  # silver's version that PostgreSQL has, by query
    silver: dict[str, int | None] = field(default_factory=dict)  # the version read: the ledger's, else the newest
    newest: dict[str, int | None] = field(default_factory=dict)  # silver's newest version, by query
    gold: dict[str, Commit | None] = field(default_factory=dict)  # by table; its metadata has silver's version
    bronze: int | None = None
    ends: dict[str, dict[str, int]] = field(default_factory=dict)  # topic -> "generation/partition" -> next offset

    def describe(self) -> dict[str, Any]:
        """Versions and end offsets, for the report."""
        gold = {name: commit and read_silver_version(commit) for name, commit in self.gold.items()}
        return {"silver": self.silver, "gold": gold, "bronze": self.bronze, "offsets": self.ends}


def take_snapshot(delta: DeltaReader, inputs: Inputs) -> Snapshot:
    """Fixes the versions and waits until bronze has reached silver's end offsets.

    Needs DuckDB's table `pg_ledger`. Fills `ends`, `batches`, `commits`, `replays`, `versions`, `replay_marks`,
    `pending_batches` and `horizons`.
    """
    snapshot = Snapshot(ledger=_read_ledger(delta))
    silver: EndOffsets = {}
    for query in QUERIES:
        table = delta.table(f"silver/{query}")
        snapshot.newest[query] = find_newest_version(table)
        applied = _choose_version(snapshot.ledger.get(query), snapshot.newest[query])
        snapshot.silver[query] = None if applied is None else find_newest_with_same_rows(table, applied)
        silver |= _load_commits(delta, query, snapshot.silver[query])
    for gold in GOLD:
        snapshot.gold[gold.name] = find_newest_commit(delta.table(f"gold/{gold.name}"), "silver_version")
    snapshot.bronze, bronze = _wait_for_bronze(delta, silver, inputs.wait_seconds)
    for (topic, generation, partition), stop in silver.items():
        snapshot.ends.setdefault(topic, {})[f"{generation}/{partition}"] = stop
    ends = [(*key, silver.get(key, 0), bronze.get(key, 0)) for key in {**silver, **bronze}]
    versions = [(query, snapshot.newest[query], snapshot.silver[query]) for query in QUERIES]
    append_rows(delta.database, "ends", ends)
    append_rows(delta.database, "versions", versions)
    append_rows(delta.database, "replay_marks", list(_read_replay_marks(delta)))
    append_rows(delta.database, "pending_batches", list(_count_pending_batches(delta, snapshot)))
    append_rows(delta.database, "horizons", [(query, s * 1_000_000) for query, s in inputs.horizons.items()])
    return snapshot


def read_silver_version(commit: Commit) -> int:
    """The version of silver that a commit of gold or quarantine names."""
    return int(commit.metadata["silver_version"])


def _choose_version(ledger: int | None, newest: int | None) -> int | None:
    """The ledger's version, but never one newer than the table's; the newest where the ledger has none."""
    return newest if ledger is None or newest is None else min(ledger, newest)


def _read_ledger(delta: DeltaReader) -> dict[str, int | None]:
    return dict(delta.database.table("pg_ledger").aggregate("query, max(silver_version)").fetchall())


def _load_commits(delta: DeltaReader, query: str, version: int | None) -> EndOffsets:
    """Fills `batches`, `replays` and `commits` from silver's log; returns the end offsets at `version`.

    Where a batch overlaps the one before it, only its rest is kept, so that each offset belongs to one batch.
    """
    ends: EndOffsets = {}
    batches: list[tuple[Any, ...]] = []
    commits: list[tuple[Any, ...]] = []
    replays: list[tuple[Any, ...]] = []
    for commit in read_commits(delta.table(f"silver/{query}"), version, "to"):
        metadata, generation = commit.metadata, _read_generation(commit, query)
        start, stop = (dict(_read_partitions(metadata.get(key, {}), query)) for key in ("from", "to"))
        for partition, end in stop.items():
            key = (query, generation, partition)
            begin = max(start.get(partition, 0), ends.get(key, 0))
            if commit.is_batch and end > begin:
                batches.append((*key, begin, end, commit.version, _read_batch_us(commit), metadata.get("rules")))
            ends[key] = max(end, ends.get(key, 0))
        commits += [
            (query, commit.version, generation, partition, start.get(partition, 0), end, commit.is_batch)
            for partition, end in stop.items()
        ]
        replays += [(query, commit.version, metadata.get("rules"))] if commit.is_replay else []
    append_rows(delta.database, "batches", batches)
    append_rows(delta.database, "replays", replays)
    append_rows(delta.database, "commits", commits)
    return ends


def _count_pending_batches(delta: DeltaReader, snapshot: Snapshot) -> Iterator[tuple[str, str, int]]:
    """Batches of silver that PostgreSQL or gold have not applied yet: (stage, query, batches).

    A batch without rows counts for PostgreSQL alone: it advances the ledger but leaves gold unchanged.
    """
    for query in QUERIES:
        batches = [
            (commit.version, _count_rows(commit))
            for commit in read_commits(delta.table(f"silver/{query}"), snapshot.newest[query], "to")
            if commit.changes_rows
        ]
        ledger = snapshot.ledger.get(query)
        yield "silver, not yet in PostgreSQL", query, sum(ledger is None or v > ledger for v, _ in batches)
        for gold in GOLD:
            if gold.query == query:
                commit = snapshot.gold[gold.name]
                applied = -1 if commit is None else read_silver_version(commit)
                yield f"silver, not yet in {gold.name}", query, sum(v > applied and rows > 0 for v, rows in batches)


def _count_rows(commit: Commit) -> int:
    counts = commit.metadata.get("counts", {})
    return int(counts.get("replayed" if commit.is_replay else "silver", 1))


def _read_replay_marks(delta: DeltaReader) -> Iterator[tuple[str, int, int, str | None]]:
    """Commits in which a replay marked quarantined rows as replayed: topic, `replayed_at`, silver's version, rules."""
    for query in QUERIES:
        table = delta.table(f"quarantine/{query}")
        for commit in read_commits(table, find_newest_version(table), "replayed_at"):
            metadata = commit.metadata
            if commit.is_replay:
                yield query, _to_us(metadata["replayed_at"]), read_silver_version(commit), metadata.get("rules")


def _wait_for_bronze(delta: DeltaReader, silver: EndOffsets, seconds: float) -> tuple[int | None, EndOffsets]:
    """Bronze's version and end offsets, at or past silver's; after `seconds`, those that it has by then."""
    deadline = time.monotonic() + seconds
    table, read, ends = delta.table(BRONZE), -1, EndOffsets()
    while True:
        version = find_newest_version(table)
        for commit in read_commits(table, version, "to", after=read):
            _advance(ends, commit)
        read = -1 if version is None else version
        if all(ends.get(key, 0) >= stop for key, stop in silver.items()) or time.monotonic() > deadline:
            return version, ends
        time.sleep(PAUSE_SECONDS)


def _advance(ends: EndOffsets, commit: Commit) -> None:
    """Moves the end offsets forward to those of a commit of bronze."""
    for topic in commit.metadata["to"]:
        for partition, stop in _read_partitions(commit.metadata["to"], topic):
            key = (topic, _read_generation(commit, topic), partition)
            ends[key] = max(stop, ends.get(key, 0))


def _read_generation(commit: Commit, topic: str) -> int:
    """The topic's generation: one number in silver's metadata, one per topic in bronze's; 1 where there is none."""
    generation = commit.metadata.get("generation", 1)
    return int(generation.get(topic, 1)) if isinstance(generation, dict) else int(generation)


def _read_partitions(offsets: Mapping[str, Any], topic: str) -> Iterator[tuple[int, int]]:
    """Partition and offset, from offsets by partition (silver) or by topic and partition (bronze)."""
    for partition, offset in offsets.get(topic, offsets).items():
        yield int(partition), int(offset)


def _read_batch_us(commit: Commit) -> int | None:
    at = commit.metadata.get("batch_at")
    return None if at is None else _to_us(at)


def _to_us(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1_000_000)
