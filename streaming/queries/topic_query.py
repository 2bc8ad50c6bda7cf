"""The fast path of one topic: Kafka -> quarantine, silver, then PostgreSQL, once per batch whatever happens."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from streaming.errors import StreamingError
from streaming.progress import timed
from streaming.queries.access import check_generations
from streaming.queries.dedup_recovery import KnownIds
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
from streaming.transforms.one_pass import add_up
from streaming.transforms.parsing import drop_repeats, select_coordinates, select_rejected, select_silver
from streaming.transforms.posts import select_deletions

FEW_RECORDS = 5_000
"""Records up to which one task does what follows deduplication: no shuffle, and one file per table."""


class ClockWentBack(StreamingError):
    """A batch is older than what its state has forgotten: start again, a new lineage repairs it."""


@dataclass(frozen=True)
class TopicTables:
    """Where the records of a topic can land."""

    silver: OffsetTrackedTable
    quarantine: OffsetTrackedTable
    deletions: OffsetTrackedTable | None


@dataclass(frozen=True)
class TopicQuery:
    """One running topic query: everything `open_topic_query` has settled before the first batch."""

    pipeline: TopicPipeline
    runtime: Runtime
    tables: TopicTables
    fence: Fence
    lineage: Lineage
    generation: int
    postgres_sync: PostgresSync
    foreign: ExternalCommits
    known: KnownIds
    gate: QualityGate
    drift: SchemaDriftLog

    def start(self) -> StreamingQuery:
        """Starts the stream; its name is query, checkpoint folder, metric label and ledger key."""
        runtime, settings, pipeline = self.runtime, self.runtime.stream.queries[self.pipeline.name], self.pipeline
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

    def is_left_behind(self) -> bool:
        """Whether silver has rows of a replay or backfill that the warehouse lacks."""
        return self.foreign.are_waiting()

    def process(self, events: DataFrame, batch_id: int) -> None:
        """One batch: quarantine and deletions by coordinates, silver by position, PostgreSQL behind silver."""
        self.runtime.check_stop()
        batch = read_range(self.lineage.folder, batch_id, self.lineage.start)
        if batch.batch_ms < batch.watermark_ms:
            raise ClockWentBack(f"query {self.pipeline.name}: the clock was set back below the batch watermark")
        staged = self._stage(events, batch)
        try:
            with timed(self.pipeline.name, "consume"):
                facts = self._add_up(staged)
                outcomes = read_outcomes(facts, batch.records)
                check_generations(self.runtime, (self.pipeline.name,))  # all that was read until now is of that topic
            self.gate.check(batch, outcomes)
            with timed(self.pipeline.name, "quarantine"):
                self._land_by_coordinates(staged, batch, outcomes)
            with timed(self.pipeline.name, "silver"):
                written = self._land_in_silver(staged, batch, outcomes)
            with timed(self.pipeline.name, "warehouse"):
                self._bring_to_warehouse(written, facts, events.sparkSession)
                self.drift.report(facts, iso_of_ms(batch.batch_ms))
        finally:
            staged.unpersist()

    def _stage(self, events: DataFrame, batch: BatchRange) -> DataFrame:
        """Kept while the batch lasts, because a stateful query's rows may be asked for only once."""
        staged = self.known.drop_known(events, batch.batch_ms)
        return (staged.coalesce(1) if batch.records <= FEW_RECORDS else staged).persist()

    def _add_up(self, staged: DataFrame) -> pa.Table:
        return add_up(staged, self.pipeline.facts).toArrow()

    def _land_by_coordinates(self, staged: DataFrame, batch: BatchRange, outcomes: OutcomeCounts) -> None:
        ranges = (batch.start, batch.to)
        if outcomes.rejected:
            append_missing(
                self.tables.quarantine, self.fence, select_rejected(staged), ranges, self._facts(batch, outcomes)
            )
        if outcomes.counts.get("deletion") and self.tables.deletions:
            append_missing(
                self.tables.deletions, self.fence, select_deletions(staged), ranges, self._facts(batch, outcomes)
            )

    def _land_in_silver(self, staged: DataFrame, batch: BatchRange, outcomes: OutcomeCounts) -> Written:
        schema = self.pipeline.table.schema

        def make_rows(decision: Decision, end: Offsets) -> tuple[DataFrame, dict[str, Any]]:
            if decision is Decision.WHOLE:
                few = outcomes.counts.get("silver", 0) <= SMALL_BATCH
                return select_silver(staged.coalesce(1) if few else staged, schema), self._facts(batch, outcomes)
            beyond = self.known.drop_held(staged, end, batch.batch_ms)
            rest = read_outcomes(self._add_up(beyond), count_between(end, batch.to))
            return select_silver(beyond, schema), self._facts(batch, rest)

        return self.tables.silver.append_batch(self.fence, (batch.start, batch.to), make_rows)

    def _bring_to_warehouse(self, written: Written, facts: pa.Table, spark: SparkSession) -> None:
        if written.decision is Decision.WHOLE:
            self.postgres_sync.follow(self.fence, written.version, spark, self.pipeline.loads(facts))
        else:
            self.postgres_sync.catch_up(self.fence, spark)
        self.foreign.settle(self.postgres_sync.reached)

    def _facts(self, batch: BatchRange, outcomes: OutcomeCounts) -> dict[str, Any]:
        return {
            "query": self.pipeline.name,
            "lineage": self.lineage.number,
            "generation": self.generation,
            "rules": self.runtime.rules.fingerprint(),
            "batch_at": iso_of_ms(batch.batch_ms),
            "newest_event_at": outcomes.newest_event_at,
            "counts": outcomes.counts,
        }
