"""Deduplication after a state reset: anti-join with the ids that silver holds, for one horizon of batch time."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from streaming.queries.topic_pipelines import TopicPipeline
from streaming.recovery.checkpoint import Lineage
from streaming.recovery.offsets import Offsets
from streaming.sinks.delta import OffsetTrackedTable
from warehouse.lake.delta_io import read_table


@dataclass
class DedupRecovery:
    """The ids in silver (and deletions) below the lineage's start, kept until one horizon of batch time has passed."""

    pipeline: TopicPipeline
    tables: list[tuple[OffsetTrackedTable, str]]  # (table, kind of its rows): silver first, then deletions
    lineage: Lineage
    horizon_seconds: int
    _ids: DataFrame | None = None

    def is_active(self, batch_ms: int) -> bool:
        """Whether ids of the horizon before the lineage began still count at this batch time."""
        return self.lineage.known_until_ms > batch_ms - self.horizon_seconds * 1000

    def drop_known(self, events: DataFrame, batch_ms: int) -> DataFrame:
        """The events whose id did not occur within the horizon before the lineage began."""
        oldest_ms = batch_ms - self.horizon_seconds * 1000
        if not self.is_active(batch_ms):
            self.release()
            return events
        if self._ids is None:
            before = ~self._silver.beyond(self.lineage.start)
            self._ids = self._read(events.sparkSession, oldest_ms).where(before).select("dedup_key", "ingested_at")
            self._ids = self._ids.persist()
        recent = self._ids.where(F.col("ingested_at") > F.timestamp_millis(F.lit(oldest_ms)))
        return events.join(recent.select("dedup_key"), "dedup_key", "left_anti")

    def drop_written(self, events: DataFrame, end: Offsets, batch_ms: int) -> DataFrame:
        """The events beyond `end` whose id the tables do not hold: the rest of a batch that was partly written."""
        written = self._read(events.sparkSession, batch_ms - self.horizon_seconds * 1000)
        beyond = events.where(self._silver.beyond(end))
        return beyond.join(written.select("dedup_key"), "dedup_key", "left_anti")

    def release(self) -> None:
        """Frees the memory of the ids."""
        if self._ids is not None:
            self._ids.unpersist()
            self._ids = None

    @property
    def _silver(self) -> OffsetTrackedTable:
        return self.tables[0][0]

    def _read(self, spark: SparkSession, oldest_ms: int) -> DataFrame:
        tables = [(table.path, kind) for table, kind in self.tables]
        return read_keys(spark, self.pipeline, tables, F.timestamp_millis(F.lit(oldest_ms)))


def read_keys(
    spark: SparkSession, pipeline: TopicPipeline, tables: Iterable[tuple[Path, str]], oldest: Column
) -> DataFrame:
    """Coordinates, `dedup_key` and `ingested_at` of the rows ingested after `oldest`; `tables`: (path, kind)."""
    frames = (
        read_table(spark, path)
        .where((F.col("ingested_at") > oldest) & (F.col("ingest_date") >= F.to_date(oldest)))
        .withColumn("dedup_key", pipeline.key_of(kind))
        .select("generation", "partition", "offset", "dedup_key", "ingested_at")
        for path, kind in tables
    )
    return reduce(DataFrame.unionByName, frames)
