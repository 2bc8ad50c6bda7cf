"""The stream inside pytest's own process: real broker, database and Spark session, with a lake of its own per test.

`tests.support.faults.installation` is the counterpart whose driver, broker and database are processes of their own.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from pyspark.sql import SparkSession

from jobs.settings import Settings
from jobs.stream import GOLD_PHASE, TOPIC_PHASE, build_openers
from jobs.verify import make_inputs
from jobs.wiring import build_runtime
from streaming.kafka_admin import create_topics, describe_topics
from streaming.producers.journal import Journal, ack_line
from streaming.queries import batch_size, gold
from streaming.queries.batch_size import BatchSize
from streaming.queries.runtime import Runtime
from streaming.queries.supervisor import Supervisor
from streaming.settings import KafkaSettings
from tests.support.records import make_post, make_reading
from warehouse.database.connections import connect, role_url
from warehouse.verification import PostgresReader, Report, verify

TIMEOUT_SECONDS = 120.0
"""For the next batch of a running driver; a shared machine may take many times the usual seconds."""
POSTS = ("posts",)
"""The query that most fault tests break."""
POSTS_CHAIN = ("bronze", "posts", "gold_posts")
"""Every query that posts pass: enough for an exact recount where only posts were sent."""


@dataclass
class InProcessStream:
    """Topics, lake and database of one test: sends records, runs the queries, verifies the result."""

    spark: SparkSession
    settings: Settings

    def make_runtime(self) -> Runtime:
        """The runtime of a newly started driver over the same lake; its queries end when the topics are drained."""
        return build_runtime(self.spark, self.settings, available_now=True)

    def drain(self, queries: tuple[str, ...] = TOPIC_PHASE + GOLD_PHASE, runtime: Runtime | None = None) -> Runtime:
        """Starts a driver and reads all pending records: first the queries of topics, then those of gold."""
        runtime = runtime or self.make_runtime()
        openers = build_openers(runtime)
        for phase in (TOPIC_PHASE, GOLD_PHASE):
            Supervisor(runtime, {name: openers[name] for name in phase if name in queries}).run()
        return runtime

    @contextmanager
    def running(self, queries: tuple[str, ...]) -> Iterator[Runtime]:
        """Runs a driver in a thread, with a batch per second, until the block ends.

        Code that works beside it must use the yielded runtime: Java's file locks do not exclude other threads of the
        process that holds them.
        """
        settings = self.settings.stream
        every_second = {
            name: query.model_copy(update={"trigger_seconds": 1.0, "starts_after_seconds": 0.0})
            for name, query in settings.queries.items()
        }
        runtime = replace(
            self.make_runtime(), available_now=False, stream=settings.model_copy(update={"queries": every_second})
        )
        openers = build_openers(runtime)
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(Supervisor(runtime, {name: openers[name] for name in queries}).run)
            try:
                yield runtime
            finally:
                runtime.stop.set()
                run.result()  # raises the driver's own error in place of the timeout of what waited for it

    def send(self, topic: str, values: list[bytes | None], partition: int = 0) -> None:
        """Sends values to one partition, in order; journals them like the generator, but without expected outcomes."""
        producer = KafkaProducer(bootstrap_servers=self.settings.kafka.address, acks="all")
        sent = [(value or b"", producer.send(topic, value, key=b"k", partition=partition)) for value in values]
        producer.flush()
        producer.close()
        journal = Journal(self.settings.generator.journal / f"{topic}-{time.monotonic_ns()}.jsonl")
        for n, (value, future) in enumerate(sent):
            intent = {"e": "intent", "n": n, "topic": topic, "sha256": sha256(value).hexdigest()}
            journal.append_results([f"{json.dumps(intent)}\n"])
            if future.succeeded():
                journal.append_results([ack_line(n, partition, future.value.offset, future.value.timestamp)])
        journal.close()

    def verify(self, **limits: Any) -> Report:
        """The independent recount of a drained stream; `limits` replace quality limits of the configuration."""
        postgres = PostgresReader(role_url(self.settings.postgres, "owner"))
        inputs = make_inputs(self.settings, True)
        return verify(replace(inputs, limits=replace(inputs.limits, **limits)), postgres)

    def assert_exact(self) -> None:
        """Fails unless every check of the recount finds no difference."""
        report = self.verify()
        assert {check.name: check.differences for check in report.checks if check.differences} == {}
        assert report.is_exact

    def cap(self, query: str, records: int) -> None:
        """Limits batches of `query` to about so many records, so that few records make several batches."""
        queries = self.settings.stream.queries
        queries[query] = queries[query].model_copy(update={"max_offsets_per_trigger": records})

    def run_sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Runs a statement as the owner and commits; returns its rows, if any."""
        with closing(connect(role_url(self.settings.postgres, "owner"), application_name="tests")) as session, session:
            cursor = session.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def table(self, name: str) -> Path:
        """The folder of a table."""
        return self.settings.lake.path / name

    def count(self, name: str) -> int:
        """Rows of a table, read by Spark."""
        return self.spark.read.format("delta").load(str(self.table(name))).count()

    def versions(self) -> dict[str, int]:
        """Number of commits by table: a run without pending records must not change it."""
        return {
            str(p.parent.relative_to(self.settings.lake.path)): len(list(p.glob("*.json")))
            for p in self.settings.lake.path.glob("*/*/_delta_log")
        }


def recreate_topics(kafka: KafkaSettings) -> None:
    """Deletes and creates our topics, so that offsets begin at 0."""
    known = describe_topics(kafka)
    if known:
        admin = KafkaAdminClient(bootstrap_servers=kafka.address)
        admin.delete_topics(list(known))
        admin.close()
    old = {topic.uuid for topic in known.values()}
    while {topic.uuid for topic in describe_topics(kafka).values()} & old:
        pass  # no sleep: each call is a round trip to the broker
    create_topics(kafka)


def send_posts(stream: InProcessStream, first: int, count: int = 40) -> None:
    """Valid posts with ids from `first` on, over two partitions; on each also a repeat, a broken record, a deletion."""
    for partition in (0, 1):
        posts = [make_post(number) for number in range(first + partition, first + count, 2)]
        others = [posts[0], b'{"post_id": ', make_post(first + partition, kind="deletion")]
        stream.send("posts", [*posts, *others], partition)


def send_posts_and_readings(stream: InProcessStream, first: int, count: int = 40) -> None:
    """As `send_posts`, and as many readings."""
    send_posts(stream, first, count)
    for partition in (0, 1):
        stream.send("readings", [make_reading(n) for n in range(first + partition, first + count, 2)], partition)


def write_by_spark(patch: pytest.MonkeyPatch) -> None:
    """No batch is small, and no chunk of gold: Spark writes all."""
    patch.setattr(batch_size, "SMALL_RECORDS", 0)
    patch.setattr(gold, "SMALL_BYTES", 0)


def hide_sizes(patch: pytest.MonkeyPatch) -> None:
    """The broker does not tell how large its logs are, as after a backlog: batches are measured."""
    patch.setattr(BatchSize, "has_few_bytes", lambda _self, _batch: False)


def with_rules(runtime: Runtime, **changes: Any) -> Runtime:
    """The runtime of the same driver under other quality rules."""
    return replace(runtime, rules=replace(runtime.rules, **changes))
