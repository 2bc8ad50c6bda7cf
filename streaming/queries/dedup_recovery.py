"""Deduplication for a lineage that was born without memory: what silver held before its start still counts."""

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
class KnownIds:
    """Keys of silver (and of deletions) below the lineage's start, until one horizon of batch time has passed."""

    pipeline: TopicPipeline
    tables: list[tuple[OffsetTrackedTable, str]]  # (table, kind): silver, and deletions where the topic has them
    lineage: Lineage
    horizon_seconds: int
    _keys: DataFrame | None = None

    def drop_known(self, events: DataFrame, batch_ms: int) -> DataFrame:
        """The events whose key was not seen within the horizon before the lineage began."""
        oldest_ms = batch_ms - self.horizon_seconds * 1000
        if self.lineage.known_until_ms <= oldest_ms:
            self.forget()
            return events
        if self._keys is None:
            before = ~self._silver.beyond(self.lineage.start)
            self._keys = self._read(events.sparkSession, oldest_ms).where(before).select("dedup_key", "ingested_at")
            self._keys = self._keys.persist()
        recent = self._keys.where(F.col("ingested_at") > F.timestamp_millis(F.lit(oldest_ms)))
        return events.join(recent.select("dedup_key"), "dedup_key", "left_anti")

    def drop_held(self, events: DataFrame, end: Offsets, batch_ms: int) -> DataFrame:
        """The events beyond `end` whose key the tables do not hold within the horizon: a half-written batch."""
        held = self._read(events.sparkSession, batch_ms - self.horizon_seconds * 1000)
        beyond = events.where(self._silver.beyond(end))
        return beyond.join(held.select("dedup_key"), "dedup_key", "left_anti")

    def forget(self) -> None:
        """Frees the memory of the keys."""
        if self._keys is not None:
            self._keys.unpersist()
            self._keys = None

    @property
    def _silver(self) -> OffsetTrackedTable:
        return self.tables[0][0]

    def _read(self, spark: SparkSession, oldest_ms: int) -> DataFrame:
        holders = [(table.path, kind) for table, kind in self.tables]
        return read_keys(spark, self.pipeline, holders, F.timestamp_millis(F.lit(oldest_ms)))


def read_keys(
    spark: SparkSession, pipeline: TopicPipeline, holders: Iterable[tuple[Path, str]], oldest: Column
) -> DataFrame:
    """Coordinates, `dedup_key` and `ingested_at` of the rows that came after `oldest`; `holders`: table, kind."""
    frames = (
        read_table(spark, path)
        .where((F.col("ingested_at") > oldest) & (F.col("ingest_date") >= F.to_date(oldest)))
        .withColumn("dedup_key", pipeline.key_of(kind))
        .select("generation", "partition", "offset", "dedup_key", "ingested_at")
        for path, kind in holders
    )
    return reduce(DataFrame.unionByName, frames)
