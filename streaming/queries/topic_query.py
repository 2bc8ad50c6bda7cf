"""The fast path of one topic: Kafka -> quarantine, silver, then PostgreSQL; each batch counts once whatever happens."""

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from streaming.errors import StreamingError
from streaming.progress import timed
from streaming.queries.dedup_recovery import DedupRecovery
from streaming.queries.external_commits import ExternalCommits
from streaming.queries.outcomes import OutcomeCounts, iso_of_ms, read_outcomes
from streaming.queries.postgres_sync import PostgresSync
from streaming.queries.quality_gate import QualityGate
from streaming.queries.runtime import Runtime
from streaming.queries.schema_drift import SchemaDriftLog
from streaming.queries.topic_pipelines import TopicPipeline
from streaming.recovery.checkpoint import BatchRange, Lineage, read_range
from streaming.recovery.offsets import Decision, Offsets, count_between
from streaming.sinks.delta import SMALL_BATCH, OffsetTrackedTable, Written
from streaming.sinks.fence import Fence
from streaming.sinks.quarantine import append_missing
from streaming.sources.kafka import read_topics
from streaming.transforms.deduplication import drop_repeats
from streaming.transforms.one_pass import add_up
from streaming.transforms.parsing import select_coordinates, select_rejected, select_silver
from warehouse.lake.commit_metadata import CommitMetadata

FEW_RECORDS = 5_000
"""Records up to which one task does what follows deduplication: no shuffle, and one file per table."""


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

    def start(self) -> StreamingQuery:
        """Starts the stream; its name is query, checkpoint folder, metric label and ledger key."""
        runtime, pipeline = self.runtime, self.pipeline
        settings = runtime.stream.queries[pipeline.name]
        records = read_topics(runtime.spark, runtime.kafka, self.lineage.start, settings.max_offsets_per_trigger)
        return (
            pipeline.parse(records.transform(select_coordinates, self.generation), runtime.rules)
            .transform(drop_repeats, settings.horizon_seconds)
            .transform(pipeline.stage, runtime.rules.late_seconds)
            .writeStream.queryName(pipeline.name)
            .option("checkpointLocation", str(self.lineage.folder))
            .outputMode("append")
            .trigger(**runtime.trigger(pipeline.name))
            .foreachBatch(self.process)
            .start()
        )

    def is_behind(self) -> bool:
        """Whether silver has rows of a replay or backfill that PostgreSQL lacks."""
        return self.external.are_pending()

    def process(self, events: DataFrame, batch_id: int) -> None:
        """One batch: quarantine and deletions by coordinates, silver by offsets, then PostgreSQL."""
        self.runtime.check_stop()
        batch = read_range(self.lineage.folder, batch_id, self.lineage.start)
        if batch.batch_ms < batch.watermark_ms:
            raise ClockWentBack(f"query {self.pipeline.name}: the clock was set back below the batch watermark")
        staged = self._stage(events, batch)
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
            with timed(self.pipeline.name, "postgres"):
                self._update_postgres(written, contributions, events.sparkSession)
                self.drift.report(contributions, iso_of_ms(batch.batch_ms))
        finally:
            staged.unpersist()

    def _stage(self, events: DataFrame, batch: BatchRange) -> DataFrame:
        """Persisted for the batch: the rows of a stateful query may be computed only once."""
        staged = self.dedup_recovery.drop_known(events, batch.batch_ms)
        return (staged.coalesce(1) if batch.records <= FEW_RECORDS else staged).persist()

    def _add_up(self, staged: DataFrame) -> pa.Table:
        return add_up(staged, self.pipeline.aggregation).toArrow()

    def _append_by_coordinates(self, staged: DataFrame, batch: BatchRange, outcomes: OutcomeCounts) -> None:
        metadata, deletions = self._metadata(batch, outcomes), self.pipeline.deletions
        if outcomes.rejected:
            append_missing(self.tables.quarantine, self.fence, select_rejected(staged), metadata)
        if deletions and self.tables.deletions and outcomes.counts.get(deletions.kind):
            append_missing(self.tables.deletions, self.fence, deletions.select(staged), metadata)

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

    def _update_postgres(self, written: Written, contributions: pa.Table, spark: SparkSession) -> None:
        if written.decision is Decision.WHOLE:
            self.postgres_sync.apply(self.fence, written.version, spark, self.pipeline.loads(contributions))
        else:
            self.postgres_sync.catch_up(self.fence, spark)
        self.external.settle(self.postgres_sync.reached)

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
