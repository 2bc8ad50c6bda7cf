"""Tables that record offsets in their commits: silver and bronze take each batch once, however often it is retried."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.errors import StreamingError
from streaming.recovery.offsets import Decision, Offsets, decide, furthest
from streaming.sinks.fence import Fence
from warehouse.lake.arrow_io import ArrowTable
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.delta_io import append
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.locks import TableLocks
from warehouse.lake.tables import Table

SMALL_BATCH = 50_000
"""Rows up to which a batch becomes one file: a second file costs more than a second core saves."""


class TableMoved(StreamingError):
    """Another job moved a table's end between two steps of a batch: start again, the next start continues."""


@dataclass(frozen=True)
class Written:
    """Result of an append: the table's version after it, and what was decided."""

    version: int
    decision: Decision


class OffsetTrackedTable:
    """One table with one writer at a time, whose commits record the offsets that it has reached.

    `generations`: topic -> present generation, for each topic that fills the table. Offsets of an earlier generation
    do not count, because a recreated topic starts at 0 again.
    """

    def __init__(self, table: Table, lake: Path, locks: TableLocks, generations: Mapping[str, int]) -> None:
        self.table = table
        self.path = lake / table.name
        self.log = DeltaLog(self.path)
        self.generations = generations
        self._locks = locks
        self._arrow = ArrowTable(table, self.path)

    @contextmanager
    def locked(self, fence: Fence) -> Iterator[None]:
        """Holds the table's lock, with the fence checked inside it."""
        with self._locks.hold(self.table.name):
            fence.check()
            yield

    @contextmanager
    def locked_in_python(self, fence: Fence) -> Iterator[None]:
        """The same, for commits by this Python process."""
        with self._locks.hold_in_python(self.table.name):
            fence.check()
            yield

    def end(self) -> Offsets | None:
        """The recorded end, of topics in their present generation; None before the first commit of a query."""
        newest = self.log.newest_metadata()
        if newest is None:
            return None
        return {
            topic: partitions
            for topic, partitions in newest.end.items()
            if newest.generations.get(topic) == self.generations.get(topic)
        }

    def beyond(self, end: Offsets, generations: Mapping[str, int] | None = None) -> Column:
        """True for rows at or beyond `end`, and for rows of partitions that `end` does not name.

        `end` counts in the topics' present generations, or in `generations`.
        """
        topics = list(self.generations)
        topic = F.col("topic") if len(topics) > 1 else F.lit(topics[0])
        below = F.lit(False)
        for name, generation in (generations or self.generations).items():
            reached = F.col("generation") < generation
            for partition, at in end.get(name, {}).items():
                here = (F.col("generation") == generation) & (F.col("partition") == int(partition))
                reached = reached | (here & (F.col("offset") < at))
            below = below | ((topic == name) & reached)
        return ~below

    def expects(self, start: Offsets, to: Offsets) -> bool:
        """Whether a batch [start, to) is the next one: the table ends at its start, and has nothing of it."""
        return decide(self.end(), start, to) is Decision.WHOLE

    def append_next(self, fence: Fence, rows: pa.Table, metadata: CommitMetadata) -> Written:
        """Writes the next batch, whole, without Spark. `metadata` has its offsets.

        Raises:
            TableMoved: it is not the next one any more.
            Fenced: a newer driver holds the query.
        """
        with self.locked_in_python(fence):
            end = self.end()
            if decide(end, metadata.start, metadata.end) is not Decision.WHOLE:
                raise TableMoved(f"{self.table.name} was moved by another job while query {fence.query} wrote a batch")
            reached = metadata.start if end is None else end
            metadata = replace(metadata, start=reached, end=furthest(reached, metadata.end))
            self.append_in_arrow(rows, metadata.with_totals(self.log.newest_metadata()))
            return Written(self.log.newest_version(), Decision.WHOLE)

    def append_in_arrow(self, rows: pa.Table, metadata: CommitMetadata) -> None:
        """One commit by this Python process, whatever the offsets. Hold `locked_in_python`."""
        self._arrow.append(rows, metadata)

    def commit_in_arrow(self, metadata: CommitMetadata) -> None:
        """One commit by this Python process without rows. Hold `locked_in_python`."""
        self._arrow.commit(metadata)

    def merge_in_arrow(self, increments: pa.Table, combined: Mapping[str, str], metadata: CommitMetadata) -> None:
        """One commit by this Python process that merges by the table's key. Hold `locked_in_python`."""
        self._arrow.merge(increments, self.table.key, combined, metadata)

    def append_batch(
        self,
        fence: Fence,
        batch_range: tuple[Offsets, Offsets],
        make_rows: Callable[[Decision, Offsets], tuple[DataFrame, CommitMetadata]],
    ) -> Written:
        """Writes what the table lacks. `make_rows(decision, end)` returns the rows and the metadata of the commit.

        Raises:
            PositionGap: records between the table's end and the batch are missing.
            Fenced: a newer driver holds the query.
        """
        start, to = batch_range
        with self.locked(fence):
            end = self.end()
            decision = decide(end, start, to)
            if decision is not Decision.NOTHING:
                reached = start if end is None else end
                rows, metadata = make_rows(decision, reached)
                metadata = replace(metadata, start=reached, end=furthest(reached, to))
                append(rows, self.path, metadata.with_totals(self.log.newest_metadata()))
            return Written(self.log.newest_version(), decision)
