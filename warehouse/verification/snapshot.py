"""The common cut: every table at one version, and how far each partition is known there."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from warehouse.verification.commits import Commit, newest_note, newest_version, read_commits, through_upkeep
from warehouse.verification.delta_reader import Lake
from warehouse.verification.inputs import Inputs
from warehouse.verification.scratch import append_rows
from warehouse.verification.tables import GOLD, QUERIES

BRONZE = "bronze/records"
PAUSE_SECONDS = 0.2

Place = tuple[str, int, int]
"""Topic, generation, partition."""
Ends = dict[Place, int]
"""The next offset to read."""


@dataclass
class Snapshot:
    """Versions that belong together. None: there is nothing yet."""

    ledger: dict[str, int | None] = field(default_factory=dict)  # silver's version that PostgreSQL has, by query
    silver: dict[str, int | None] = field(default_factory=dict)  # the version read: the ledger's, else the newest
    newest: dict[str, int | None] = field(default_factory=dict)
    gold: dict[str, Commit | None] = field(default_factory=dict)  # by table; its note names silver's version
    bronze: int | None = None
    ends: dict[str, dict[str, int]] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """For the report."""
        gold = {name: commit and silver_version(commit) for name, commit in self.gold.items()}
        return {"silver": self.silver, "gold": gold, "bronze": self.bronze, "offsets": self.ends}


def make_snapshot(lake: Lake, inputs: Inputs) -> Snapshot:
    """Fixes the versions, waits until bronze has passed silver, and fills `ends`, `batches`, `commits`, `horizons`."""
    cut = Snapshot(ledger=_read_ledger(lake))
    silver: Ends = {}
    for query in QUERIES:
        table = lake.table(f"silver/{query}")
        cut.newest[query] = newest_version(table)
        followed = _at_most(cut.ledger.get(query), cut.newest[query])
        cut.silver[query] = None if followed is None else through_upkeep(table, followed)
        silver |= _load_commits(lake, query, cut.silver[query])
    for gold in GOLD:
        cut.gold[gold.name] = newest_note(lake.table(f"gold/{gold.name}"), "silver_version")
    cut.bronze, bronze = _wait_for_bronze(lake, silver, inputs.wait_seconds)
    for (topic, generation, partition), stop in silver.items():
        cut.ends.setdefault(topic, {})[f"{generation}/{partition}"] = stop
    ends = [(*place, silver.get(place, 0), bronze.get(place, 0)) for place in {**silver, **bronze}]
    append_rows(lake.database, "ends", ends)
    append_rows(lake.database, "versions", [(query, cut.newest[query], cut.silver[query]) for query in QUERIES])
    append_rows(lake.database, "marks", list(_read_marks(lake)))
    append_rows(lake.database, "behind", list(_count_behind(lake, cut)))
    append_rows(lake.database, "horizons", [(query, s * 1_000_000) for query, s in inputs.horizons.items()])
    return cut


def silver_version(commit: Commit) -> int:
    """The version of silver that a gold commit has condensed."""
    return int(commit.note["silver_version"])


def _at_most(ledger: int | None, newest: int | None) -> int | None:
    return newest if ledger is None or newest is None else min(ledger, newest)


def _read_ledger(lake: Lake) -> dict[str, int | None]:
    return dict(lake.database.table("pg_ledger").aggregate("query, max(silver_version)").fetchall())


def _load_commits(lake: Lake, query: str, version: int | None) -> Ends:
    """Records each batch's range and returns the ends. Of a batch that overlaps the one before, the rest only."""
    ends: Ends = {}
    batches: list[tuple[Any, ...]] = []
    noted: list[tuple[Any, ...]] = []
    replays: list[tuple[Any, ...]] = []
    for commit in read_commits(lake.table(f"silver/{query}"), version, "to"):
        note, generation = commit.note, _generation_of(commit, query)
        start, stop = (dict(_partitions(note.get(key, {}), query)) for key in ("from", "to"))
        for partition, end in stop.items():
            place = (query, generation, partition)
            begin = max(start.get(partition, 0), ends.get(place, 0))
            if commit.is_batch and end > begin:
                batches.append((*place, begin, end, commit.version, _batch_us(commit), note.get("rules")))
            ends[place] = max(end, ends.get(place, 0))
        noted += [
            (query, commit.version, generation, partition, start.get(partition, 0), end, commit.is_batch)
            for partition, end in stop.items()
        ]
        replays += [(query, commit.version, note.get("rules"))] if commit.is_replay else []
    append_rows(lake.database, "batches", batches)
    append_rows(lake.database, "replays", replays)
    append_rows(lake.database, "commits", noted)
    return ends


def _count_behind(lake: Lake, cut: Snapshot) -> Iterator[tuple[str, str, int]]:
    """Batches of silver that PostgreSQL or gold have not followed yet. A batch without rows moves the ledger only."""
    for query in QUERIES:
        batches = [
            (commit.version, _count_rows(commit))
            for commit in read_commits(lake.table(f"silver/{query}"), cut.newest[query], "to")
            if commit.is_news
        ]
        ledger = cut.ledger.get(query)
        yield "silver, not yet in PostgreSQL", query, sum(ledger is None or v > ledger for v, _ in batches)
        for gold in GOLD:
            if gold.query == query:
                commit = cut.gold[gold.name]
                seen = -1 if commit is None else silver_version(commit)
                yield f"silver, not yet in {gold.name}", query, sum(v > seen and rows > 0 for v, rows in batches)


def _count_rows(commit: Commit) -> int:
    counts = commit.note.get("counts", {})
    return int(counts.get("replayed" if commit.is_replay else "silver", 1))


def _read_marks(lake: Lake) -> Iterator[tuple[str, int, int, str | None]]:
    """What quarantine's commits say of replays: topic, `replayed_at` of their rows, silver's version, rules."""
    for query in QUERIES:
        table = lake.table(f"quarantine/{query}")
        for commit in read_commits(table, newest_version(table), "replayed_at"):
            note = commit.note
            if commit.is_replay:
                yield query, _to_us(note["replayed_at"]), int(note["silver_version"]), note.get("rules")


def _wait_for_bronze(lake: Lake, silver: Ends, seconds: float) -> tuple[int | None, Ends]:
    """Bronze's version and ends, at or past silver's where it gets there in time."""
    deadline = time.monotonic() + seconds
    table, read, ends = lake.table(BRONZE), -1, Ends()
    while True:
        version = newest_version(table)
        for commit in read_commits(table, version, "to", after=read):
            _move(ends, commit)
        read = -1 if version is None else version
        if all(ends.get(place, 0) >= stop for place, stop in silver.items()) or time.monotonic() > deadline:
            return version, ends
        time.sleep(PAUSE_SECONDS)


def _move(ends: Ends, commit: Commit) -> None:
    for topic in commit.note["to"]:
        for partition, stop in _partitions(commit.note["to"], topic):
            place = (topic, _generation_of(commit, topic), partition)
            ends[place] = max(stop, ends.get(place, 0))


def _generation_of(commit: Commit, topic: str) -> int:
    """One number, or one per topic where a table holds several."""
    generation = commit.note.get("generation", 1)
    return int(generation.get(topic, 1)) if isinstance(generation, dict) else int(generation)


def _partitions(offsets: Mapping[str, Any], topic: str) -> Iterator[tuple[int, int]]:
    """By partition, or by topic and partition."""
    for partition, offset in offsets.get(topic, offsets).items():
        yield int(partition), int(offset)


def _batch_us(commit: Commit) -> int | None:
    at = commit.note.get("batch_at")
    return None if at is None else _to_us(at)


def _to_us(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1_000_000)
