"""One topic: Kafka -> quarantine, silver, then PostgreSQL; each batch counts once whatever happens.

A small batch is one Spark job: its rows come to the driver as one Arrow table, are added up there and appended by
delta-rs. One of few records whose size is not known is persisted and measured first. A larger one, or one that may be
written in part already, is persisted and written by Spark, which scales.
"""

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from streaming.errors import StreamingError
from streaming.progress import timed
from streaming.queries.batch_size import SMALL_BYTES, BatchSize, has_few_records
from streaming.queries.dedup_recovery import DedupRecovery
from streaming.queries.external_commits import ExternalCommits
from streaming.queries.outcomes import OutcomeCounts, iso_of_ms, read_outcomes
from streaming.queries.postgres_sync import PostgresSync
from streaming.queries.quality_gate import QualityGate
from streaming.queries.running import RunningStream
from streaming.queries.runtime import Runtime
from streaming.queries.schema_drift import SchemaDriftLog
from streaming.queries.topic_pipelines import TopicPipeline
from streaming.recovery.checkpoint import BatchRange, Lineage, read_range
from streaming.recovery.offsets import Decision, Offsets, count_between
from streaming.sinks import quarantine
from streaming.sinks.delta import SMALL_BATCH, OffsetTrackedTable, Written
from streaming.sinks.fence import Fence
from streaming.sources.kafka import read_topics
from streaming.transforms.deduplication import drop_repeats
from streaming.transforms.one_pass import add_up
from streaming.transforms.one_pass_arrow import select_rejected_rows, select_silver_rows
from streaming.transforms.staging import measure_bytes, select_coordinates, select_rejected, select_silver
from warehouse.lake.commit_metadata import CommitMetadata

FEW_RECORDS = 5_000
"""Of a batch that Spark writes: up to so many, one task does what follows deduplication, without a shuffle."""


class ClockWentBack(StreamingError):
    """A batch is older than the ids that its state has evicted: the next start begins a new lineage."""


@dataclass(frozen=True)
class TopicTables:
    """The tables that the records of a topic are written to."""

    silver: OffsetTrackedTable
    quarantine: OffsetTrackedTable
    deletions: OffsetTrackedTable | None


