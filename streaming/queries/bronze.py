"""Bronze: every record of every topic as it arrived. It needs no PostgreSQL and continues while that is away."""

from dataclasses import dataclass, replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from streaming.queries.batch_size import BatchSize, has_few_records
from streaming.queries.outcomes import iso_of_ms
from streaming.queries.running import RunningStream
from streaming.queries.runtime import Runtime
from streaming.recovery.checkpoint import BatchRange, Lineage, read_range
from streaming.recovery.offsets import Decision, Offsets
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence
from streaming.sources.kafka import read_topics
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.schemas import bronze

NAME = "bronze"


@dataclass(frozen=True)
class BronzeQuery:
    """The running query; `generations` holds the present generation of each topic."""

    runtime: Runtime
    table: OffsetTrackedTable
    fence: Fence
    lineage: Lineage
    generations: dict[str, int]
    size: BatchSize

    def start(self) -> RunningStream:
        """Starts the stream."""
        runtime, settings = self.runtime, self.runtime.stream.queries[NAME]
        self.size.observe()
        records = read_topics(runtime.spark, runtime.kafka, self.lineage.start, settings.max_offsets_per_trigger)
        query = (
            select_records(records, self.generations)
            .writeStream.queryName(NAME)
            .option("checkpointLocation", str(self.lineage.folder))
            .outputMode("append")
            .trigger(**runtime.trigger(NAME))
            .foreachBatch(self.process)
            .start()
        )
        return RunningStream(runtime.spark, query)

    def is_behind(self) -> bool:
        """Always False: no other job adds rows to bronze."""
        return False

    def process(self, records: DataFrame, batch_id: int) -> None:
        """Writes one batch, once."""
        self.runtime.check_stop()
        batch = read_range(self.lineage.folder, batch_id, self.lineage.start)
        self.runtime.check_generations(self.generations)
        if self.size.has_few_bytes(batch) and has_few_records(batch) and self.table.expects(batch.start, batch.to):
            metadata = replace(self._metadata(batch), start=batch.start, end=batch.to)
            self.table.append_next(self.fence, records.toArrow(), metadata)
        else:
            self._append_by_spark(records, batch)

    def _append_by_spark(self, records: DataFrame, batch: BatchRange) -> None:
        def make_rows(decision: Decision, end: Offsets) -> tuple[DataFrame, CommitMetadata]:
            rows = records if decision is Decision.WHOLE else records.where(self.table.beyond(end))
            return rows, self._metadata(batch)

        self.table.append_batch(self.fence, (batch.start, batch.to), make_rows)

    def _metadata(self, batch: BatchRange) -> CommitMetadata:
        return CommitMetadata(
            NAME, self.lineage.number, generations=self.generations, batch_at=iso_of_ms(batch.batch_ms)
        )


def select_records(records: DataFrame, generations: dict[str, int]) -> DataFrame:
    """Kafka's columns -> rows of schemas.bronze.RECORDS."""
    numbers = F.create_map(*(F.lit(part) for pair in generations.items() for part in pair))
    columns = {
        "generation": numbers[F.col("topic")],
        "kafka_at": F.col("timestamp"),
        "ingested_at": F.current_timestamp(),
        "ingest_date": F.to_date(F.current_timestamp()),
    }
    return records.withColumns(columns).select(*bronze.RECORDS.names)
