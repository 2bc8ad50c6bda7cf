"""Gives up the bytes of quarantined records, and nothing else: every offset keeps its place, rule and time."""

from datetime import datetime

from pyspark.sql import functions as F

from streaming.operations.quarantine_filter import PLACE, is_selected
from streaming.queries.runtime import Runtime
from warehouse.lake.delta_io import match_on, read_table, update
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.quarantine_reader import Selection
from warehouse.lake.tables import QUARANTINE


def purge(runtime: Runtime, topic: str, selection: Selection, at: datetime) -> int:
    """Empties the chosen records that still have their bytes; returns how many those were."""
    table = QUARANTINE[topic]
    path = runtime.lake.path / table.name
    with runtime.locks.hold(table.name):
        newest = DeltaLog(path).newest_position()
        if newest is None:
            return 0
        rows = read_table(runtime.spark, path).where(is_selected(selection, topic) & F.col("purged_at").isNull())
        purged = rows.count()
        if purged:
            nothing = F.lit(None).cast("binary")
            changes = {"key": nothing, "value": nothing, "purged_at": F.lit(at)}
            update(rows.select(*PLACE), path, match_on(PLACE), changes, newest.carried("purge"))
        return purged
