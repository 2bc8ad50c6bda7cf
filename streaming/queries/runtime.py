"""What all queries of a driver share, and how they get at broker, tables, ledger and fences."""

import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pyspark.sql import SparkSession

from streaming.errors import StreamingError
from streaming.kafka_admin import TopicWatch
from streaming.records.quality_rules import QualityRules
from streaming.recovery.offsets import Offsets
from streaming.recovery.topic_generations import Generations, Topic, TopicMissing
from streaming.settings import KafkaSettings, StreamSettings
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Driver, Fence, take_turn, write_fence
from streaming.sinks.postgres import Ledger
from warehouse.lake.locks import TableLocks
from warehouse.lake.table_creation import create_table
from warehouse.lake.tables import Table
from warehouse.settings import LakeSettings


class Stopping(StreamingError):
    """The driver was asked to stop before this batch began; nothing of it was written."""


@dataclass(frozen=True)
class Runtime:
    """One driver: its session, settings, quality rules, locks, and the event that asks it to stop."""

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
        """This driver's identity among all that ever wrote to the lake; its turn is taken with its first query."""
        with self.locks.hold("drivers"):
            return Driver(uuid.uuid4(), take_turn(self.lake.path))

    def for_draining(self, stop: threading.Event) -> "Runtime":
        """The same driver, to read what is waiting. It keeps its turn: with a new one it would take queries from a
        driver that started since."""
        drain = replace(self, available_now=True, stop=stop)
        drain.__dict__["driver"] = self.driver  # where `cached_property` keeps it
        return drain

    @cached_property
    def watch(self) -> TopicWatch:
        """One connection that describes the topics for the batches of all queries."""
        return TopicWatch(self.kafka)

    @property
    def generations(self) -> Generations:
        """The lake's record of the topics that fill it."""
        return Generations(self.lake.path / "generations.json")

    def read_topics(self, topics: tuple[str, ...]) -> tuple[Offsets, dict[str, int]]:
        """The oldest offsets of the topics, and their generations.

        Raises:
            TopicMissing: one of them does not exist.
            TopicRecreated: one of them is not the topic that filled the lake.
        """
        described = self.watch.describe()
        with self.locks.hold("generations"):
            numbers = self._number(described, topics)
        return self.watch.read_logs(topics).begins, numbers

    def read_latest_offsets(self, topics: tuple[str, ...]) -> Offsets:
        """Where the topics end now."""
        return self.watch.read_logs(topics).ends

    def check_generations(self, topics: Iterable[str]) -> None:
        """Checks in each batch that no topic was created again, which offsets alone cannot show. Takes 7 ms.

        Raises as `read_topics`, or StartBroker.
        """
        self._number(self.watch.describe(), topics)  # without the lock: these topics are recorded, nothing is written

    def open_table(self, table: Table, generations: Mapping[str, int]) -> OffsetTrackedTable:
        """A table of the lake, created where it does not exist."""
        with self.locks.hold_in_python(table.name):
            create_table(self.lake, table)
        return OffsetTrackedTable(table, self.lake.path, self.locks, generations)

    def open_ledger(self, query: str) -> Ledger:
        """The PostgreSQL side of a query."""
        return Ledger(self.writer_url, query, self.stop, self.stream.retry_max_seconds)

    def acquire_fence(self, query: str, ledger: Ledger | None) -> Fence:
        """Makes this driver the only one that may write for a query. `ledger`: None where the query has none.

        Raises:
            Fenced: a driver that started later holds the query.
        """
        above = ledger.fence_number() if ledger else 0
        with self.locks.hold(f"fence/{query}"):
            fence = write_fence(self.lake.path, query, self.driver, above)
        if ledger:
            ledger.take_lease(fence)
        return fence

    def check_stop(self) -> None:
        """Raises Stopping if the driver was asked to stop. Call it between two batches only."""
        if self.stop.is_set():
            raise Stopping("stopping between two batches")

    def enter_pool(self, query: str) -> None:
        """Queries that this thread starts from now on run in the query's scheduler pool (conf/pools.xml)."""
        self.spark.sparkContext.setLocalProperty("spark.scheduler.pool", self.stream.queries[query].pool)

    def first_start_seconds(self, query: str) -> float:
        """How long a query waits when the driver starts."""
        return 0.0 if self.available_now else self.stream.queries[query].starts_after_seconds

    def trigger(self, query: str) -> dict[str, Any]:
        """The query's trigger: its setting, or once through everything that waits."""
        if self.available_now:
            return {"availableNow": True}
        return {"processingTime": f"{self.trigger_seconds(query)} seconds"}

    def trigger_seconds(self, query: str) -> float:
        """Seconds from one batch to the next."""
        return self.stream.queries[query].trigger_seconds

    def _number(self, described: Mapping[str, Topic], topics: Iterable[str]) -> dict[str, int]:
        missing = [name for name in topics if name not in described]
        if missing:
            raise TopicMissing(f"topic {', '.join(missing)} does not exist: run ./spark-submit.sh create_topics")
        return {name: self.generations.number_of(described[name]) for name in topics}
