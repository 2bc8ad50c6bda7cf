"""A stream for the tests: one Spark session per run, and for each test a lake, topics and a database of its own."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from pyspark.sql import SparkSession

from jobs.session import tune
from jobs.settings import CONF, ROOT, SPARK_JARS, Settings
from jobs.stream import GOLD_PHASE, TOPIC_PHASE, build_openers
from jobs.verify import make_inputs
from jobs.wiring import build_runtime
from streaming.kafka_admin import create_topics, describe_topics
from streaming.producers.journal import Journal, ack_line
from streaming.queries.runtime import Runtime
from streaming.queries.supervisor import Supervisor
from streaming.settings import KafkaSettings
from warehouse.database.connections import connect, role_url
from warehouse.settings import PostgresSettings
from warehouse.verification import PostgresFacts, Report, verify

PATIENCE_SECONDS = 120.0
"""For a living driver to do its next thing; a shared machine may take many times its usual seconds."""


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A local session with the product's own configuration."""
    os.environ.update(PYSPARK_PYTHON=sys.executable, PYTHONPATH=str(ROOT), SPARK_LOCAL_IP="127.0.0.1")
    builder = SparkSession.builder.master("local[2]").appName("afluente tests")
    for line in (CONF / "spark-defaults.conf").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            builder = builder.config(*line.split(None, 1))
    session = (
        builder.config("spark.jars", ",".join(str(jar) for jar in sorted(SPARK_JARS.glob("*.jar"))))
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.memory", "1g")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    tune(session)
    yield session
    session.stop()


@dataclass
class StreamBench:
    """Everything one test needs: send records, drain the topics, prove the result."""

    spark: SparkSession
    settings: Settings

    def make_runtime(self) -> Runtime:
        """A new driver's runtime over the same lake."""
        return build_runtime(self.spark, self.settings, available_now=True)

    def drain(self, queries: tuple[str, ...] = TOPIC_PHASE + GOLD_PHASE, runtime: Runtime | None = None) -> Runtime:
        """Reads all that waits, topics first; as a driver that was just started."""
        runtime = runtime or self.make_runtime()
        openers = build_openers(runtime)
        for phase in (TOPIC_PHASE, GOLD_PHASE):
            Supervisor(runtime, {name: openers[name] for name in phase if name in queries}).run()
        return runtime

    @contextmanager
    def live(self, queries: tuple[str, ...]) -> Iterator[Runtime]:
        """A driver that goes on while the block runs, with a batch a second.

        Whoever works beside it does so with its runtime: to Java, locks of one process exclude no one.
        """
        stream = self.settings.stream
        brisk = {
            name: query.model_copy(update={"trigger_seconds": 1.0, "starts_after_seconds": 0.0})
            for name, query in stream.queries.items()
        }
        runtime = replace(self.make_runtime(), available_now=False, stream=stream.model_copy(update={"queries": brisk}))
        openers = build_openers(runtime)
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(Supervisor(runtime, {name: openers[name] for name in queries}).run)
            try:
                yield runtime
            finally:
                runtime.stop.set()
                run.result()  # says first why a driver is gone, not that nobody did what was waited for

    def send(self, topic: str, values: list[bytes | None], partition: int = 0) -> None:
        """Sends values to one partition, in order; journalled, but for a verdict that nobody has thought about."""
        producer = KafkaProducer(bootstrap_servers=self.settings.kafka.address, acks="all")
        sent = [(value or b"", producer.send(topic, value, key=b"k", partition=partition)) for value in values]
        producer.flush()
        producer.close()
        journal = Journal(self.settings.generator.journal / f"{topic}-{time.monotonic_ns()}.jsonl")
        for n, (value, future) in enumerate(sent):
            intent = {"e": "intent", "n": n, "topic": topic, "sha256": sha256(value).hexdigest()}
            journal.note_results([f"{json.dumps(intent)}\n"])
            if future.succeeded():
                journal.note_results([ack_line(n, partition, future.value.offset, future.value.timestamp)])
        journal.close()

    def prove(self, **limits: Any) -> Report:
        """The independent recount of a drained stream; `limits` are rules in force that differ from the shipped."""
        facts = PostgresFacts(role_url(self.settings.postgres, "owner"))
        inputs = make_inputs(self.settings, True)
        return verify(replace(inputs, limits=replace(inputs.limits, **limits)), facts)

    def assert_exact(self) -> None:
        """Every check of the recount, with no difference."""
        report = self.prove()
        assert {check.name: check.differences for check in report.checks if check.differences} == {}
        assert report.is_exact

    def cap(self, query: str, records: int) -> None:
        """From now on a batch of `query` takes about so many records: a short test has several batches."""
        queries = self.settings.stream.queries
        queries[query] = queries[query].model_copy(update={"max_offsets_per_trigger": records})

    def run_sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Runs a statement as the owner; rows if it has any."""
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
        """Commits of every table: what a run that had nothing to do must not change."""
        return {
            str(p.parent.relative_to(self.settings.lake.path)): len(list(p.glob("*.json")))
            for p in self.settings.lake.path.glob("*/*/_delta_log")
        }


@pytest.fixture
def bench(
    spark: SparkSession,
    broker_settings: KafkaSettings,
    postgres: PostgresSettings,
    make_settings: Callable[..., Settings],
    tmp_path: Path,
) -> StreamBench:
    """A bench with empty topics, an empty lake and a migrated database."""
    renew_topics(broker_settings)
    settings = make_settings(tmp_path)
    return StreamBench(spark, settings.model_copy(update={"kafka": broker_settings, "postgres": postgres}))


def renew_topics(kafka: KafkaSettings) -> None:
    """Deletes and creates our topics, so that offsets begin at 0."""
    known = describe_topics(kafka)
    if known:
        admin = KafkaAdminClient(bootstrap_servers=kafka.address)
        admin.delete_topics(list(known))
        admin.close()
    old = {topic.uuid for topic in known.values()}
    while {topic.uuid for topic in describe_topics(kafka).values()} & old:
        pass  # each look is a round trip to the broker
    create_topics(kafka)


POSTS = ("posts",)
"""Most faults concern one query."""
POSTS_CHAIN = ("bronze", "posts", "gold_posts")
"""What posts become: enough for the proof where nothing else was sent."""


def send_posts(bench: StreamBench, first: int, count: int = 40) -> None:
    """Valid, repeated, broken and deleting posts on two partitions."""
    for partition in (0, 1):
        posts = [make_post(number) for number in range(first + partition, first + count, 2)]
        odd = [posts[0], b'{"post_id": ', make_post(first + partition, kind="deletion")]
        bench.send("posts", [*posts, *odd], partition)


def send_mixture(bench: StreamBench, first: int, count: int = 40) -> None:
    """The same, and readings."""
    send_posts(bench, first, count)
    for partition in (0, 1):
        bench.send("readings", [make_reading(n) for n in range(first + partition, first + count, 2)], partition)


def make_post(number: int, **changes: Any) -> bytes:
    """A valid post; `changes` replace or (with None) remove fields."""
    at = datetime.now(UTC) - timedelta(seconds=5)
    fields = {
        "post_id": f"p{number}",
        "source": "test",
        "author_id": f"author{number % 7}",
        "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "text": f"number {number} #Tag{number % 5} with @author{number % 3}",
        "lang": "en",
        **changes,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def make_reading(number: int, **changes: Any) -> bytes:
    """A valid reading of one of three machines; `changes` replace or (with None) remove fields."""
    at = datetime.now(UTC) - timedelta(seconds=5)
    fields = {
        "reading_id": f"r{number}",
        "machine_id": f"machine-0{1 + number % 3}",
        "measured_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "temperature_c": 60 + number % 800 / 8,
        "vibration_mm_s": 1.125,
        "rotation_rpm": 1500,
        "pressure_bar": 6.1,
        "power_kw": 3.3,
        "parts_count": number % 1000,
        **changes,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def make_event(number: int, **changes: Any) -> bytes:
    """A valid event of one of three machines; `changes` replace or (with None) remove fields."""
    at = datetime.now(UTC) - timedelta(seconds=5)
    fields = {
        "event_id": f"e{number}",
        "machine_id": f"machine-0{1 + number % 3}",
        "occurred_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "kind": ("failure", "maintenance")[number % 2],
        **changes,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def with_rules(runtime: Runtime, **changes: Any) -> Runtime:
    """The same driver under other quality rules."""
    return replace(runtime, rules=replace(runtime.rules, **changes))
