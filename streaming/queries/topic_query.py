"""The fast path of one topic: Kafka -> quarantine, silver, then PostgreSQL, once per batch whatever happens."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from streaming.errors import StreamingError
from streaming.positions import Decision, Offsets, count_between
from streaming.progress import timed
from streaming.queries.access import check_generations
from streaming.queries.checkpoint import BatchRange, Lineage, read_range
from streaming.queries.domains import Domain
from streaming.queries.drift import DriftWatch
from streaming.queries.follower import Follower
from streaming.queries.foreign import ForeignCommits
from streaming.queries.gate import Gate
from streaming.queries.known_ids import KnownIds
from streaming.queries.runtime import Runtime
from streaming.queries.tally import Tally, iso_of_ms, read_tally
from streaming.sinks.coordinates import append_missing
from streaming.sinks.delta import SMALL_BATCH, PositionedTable, Written
from streaming.sinks.fence import Fence
from streaming.sources.kafka import read_topics
from streaming.transforms.facts import add_up
from streaming.transforms.parsing import drop_repeats, select_coordinates, select_rejected, select_silver
from streaming.transforms.posts import select_deletions

FEW_RECORDS = 5_000
"""Records up to which one task does what follows deduplication: no shuffle, and one file per table."""


class ClockWentBack(StreamingError):
    """A batch is older than what its state has forgotten: start again, a new lineage repairs it."""


@dataclass(frozen=True)
class TopicTables:
    """Where the records of a topic can land."""

    silver: PositionedTable
    quarantine: PositionedTable
    deletions: PositionedTable | None


@dataclass(frozen=True)
class TopicQuery:
    """One running topic query: everything `open_topic_query` has settled before the first batch."""

    domain: Domain
    runtime: Runtime
    tables: TopicTables
    fence: Fence
    lineage: Lineage
    generation: int
    follower: Follower
    foreign: ForeignCommits
    known: KnownIds
    gate: Gate
    drift: DriftWatch

    def start(self) -> StreamingQuery:
        """Starts the stream; its name is query, checkpoint folder, metric label and ledger key."""
        runtime, settings, domain = self.runtime, self.runtime.stream.queries[self.domain.name], self.domain
        records = read_topics(runtime.spark, runtime.kafka, self.lineage.start, settings.max_offsets_per_trigger)
        return (
            domain.parse(records.transform(select_coordinates, self.generation), runtime.rules)
            .transform(drop_repeats, settings.horizon_seconds)
            .transform(domain.stage, runtime.rules.late_seconds)
            .writeStream.queryName(domain.name)
            .option("checkpointLocation", str(self.lineage.folder))
            .outputMode("append")
            .trigger(**runtime.trigger(domain.name))
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
            raise ClockWentBack(f"query {self.domain.name}: the clock was set back below the batch watermark")
        staged = self._stage(events, batch)
        try:
            with timed(self.domain.name, "consume"):
                facts = self._add_up(staged)
                tally = read_tally(facts, batch.records)
                check_generations(self.runtime, (self.domain.name,))  # all that was read until now is of that topic
            self.gate.check(batch, tally)
            with timed(self.domain.name, "quarantine"):
                self._land_by_coordinates(staged, batch, tally)
            with timed(self.domain.name, "silver"):
                written = self._land_in_silver(staged, batch, tally)
            with timed(self.domain.name, "warehouse"):
                self._bring_to_warehouse(written, facts, events.sparkSession)
                self.drift.report(facts, iso_of_ms(batch.batch_ms))
        finally:
            staged.unpersist()

    def _stage(self, events: DataFrame, batch: BatchRange) -> DataFrame:
        """Kept while the batch lasts, because a stateful query's rows may be asked for only once."""
        staged = self.known.drop_known(events, batch.batch_ms)
        return (staged.coalesce(1) if batch.records <= FEW_RECORDS else staged).persist()

    def _add_up(self, staged: DataFrame) -> pa.Table:
        return add_up(staged, self.domain.facts).toArrow()

    def _land_by_coordinates(self, staged: DataFrame, batch: BatchRange, tally: Tally) -> None:
        ranges = (batch.start, batch.to)
        if tally.rejected:
            append_missing(
                self.tables.quarantine, self.fence, select_rejected(staged), ranges, self._facts(batch, tally)
            )
        if tally.counts.get("deletion") and self.tables.deletions:
            append_missing(
                self.tables.deletions, self.fence, select_deletions(staged), ranges, self._facts(batch, tally)
            )

    def _land_in_silver(self, staged: DataFrame, batch: BatchRange, tally: Tally) -> Written:
        schema = self.domain.table.schema

        def make_rows(decision: Decision, end: Offsets) -> tuple[DataFrame, dict[str, Any]]:
            if decision is Decision.WHOLE:
                few = tally.counts.get("silver", 0) <= SMALL_BATCH
                return select_silver(staged.coalesce(1) if few else staged, schema), self._facts(batch, tally)
            beyond = self.known.drop_held(staged, end, batch.batch_ms)
            rest = read_tally(self._add_up(beyond), count_between(end, batch.to))
            return select_silver(beyond, schema), self._facts(batch, rest)

        return self.tables.silver.append_batch(self.fence, (batch.start, batch.to), make_rows)

    def _bring_to_warehouse(self, written: Written, facts: pa.Table, spark: SparkSession) -> None:
        if written.decision is Decision.WHOLE:
            self.follower.follow(self.fence, written.version, spark, self.domain.loads(facts))
        else:
            self.follower.catch_up(self.fence, spark)
        self.foreign.settle(self.follower.reached)

    def _facts(self, batch: BatchRange, tally: Tally) -> dict[str, Any]:
        return {
            "query": self.domain.name,
            "lineage": self.lineage.number,
            "generation": self.generation,
            "rules": self.runtime.rules.fingerprint(),
            "batch_at": iso_of_ms(batch.batch_ms),
            "newest_event_at": tally.newest_event_at,
            "counts": tally.counts,
        }
