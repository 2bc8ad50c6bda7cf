"""What a Delta commit of this project carries, in `userMetadata`: the only place that turns it to and from JSON.

Offsets are in the same commit as the rows, so that a table and its position change in one atomic step. A commit that
adds no rows of a stream (all of `Writer` but STREAM) carries the newest metadata on, so that the newest commit with
metadata always has the table's offsets. Commits that create a table or add columns have none.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

Offsets = Mapping[str, Mapping[str, int]]
"""topic -> partition (as text) -> next offset to read; a partition that is missing counts as 0."""


class Writer(StrEnum):
    """What made a commit, as recorded under `by`. A stream leaves the key out."""

    STREAM = "stream"
    REPLAY = "replay"  # appends records of quarantine that are valid now
    BACKFILL = "backfill"  # changes rows: what was derived from them must be derived again
    MAINTENANCE = "maintain"  # rearranges files: the same rows as before
    PURGE = "purge"  # removes bytes from quarantine
    REPAIR = "repair"  # moves the offsets past lost records
    STARTUP = "lineage"  # deletes rows of quarantine and deletions beyond silver's end when a new lineage begins


@dataclass(frozen=True)
class CommitMetadata:
    """What one commit carries. Every field but `query` and `lineage` is absent where it does not apply.

    Bronze carries offsets of several topics and no counts; silver, quarantine and deletions those of one topic; gold
    only the silver version that it holds. Times are ISO-8601 in UTC.
    """

    query: str = ""  # name of the query that fills the table; empty: not a commit of ours
    lineage: int = -1  # number of the checkpoint folder; for gold, the fence number of the driver
    by: str = Writer.STREAM
    generations: Mapping[str, int] = field(
        default_factory=dict
    )  # topic -> generation of the offsets (`generation` in JSON)
    start: Offsets = field(default_factory=dict)  # first offsets that the commit covers (`from` in JSON)
    end: Offsets = field(default_factory=dict)  # the table holds everything below these (`to` in JSON)
    batch_at: str = ""  # batch time, from Spark's offset log
    rules: str | None = None  # fingerprint of the quality rules that judged the batch
    newest_event_at: str | None = None  # newest event time among the rows
    counts: Mapping[str, int] = field(default_factory=dict)  # outcome -> records of this batch
    totals: Mapping[str, int] | None = None  # sums of all `counts` so far; None: an earlier commit did not keep them
    deletions_since: str | None = None  # replay: oldest ingestion time of the deletions that it appended
    replayed_at: str | None = None  # replay: the time it set in quarantine
    silver_version: int = -1  # gold: version that is aggregated; replay's commit to quarantine: version with its rows
    rows_of: int | None = None  # maintenance: the version whose rows this commit holds in other files

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """The metadata in a commit's `userMetadata`; empty where another program wrote the commit.

        Reads both recorded forms of offsets: by partition for a query of one topic, else by topic and partition.
        """
        recorded = _parse_object(text)
        if "query" not in recorded:
            return cls()
        generations = recorded.get("generation", {})
        if not isinstance(generations, dict):
            generations = {recorded["query"]: generations}
        topic = next(iter(generations), recorded["query"])
        known: dict[str, Any] = {name: recorded[name] for name in _PLAIN if recorded.get(name) is not None}
        known |= {name: _expand(recorded.get(key, {}), topic) for name, key in _OFFSETS.items()}
        return cls(**known, generations={name: int(number) for name, number in generations.items()})

    def to_json(self) -> str:
        """The text for `userMetadata`, keys sorted."""
        recorded = {name: getattr(self, name) for name in _PLAIN if getattr(self, name) not in _ABSENT}
        if self.by == Writer.STREAM:
            del recorded["by"]
        if self.generations:
            is_of_one_topic = list(self.generations) == [self.query]
            recorded["generation"] = self.generations[self.query] if is_of_one_topic else dict(self.generations)
        offsets = {key: self._collapse(getattr(self, name)) for name, key in _OFFSETS.items()}
        recorded |= {key: value for key, value in offsets.items() if value or self.generations}
        return json.dumps(recorded, sort_keys=True)

    def carried(self, by: Writer, **changes: Any) -> Self:
        """For a commit by another job than the stream: the same offsets, but for what `changes` says."""
        return replace(self, by=by, **changes)

    def with_totals(self, newest: Self | None) -> Self:
        """Adds `counts` to the totals of the newest commit, for readers who find the earlier commits cleaned away.

        Unchanged where there are no counts, or where an earlier commit did not keep totals.
        """
        before = {} if newest is None else newest.totals
        if before is None or not self.counts:
            return self
        names = {**before, **self.counts}
        return replace(self, totals={name: before.get(name, 0) + self.counts.get(name, 0) for name in names})

    def _collapse(self, offsets: Offsets) -> dict[str, Any]:
        """By partition alone where the query has one topic."""
        topics = list(self.generations) or [self.query]
        return dict(offsets.get(topics[0], {})) if len(topics) == 1 else {name: dict(offsets[name]) for name in offsets}


_OFFSETS = {"start": "from", "end": "to"}
_PLAIN = tuple(name for name in CommitMetadata.__dataclass_fields__ if name not in {*_OFFSETS, "generations"})
_ABSENT: tuple[Any, ...] = (None, "", {}, -1)


def _parse_object(text: str | None) -> dict[str, Any]:
    try:
        parsed = json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _expand(recorded: Mapping[str, Any], topic: str) -> Offsets:
    """Offsets by topic and partition, from either recorded form."""
    is_by_topic = any(isinstance(value, dict) for value in recorded.values())
    return {name: dict(partitions) for name, partitions in recorded.items()} if is_by_topic else {topic: dict(recorded)}
