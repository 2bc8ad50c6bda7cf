"""Tables that are idempotent by coordinates: quarantine and deletions. They hold few offsets: gaps are normal."""

import pyarrow as pa
from pyspark.sql import DataFrame

from streaming.recovery.offsets import Offsets, covers
from streaming.sinks.delta import OffsetTrackedTable, TableMoved
from streaming.sinks.fence import Fence
from warehouse.lake.commit_metadata import CommitMetadata, Writer
from warehouse.lake.delta_io import append, delete, read_table
from warehouse.lake.schemas.coordinates import COORDINATE_KEY


def append_missing(target: OffsetTrackedTable, fence: Fence, rows: DataFrame, metadata: CommitMetadata) -> None:
    """Appends the rows of a batch whose coordinates the table does not hold yet. `metadata` has the batch's offsets."""
    with target.locked(fence):
        end = target.end()
        if end is not None and not covers(metadata.start, end):  # a repeated batch: some of it may be there
            present = read_table(rows.sparkSession, target.path).where(target.beyond(metadata.start))
            rows = rows.join(present.select(*COORDINATE_KEY), list(COORDINATE_KEY), "left_anti")
        append(rows, target.path, metadata)


def expects(target: OffsetTrackedTable, start: Offsets) -> bool:
    """Whether the table holds nothing at or beyond `start`: a batch from there is written the first time."""
    end = target.end()
    return end is None or covers(start, end)


def append_next(target: OffsetTrackedTable, fence: Fence, rows: pa.Table, metadata: CommitMetadata) -> None:
    """Appends the rows of a batch that `expects` holds for, without Spark. `metadata` has the batch's offsets."""
    with target.locked_in_python(fence):
        if not expects(target, metadata.start):
            raise TableMoved(f"{target.table.name} was moved by another job while query {fence.query} wrote a batch")
        target.append_in_arrow(rows, metadata)


def delete_beyond(target: OffsetTrackedTable, fence: Fence, rows: DataFrame, end: Offsets) -> None:
    """Deletes rows at or beyond silver's end: a new lineage decides about those records again."""
    with target.locked(fence):
        newest = target.log.newest_metadata()
        if newest is None:
            return
        beyond = target.beyond(end)
        if rows.where(beyond).limit(1).count():
            delete(rows.sparkSession, target.path, beyond, newest.carried(Writer.STARTUP))
