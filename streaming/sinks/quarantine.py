"""Tables that are idempotent by coordinates: quarantine and deletions. They hold some offsets only, so no gap rule."""

from typing import Any

from pyspark.sql import DataFrame

from streaming.recovery.offsets import Offsets, covers, to_position
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence
from warehouse.lake.delta_io import append, delete, read_table
from warehouse.lake.schemas.coordinates import COORDINATE_KEY


def append_missing(
    target: OffsetTrackedTable,
    fence: Fence,
    rows: DataFrame,
    batch_range: tuple[Offsets, Offsets],
    facts: dict[str, Any],
) -> None:
    """Appends the rows whose coordinates the table does not hold yet."""
    start, to = batch_range
    topics = tuple(to)
    with target.held(fence):
        end = target.end()
        if end is not None and not covers(start, end):  # a replay: something at or beyond `start` may be there
            held = read_table(rows.sparkSession, target.path).where(target.beyond(start))
            rows = rows.join(held.select(*COORDINATE_KEY), list(COORDINATE_KEY), "left_anti")
        append(rows, target.path, {**facts, "from": to_position(start, topics), "to": to_position(to, topics)})


def delete_beyond(target: OffsetTrackedTable, fence: Fence, rows: DataFrame, end: Offsets) -> None:
    """Deletes rows at or beyond silver's end: a new lineage decides about those records again."""
    with target.held(fence):
        newest = target.log.newest_position()
        if newest is None:
            return
        beyond = target.beyond(end)
        if rows.where(beyond).limit(1).count():
            delete(rows.sparkSession, target.path, beyond, newest.carried("lineage"))
