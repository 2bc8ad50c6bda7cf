"""The fast path of one topic: Kafka -> quarantine, silver, then PostgreSQL, once per batch whatever happens."""

from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.streaming import StreamingQuery

from streaming.errors import StreamingError
from streaming.positions import Decision, Offsets, count_between
from streaming.progress import timed
from streaming.queries.checkpoint import BatchRange, Lineage, read_range
from streaming.queries.domains import Domain
from streaming.queries.follower import Follower
from streaming.queries.known_ids import KnownIds
from streaming.queries.runtime import Runtime
from streaming.queries.tally import Tally, iso_of_ms, tally_outcomes
from streaming.sinks.coordinates import append_missing
from streaming.sinks.delta import SMALL_BATCH, PositionedTable
from streaming.sinks.fence import Fence
from streaming.sources.kafka import read_topics
from streaming.transforms.parsing import drop_repeats, select_coordinates
from streaming.transforms.posts import select_deletions
from warehouse.schemas import quarantine


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
    known: KnownIds

    def start(self) -> StreamingQuery:
        """Starts the stream; its name is query, checkpoint folder, metric label and ledger key."""
        runtime, settings = self.runtime, self.runtime.stream.queries[self.domain.name]
        records = read_topics(runtime.spark, runtime.kafka, self.lineage.start, settings.max_offsets_per_trigger)
        events = self.domain.parse(records.transform(select_coordinates, self.generation), runtime.rules)
        return (
            events.transform(drop_repeats, settings.horizon_seconds)
            .writeStream.queryName(self.domain.name)
            .option("checkpointLocation", str(self.lineage.folder))
            .outputMode("append")
            .trigger(**runtime.trigger(self.domain.name))
            .foreachBatch(self.process)
            .start()
        )

    def process(self, events: DataFrame, batch_id: int) -> None:
        """One batch: quarantine and deletions by coordinates, silver by position, PostgreSQL behind silver."""
        self.runtime.check_stop()
        batch = read_range(self.lineage.folder, batch_id, self.lineage.start)
        if batch.batch_ms < batch.watermark_ms:
            raise ClockWentBack(f"query {self.domain.name}: the clock was set back below the batch watermark")
        staged = self.known.drop_known(events, batch.batch_ms).persist()
        try:
            with timed(self.domain.name, "consume"):
                tally = tally_outcomes(staged, count_between(batch.start, batch.to), self.runtime.rules.late_seconds)
            with timed(self.domain.name, "quarantine"):
                self._land_by_coordinates(staged, batch, tally)
            self._land_in_silver(staged, batch, tally)
        finally:
            staged.unpersist()

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

    def _land_in_silver(self, staged: DataFrame, batch: BatchRange, tally: Tally) -> None:
        silver = self.domain.select(staged).persist()

        def make_rows(decision: Decision, end: Offsets) -> tuple[DataFrame, dict[str, Any]]:
            if decision is Decision.WHOLE:
                few = tally.counts.get("silver", 0) <= SMALL_BATCH
                return (silver.coalesce(1) if few else silver), self._facts(batch, tally)
            beyond = self.known.drop_held(staged, end, batch.batch_ms)
            late = self.runtime.rules.late_seconds
            rest = tally_outcomes(beyond, count_between(end, batch.to), late)
            return self.domain.select(beyond), self._facts(batch, rest)

        try:
            with timed(self.domain.name, "silver"):
                written = self.tables.silver.append_batch(self.fence, (batch.start, batch.to), make_rows)
            with timed(self.domain.name, "warehouse"):
                if written.decision is Decision.WHOLE:
                    gone = select_deletions(staged) if tally.counts.get("deletion") else None
                    self.follower.follow(self.fence, written.version, silver, gone)
                else:
                    self.follower.catch_up(self.fence, silver.sparkSession)
        finally:
            silver.unpersist()

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


def select_rejected(events: DataFrame) -> DataFrame:
    """Rejected events -> rows of schemas.quarantine.REJECTED, with their original bytes."""
    columns = {
        "rule": F.col("rejection.rule"),
        "reason": F.col("rejection.reason"),
        "first_seen_at": F.col("ingested_at"),
        "replayed_at": F.lit(None).cast("timestamp"),
    }
    return events.where(F.col("rejection").isNotNull()).withColumns(columns).select(*quarantine.REJECTED.names)
