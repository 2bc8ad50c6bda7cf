"""Bronze: every record of every topic as it arrived, on its own, whatever happens to silver or PostgreSQL."""

from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.streaming import StreamingQuery

from streaming.queries.access import check_generations
from streaming.queries.outcomes import iso_of_ms
from streaming.queries.runtime import Runtime
from streaming.recovery.checkpoint import BatchRange, Lineage, read_range
from streaming.recovery.offsets import Decision, Offsets
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence
from streaming.sources.kafka import read_topics
from warehouse.lake.schemas import bronze

NAME = "bronze"


@dataclass(frozen=True)
class BronzeQuery:
    """The running query; `generations` numbers each topic's UUID."""

    runtime: Runtime
    table: OffsetTrackedTable
    fence: Fence
    lineage: Lineage
    generations: dict[str, int]

    def start(self) -> StreamingQuery:
        """Starts the stream."""
        runtime, settings = self.runtime, self.runtime.stream.queries[NAME]
        records = read_topics(runtime.spark, runtime.kafka, self.lineage.start, settings.max_offsets_per_trigger)
        return (
            select_records(records, self.generations)
            .writeStream.queryName(NAME)
            .option("checkpointLocation", str(self.lineage.folder))
            .outputMode("append")
            .trigger(**runtime.trigger(NAME))
            .foreachBatch(self.process)
            .start()
        )

    def is_left_behind(self) -> bool:
        """Nobody else writes records to Kafka's place."""
        return False

    def process(self, records: DataFrame, batch_id: int) -> None:
        """One batch: appended once, by position."""
        self.runtime.check_stop()
        batch = read_range(self.lineage.folder, batch_id, self.lineage.start)
        check_generations(self.runtime, self.generations)

        def make_rows(decision: Decision, end: Offsets) -> tuple[DataFrame, dict[str, Any]]:
            rows = records if decision is Decision.WHOLE else records.where(self.table.beyond(end))
            return rows, self._facts(batch)

        self.table.append_batch(self.fence, (batch.start, batch.to), make_rows)

    def _facts(self, batch: BatchRange) -> dict[str, Any]:
        return {
            "query": NAME,
            "lineage": self.lineage.number,
            "generation": self.generations,
            "batch_at": iso_of_ms(batch.batch_ms),
        }


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
