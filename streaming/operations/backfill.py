"""Computes a time range of a table again from the layer before it: bronze -> silver, silver -> gold.

Which records silver holds stays as decided when they came: rows are computed again from the original bytes at their own
ingestion time, none is added or removed. PostgreSQL and gold see the change in silver's log and rebuild what they
derived from it, so a crash after the change repeats only that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.errors import StreamingError
from streaming.operations.quarantine_filter import COORDINATES
from streaming.queries.gold import GOLD, Aggregate
from streaming.queries.runtime import Runtime
from streaming.queries.topic_pipelines import Deletions, TopicPipeline
from streaming.transforms.staging import select_silver, with_ingestion
from warehouse.lake.commit_metadata import CommitMetadata, Writer
from warehouse.lake.delta_io import match_on, overwrite, read_table, update
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.tables import BRONZE, Table


class NothingToBackfill(StreamingError):
    """The table has no rows that a stream has written."""


@dataclass(frozen=True)
class Difference:
    """Rows of a table compared with what they should be."""

    rows: int
    changed: int = 0
    by_column: Mapping[str, int] | None = None
    missing: int = 0
    surplus: int = 0
    not_recomputed: int = 0  # not in bronze, or refused by the present rules: they stay unchanged

    @property
    def is_none(self) -> bool:
        """True where there is nothing to write."""
        return not (self.changed or self.missing or self.surplus)


@dataclass(frozen=True)
class SilverBackfill:
    """Rows of silver ingested (`ingested_at`) in [start, stop), computed again from bronze's bytes."""

    runtime: Runtime
    pipeline: TopicPipeline
    start: datetime
    stop: datetime

    def run(self, *, apply: bool) -> Difference:
        """Compares, and writes the rows that differ if `apply`. The stream waits only while they are written."""
        old = _read(self.runtime, self.pipeline.table).where(_is_within("ingested_at", self.start, self.stop))
        old = old.where(F.col("ingest_date").between(F.to_date(F.lit(self.start)), F.to_date(F.lit(self.stop))))
        new = self._compute(old).persist()  # used twice, and parsing is expensive
        columns = [name for name in self.pipeline.table.schema.names if name not in COORDINATES]
        pairs = old.alias("old").join(new.alias("new"), COORDINATES)
        differs = {name: ~F.col(f"old.{name}").eqNullSafe(self._new_value(name)) for name in columns}
        wanted = [self._new_value(name).alias(name) for name in columns]
        differing = pairs.where(_any(differs)).select(*COORDINATES, *wanted).persist()
        try:
            sums = [F.count_if(differs[name]).alias(name) for name in columns]
            found = pairs.agg(F.count("*").alias("pairs"), *sums).collect()[0].asDict()
            rows, changed = old.count(), differing.count()
            if apply and changed:
                self._write(differing)
        finally:
            differing.unpersist()
            new.unpersist()
        by_column = {name: found[name] for name in columns if found[name]}
        return Difference(rows, changed, by_column, not_recomputed=rows - found["pairs"])

    def _compute(self, old: DataFrame) -> DataFrame:
        records = _read(self.runtime, BRONZE).where(F.col("topic") == self.pipeline.name)
        wanted = old.select(*COORDINATES, "ingested_at")
        known = records.select(*COORDINATES, "kafka_at", "key", "value").join(wanted, COORDINATES)
        staged = self.pipeline.stage(known, self.runtime.rules)
        return select_silver(with_ingestion(staged, F.col("ingested_at")), self.pipeline.table.schema)

    def _new_value(self, name: str) -> Column:
        return _new_value(name, self.pipeline.deletions)

    def _write(self, differing: DataFrame) -> None:
        path = self.runtime.lake.path / self.pipeline.table.name
        changes = {name: self._new_value(name) for name in self.pipeline.table.schema.names if name not in COORDINATES}
        with self.runtime.locks.hold(self.pipeline.table.name):
            newest = _newest(self.runtime, self.pipeline.table.name)
            update(differing, path, match_on(COORDINATES), changes, newest.carried(Writer.BACKFILL, counts={}))


