"""Tables that know their position: silver and bronze take a batch once, whoever retries it and however often."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.recovery.offsets import (
    Decision,
    Offsets,
    decide,
    from_position,
    furthest,
    to_position,
)
from streaming.sinks.fence import Fence
from warehouse.lake.delta_io import append
from warehouse.lake.delta_log import Commit, DeltaLog
from warehouse.lake.locks import TableLocks
from warehouse.lake.tables import Table

SMALL_BATCH = 50_000
"""Rows up to which a batch becomes one file: a second file costs more than a second core saves."""


@dataclass(frozen=True)
class Written:
    """What an append did: the version it made (or found) and how it had decided."""

    version: int
    decision: Decision


def add_totals(newest: Commit | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """`counts` of all commits so far, this one included, for whoever finds the earlier ones cleaned away.

    Nothing for a table without counts, or one whose first commits did not keep totals.
    """
    before = {} if newest is None else newest.position.get("totals")
    if before is None or "counts" not in facts:
        return {}
    counts = facts["counts"]
    return {"totals": {name: before.get(name, 0) + counts.get(name, 0) for name in {**before, **counts}}}


class OffsetTrackedTable:
    """One table, one writer at a time, positions in its commits.

    `generations` are the topics it is filled from, each with its present generation: offsets of an earlier one do not
    count, because a recreated topic begins at 0 again.
    """

    def __init__(self, table: Table, lake: Path, locks: TableLocks, generations: Mapping[str, int]) -> None:
        self.table = table
        self.path = lake / table.name
        self.log = DeltaLog(self.path)
        self._locks = locks
        self.generations = generations
        self._topics = tuple(generations)

    @contextmanager
    def held(self, fence: Fence) -> Iterator[None]:
        """The table's lock, with the fence checked inside it."""
        with self._locks.hold(self.table.name):
            fence.check()
            yield

    def end(self) -> Offsets | None:
        """The recorded end in the topics' present generations, None before the first commit of a query."""
        newest = self.log.newest_position()
        if newest is None:
            return None
        recorded = from_position(newest.position["to"], self._topics)
        return {topic: at for topic, at in recorded.items() if self._is_present(topic, newest.position["generation"])}

    def beyond(self, end: Offsets, generations: Mapping[str, int] | None = None) -> Column:
        """True for rows at or beyond `end`, partitions that `end` does not name included.

        `end` counts in the topics' present generations, or in those that are given.
        """
        topic = F.col("topic") if len(self._topics) > 1 else F.lit(self._topics[0])
        behind = F.lit(False)
        for name, generation in (generations or self.generations).items():
            reached = F.col("generation") < generation
            for partition, at in end.get(name, {}).items():
                here = (F.col("generation") == generation) & (F.col("partition") == int(partition))
                reached = reached | (here & (F.col("offset") < at))
            behind = behind | ((topic == name) & reached)
        return ~behind

    def to_position(self, offsets: Offsets) -> dict[str, Any]:
        """Offsets as this table's commits record them."""
        return to_position(offsets, self._topics)

    def recorded_generations(self) -> int | dict[str, int]:
        """The present generations as this table's commits record them: one number, or one per topic."""
        numbers = dict(self.generations)
        return numbers if len(numbers) > 1 else next(iter(numbers.values()))

    def _is_present(self, topic: str, recorded: int | Mapping[str, int]) -> bool:
        known = recorded if isinstance(recorded, int) else recorded.get(topic)
        return known == self.generations.get(topic)

    def append_batch(
        self,
        fence: Fence,
        batch_range: tuple[Offsets, Offsets],
        make_rows: Callable[[Decision, Offsets], tuple[DataFrame, dict[str, Any]]],
    ) -> Written:
        """Writes what is not there yet. `make_rows(decision, end)` gives the rows and the facts of the commit.

        Raises:
            PositionGap: records between the table's end and the batch are missing.
            Fenced: a newer driver holds the query.
        """
        start, to = batch_range
        with self.held(fence):
            end = self.end()
            decision = decide(end, start, to)
            if decision is not Decision.NOTHING:
                reached = start if end is None else end
                rows, facts = make_rows(decision, reached)
                offsets = {"from": self.to_position(reached), "to": self.to_position(furthest(reached, to))}
                append(rows, self.path, {**facts, **offsets, **add_totals(self.log.newest_position(), facts)})
            return Written(self.log.newest_version(), decision)
