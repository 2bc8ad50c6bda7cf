"""What all queries of a driver share."""

import threading
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyspark.sql import SparkSession

from streaming.errors import StreamingError
from streaming.kafka_admin import TopicWatch
from streaming.settings import KafkaSettings, StreamSettings
from streaming.sinks.fence import Driver, take_turn
from streaming.transforms.quality_rules import QualityRules
from warehouse.lake.locks import TableLocks
from warehouse.settings import LakeSettings


class Stopping(StreamingError):
    """The driver was asked to stop before this batch began; nothing of it was written."""


@dataclass(frozen=True)
class Runtime:
    """One driver: its session, its places, its rules and its wish to stop."""

    spark: SparkSession
    lake: LakeSettings
    stream: StreamSettings
    kafka: KafkaSettings
    writer_url: str
    key_file: str
    rules: QualityRules
    locks: TableLocks
    available_now: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    @cached_property
    def driver(self) -> Driver:
        """Who this driver is among all that ever wrote to the lake; its turn is taken with its first query."""
        with self.locks.hold("drivers"):
            return Driver(uuid.uuid4(), take_turn(self.lake.path))

    @cached_property
    def watch(self) -> TopicWatch:
        """One connection that looks at the topics between the batches of all queries."""
        return TopicWatch(self.kafka)

    def check_stop(self) -> None:
        """Raises Stopping between two batches, never inside one."""
        if self.stop.is_set():
            raise Stopping("stopping between two batches")

    def enter_pool(self, query: str) -> None:
        """Queries that this thread starts from now on take their cores from the query's pool (conf/pools.xml)."""
        self.spark.sparkContext.setLocalProperty("spark.scheduler.pool", self.stream.queries[query].pool)

    def first_start_seconds(self, query: str) -> float:
        """How long a query waits when the driver starts."""
        return 0.0 if self.available_now else self.stream.queries[query].starts_after_seconds

    def trigger(self, query: str) -> dict[str, Any]:
        """How often a query runs: as its settings say, or once through everything that waits."""
        if self.available_now:
            return {"availableNow": True}
        return {"processingTime": f"{self.trigger_seconds(query)} seconds"}

    def trigger_seconds(self, query: str) -> float:
        """Seconds from one batch to the next."""
        return self.stream.queries[query].trigger_seconds
