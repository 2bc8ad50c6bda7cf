"""Removes the bytes of quarantined records; their coordinates, rule and time stay, so every offset is accounted for."""

from datetime import datetime

from pyspark.sql import functions as F

from streaming.operations.quarantine_filter import COORDINATES, is_selected
from streaming.queries.runtime import Runtime
from warehouse.lake.commit_metadata import Writer
from warehouse.lake.delta_io import match_on, read_table, update
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.quarantine_reader import Selection
from warehouse.lake.tables import QUARANTINE


def purge(runtime: Runtime, topic: str, selection: Selection, at: datetime) -> int:
    """Empties the selected records that still have their bytes; returns how many."""
    table = QUARANTINE[topic]
    path = runtime.lake.path / table.name
    with runtime.locks.hold(table.name):
        newest = DeltaLog(path).newest_metadata()
        if newest is None:
            return 0
        rows = read_table(runtime.spark, path).where(is_selected(selection, topic) & F.col("purged_at").isNull())
        purged = rows.count()
        if purged:
            empty = F.lit(None).cast("binary")
            changes = {"key": empty, "value": empty, "purged_at": F.lit(at)}
            update(rows.select(*COORDINATES), path, match_on(COORDINATES), changes, newest.carried(Writer.PURGE))
        return purged