@dataclass(frozen=True)
class TopicQuery:
    """One running topic query, as `open_topic_query` assembles it."""

    pipeline: TopicPipeline
    runtime: Runtime
    tables: TopicTables
    fence: Fence
    lineage: Lineage
    generation: int
    postgres_sync: PostgresSync
    external: ExternalCommits
    dedup_recovery: DedupRecovery
    gate: QualityGate
    drift: SchemaDriftLog
    size: BatchSize

    def start(self) -> RunningStream:
        """Starts the stream; its name is query, checkpoint folder, metric label and ledger key."""
        runtime, pipeline = self.runtime, self.pipeline
        self.size.observe()
        settings = runtime.stream.queries[pipeline.name]
        records = read_topics(runtime.spark, runtime.kafka, self.lineage.start, settings.max_offsets_per_trigger)
        query = (
            records.transform(select_coordinates, self.generation)
            .transform(pipeline.stage, runtime.rules)
            .transform(drop_repeats, settings.horizon_seconds)
            .writeStream.queryName(pipeline.name)
            .option("checkpointLocation", str(self.lineage.folder))
            .outputMode("append")
            .trigger(**runtime.trigger(pipeline.name))
            .foreachBatch(self.process)
            .start()
        )
        return RunningStream(runtime.spark, query)

    def is_behind(self) -> bool:
        """Whether silver has rows of a replay or backfill that PostgreSQL lacks."""
        return self.external.are_pending()

    def process(self, events: DataFrame, batch_id: int) -> None:
        """One batch: quarantine and deletions by coordinates, silver by offsets, then PostgreSQL."""
        self.runtime.check_stop()
        batch = read_range(self.lineage.folder, batch_id, self.lineage.start)
        if batch.batch_ms < batch.watermark_ms:
            raise ClockWentBack(f"query {self.pipeline.name}: the clock was set back below the batch watermark")
        has_few_bytes = self.size.has_few_bytes(batch)
        if not self._is_short_and_next(batch):
            self._write_by_spark(self._prepare(events, batch), batch)
        elif has_few_bytes:
            self._write_in_arrow(events, batch)
        else:
            self._write_measured(events, batch)

    def _is_short_and_next(self, batch: BatchRange) -> bool:
        """Whether no more than the batch itself is needed to write it, and it has few records."""
        if not has_few_records(batch) or self.dedup_recovery.is_active(batch.batch_ms):
            return False
        self.dedup_recovery.release()
        others = (table for table in (self.tables.quarantine, self.tables.deletions) if table is not None)
        if not all(quarantine.expects(table, batch.start) for table in others):
            return False
        return self.tables.silver.expects(batch.start, batch.to)

    def _write_in_arrow(self, events: DataFrame, batch: BatchRange) -> None:
        name, tables = self.pipeline.name, self.tables
        with timed(name, "aggregate"):
            staged = events.toArrow()
            contributions = self.pipeline.add_up_in_arrow(staged)
            outcomes = read_outcomes(contributions, batch.records)
            self.runtime.check_generations((name,))  # all that was read so far is of that generation
        self.gate.check(batch, outcomes)
        metadata = self._metadata(batch, outcomes)
        with timed(name, "quarantine"):
            if outcomes.rejected:
                quarantine.append_next(tables.quarantine, self.fence, select_rejected_rows(staged), metadata)
            deletions = self.pipeline.deletions
            if deletions and tables.deletions and outcomes.counts.get(deletions.kind):
                quarantine.append_next(tables.deletions, self.fence, deletions.select_in_arrow(staged), metadata)
        with timed(name, "silver"):
            rows = select_silver_rows(staged, self.pipeline.table.schema.names)
            written = tables.silver.append_next(self.fence, rows, metadata)
        self._follow(written, contributions, events.sparkSession, batch)

    def _write_measured(self, events: DataFrame, batch: BatchRange) -> None:
        """After a backlog the broker cannot tell a batch's size: it is computed first, where it may spill to disk."""
        staged = events.persist()
        if measure_bytes(staged) > SMALL_BYTES:
            self._write_by_spark(staged, batch)
            return
        try:
            self._write_in_arrow(staged, batch)
        finally:
            staged.unpersist()

    def _write_by_spark(self, staged: DataFrame, batch: BatchRange) -> None:
        """`staged` is persisted, as rows of a stateful query may be computed only once; it is released at the end."""
        try:
            with timed(self.pipeline.name, "aggregate"):
                contributions = self._add_up(staged)
                outcomes = read_outcomes(contributions, batch.records)
                self.runtime.check_generations((self.pipeline.name,))  # all that was read so far is of that generation
            self.gate.check(batch, outcomes)
            with timed(self.pipeline.name, "quarantine"):
                self._append_by_coordinates(staged, batch, outcomes)
            with timed(self.pipeline.name, "silver"):
                written = self._append_to_silver(staged, batch, outcomes)
            self._follow(written, contributions, staged.sparkSession, batch)
        finally:
            staged.unpersist()

    def _prepare(self, events: DataFrame, batch: BatchRange) -> DataFrame:
        """The batch for `_write_by_spark`, without ids that are known from before a state reset."""
        staged = self.dedup_recovery.drop_known(events, batch.batch_ms)
        return (staged.coalesce(1) if batch.records <= FEW_RECORDS else staged).persist()

    def _add_up(self, staged: DataFrame) -> pa.Table:
        return add_up(staged, self.pipeline.aggregation).toArrow()

    def _append_by_coordinates(self, staged: DataFrame, batch: BatchRange, outcomes: OutcomeCounts) -> None:
        metadata, deletions = self._metadata(batch, outcomes), self.pipeline.deletions
        if outcomes.rejected:
            quarantine.append_missing(self.tables.quarantine, self.fence, select_rejected(staged), metadata)
        if deletions and self.tables.deletions and outcomes.counts.get(deletions.kind):
            quarantine.append_missing(self.tables.deletions, self.fence, deletions.select(staged), metadata)

    def _append_to_silver(self, staged: DataFrame, batch: BatchRange, outcomes: OutcomeCounts) -> Written:
        schema = self.pipeline.table.schema

        def make_rows(decision: Decision, end: Offsets) -> tuple[DataFrame, CommitMetadata]:
            if decision is Decision.WHOLE:
                is_small = outcomes.counts.get("silver", 0) <= SMALL_BATCH
                rows = staged.coalesce(1) if is_small else staged
                return select_silver(rows, schema), self._metadata(batch, outcomes)
            beyond = self.dedup_recovery.drop_written(staged, end, batch.batch_ms)
            rest = read_outcomes(self._add_up(beyond), count_between(end, batch.to))
            return select_silver(beyond, schema), self._metadata(batch, rest)

        return self.tables.silver.append_batch(self.fence, (batch.start, batch.to), make_rows)

    def _follow(self, written: Written, contributions: pa.Table, spark: SparkSession, batch: BatchRange) -> None:
        """PostgreSQL, and the report of unknown fields."""
        with timed(self.pipeline.name, "postgres"):
            if written.decision is Decision.WHOLE:
                self.postgres_sync.apply(self.fence, written.version, spark, self.pipeline.loads(contributions))
            else:
                self.postgres_sync.catch_up(self.fence, spark)
            self.external.settle(self.postgres_sync.reached)
            self.drift.report(contributions, iso_of_ms(batch.batch_ms))

    def _metadata(self, batch: BatchRange, outcomes: OutcomeCounts) -> CommitMetadata:
        return CommitMetadata(
            query=self.pipeline.name,
            lineage=self.lineage.number,
            generations={self.pipeline.name: self.generation},
            start=batch.start,
            end=batch.to,
            rules=self.runtime.rules.fingerprint(),
            batch_at=iso_of_ms(batch.batch_ms),
            newest_event_at=outcomes.newest_event_at,
            counts=outcomes.counts,
        )