@dataclass(frozen=True)
class GoldBackfill:
    """Rows of a gold table whose time is in [start, stop), aggregated again from the silver version that it records."""

    runtime: Runtime
    silver: Table
    aggregate: Aggregate
    start: datetime
    stop: datetime

    def run(self, *, apply: bool) -> Difference:
        """Compares under the table's lock, so gold waits; replaces the range if `apply` and anything differs."""
        table = self.aggregate.table
        with self.runtime.locks.hold(table.name):
            newest = _newest(self.runtime, table.name)
            version = newest.silver_version
            silver = read_table(self.runtime.spark, self.runtime.lake.path / self.silver.name, version)
            within = _is_within(table.key[0], self.start, self.stop)
            new = silver.transform(self.aggregate.count).where(within).select(*table.schema.names).persist()
            try:
                found = self._compare(_read(self.runtime, table).where(within), new)
                if apply and not found.is_none:
                    at, start, stop = table.key[0], self.start.isoformat(), self.stop.isoformat()
                    where = f"{at} >= '{start}' AND {at} < '{stop}'"
                    overwrite(new, self.runtime.lake.path / table.name, newest.carried(Writer.BACKFILL), where)
            finally:
                new.unpersist()
        return found

    def _compare(self, old: DataFrame, new: DataFrame) -> Difference:
        key = list(self.aggregate.table.key)
        values = [name for name in self.aggregate.table.schema.names if name not in key]
        old_rows, new_rows = (
            old.withColumn("had", F.lit(True)).alias("old"),
            new.withColumn("has", F.lit(True)).alias("new"),
        )
        both = old_rows.join(new_rows, key, "full")
        differs = {name: ~F.col(f"old.{name}").eqNullSafe(F.col(f"new.{name}")) for name in values}
        had, has = F.col("had").isNotNull(), F.col("has").isNotNull()
        sums = [F.count_if(had & has & differs[name]).alias(name) for name in values]
        counts = both.agg(
            F.count_if(had).alias("rows"),
            F.count_if(had & has & _any(differs)).alias("changed"),
            F.count_if(~had).alias("missing"),
            F.count_if(~has).alias("surplus"),
            F.struct(*sums).alias("by_column"),
        ).collect()[0]
        by_column = {name: rows for name, rows in counts["by_column"].asDict().items() if rows}
        return Difference(counts["rows"], counts["changed"], by_column, counts["missing"], counts["surplus"])


def open_backfill(
    runtime: Runtime, pipelines: Mapping[str, TopicPipeline], table: str, start: datetime, stop: datetime
) -> SilverBackfill | GoldBackfill:
    """The backfill of a table by its name.

    Raises:
        NothingToBackfill: no stream has written it.
    """
    backfills: dict[str, SilverBackfill | GoldBackfill] = {
        pipeline.table.name: SilverBackfill(runtime, pipeline, start, stop) for pipeline in pipelines.values()
    }
    for gold in GOLD:
        for aggregate in gold.aggregates:
            backfills[aggregate.table.name] = GoldBackfill(runtime, gold.silver, aggregate, start, stop)
    _newest(runtime, table)
    return backfills[table]


def _new_value(name: str, deletions: Deletions | None) -> Column:
    """A column of the new row; what a deletion has blanked stays blank."""
    new = F.col(f"new.{name}")
    is_blankable = deletions is not None and name in deletions.blanked
    return F.when(F.col(f"old.{name}").isNotNull(), new) if is_blankable else new


def _any(differs: Mapping[str, Column]) -> Column:
    return reduce(or_, differs.values())


def _is_within(column: str, start: datetime, stop: datetime) -> Column:
    return (F.col(column) >= F.lit(start)) & (F.col(column) < F.lit(stop))


def _newest(runtime: Runtime, table: str) -> CommitMetadata:
    newest = DeltaLog(runtime.lake.path / table).newest_metadata()
    if newest is None:
        raise NothingToBackfill(f"{table} has no rows yet: start the stream first")
    return newest


def _read(runtime: Runtime, table: Table) -> DataFrame:
    return read_table(runtime.spark, runtime.lake.path / table.name)
