"""Tables that know their position: silver and bronze take a batch once, whoever retries it and however often."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.positions import (
    Decision,
    Offsets,
    decide,
    from_position,
    furthest,
    to_position,
)
from streaming.sinks.fence import Fence
from warehouse.delta_io import append
from warehouse.delta_log import DeltaLog
from warehouse.locks import TableLocks
from warehouse.tables import Table

SMALL_BATCH = 50_000
"""Rows up to which a batch becomes one file: a second file costs more than a second core saves."""


@dataclass(frozen=True)
class Written:
    """What an append did: the version it made (or found) and how it had decided."""

    version: int
    decision: Decision


class PositionedTable:
    """One table, one writer at a time, positions in its commits."""

    def __init__(self, table: Table, lake: Path, locks: TableLocks, topics: tuple[str, ...]) -> None:
        self.table = table
        self.path = lake / table.name
        self.log = DeltaLog(self.path)
        self._locks = locks
        self._topics = topics

    @contextmanager
    def held(self, fence: Fence) -> Iterator[None]:
        """The table's lock, with the fence checked inside it."""
        with self._locks.hold(self.table.name):
            fence.check()
            yield

    def end(self) -> Offsets | None:
        """The recorded end, None before the first commit of a query."""
        newest = self.log.newest_position()
        return None if newest is None else from_position(newest.position["to"], self._topics)

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
                new_end = furthest(reached, to)
                offsets = {"from": to_position(reached, self._topics), "to": to_position(new_end, self._topics)}
                append(rows, self.path, {**facts, **offsets})
            return Written(self.log.newest_version(), decision)


def is_beyond(end: Offsets, topic: Column) -> Column:
    """True for coordinates at or beyond `end`, partitions that `end` does not name included."""
    behind = [
        (topic == name) & (F.col("partition") == int(partition)) & (F.col("offset") < at)
        for name, partitions in end.items()
        for partition, at in partitions.items()
    ]
    condition = F.lit(False)
    for each in behind:
        condition = condition | each
    return ~condition
