"""Sends the events of every source through one idempotent Kafka producer and journals what the broker acknowledged.

A source opens `Producer(BrokerConnection(...), Journal(...), topics)` and gives its events, each with the key that
chooses its partition, to `send`, which journals the intents and queues the records without waiting for the broker.
It calls `settle` regularly, which journals the acknowledgements and failures that have arrived since, holds back new
events while `pending` is at MAX_PENDING_RECORDS, and calls `close`, which waits for the last answers.
Opening raises StartBroker when no broker answers and CreateTopics when a topic is missing, `send` raises kafka-python's
MessageSizeTooLargeError for a record above `max_message_bytes`, and nothing else raises: a broker that stops answering
is waited for up to a day (`is_stuck` says so), and a record that the client gave up is counted in `failed`.
"""

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaProducer
from kafka.cluster import ClusterMetadata
from kafka.errors import KafkaError
from kafka.partitioner.default import DefaultPartitioner, murmur2

from streaming.errors import StartBroker, StreamingError
from streaming.producers.events import Event
from streaming.producers.journal import Journal, ack_line, failed_line

MAX_PENDING_RECORDS = 5_000  # records without an answer; kafka-python itself buffers without a limit
_DAY_MS = 86_400_000
_STUCK_AFTER_SECONDS = 3.0  # without any answer while records are pending: the broker is absent


class CreateTopics(StreamingError):
    """A topic is missing; create the topics first."""


@dataclass(frozen=True)
class BrokerConnection:
    """How a producer reaches the broker: `servers` are addresses host:port, separated by commas."""

    servers: str
    max_message_bytes: int


class KeyPartitioner(DefaultPartitioner):  # type: ignore[misc]  # kafka-python has no types
    """The default partition of a key, with the hash cached: in pure Python it costs as much as making the event."""

    def __init__(self) -> None:
        self._hashes: dict[bytes, int] = {}

    def partition(
        self, topic: str, key: Any, serialized_key: bytes, value: Any, serialized_value: Any, cluster: ClusterMetadata
    ) -> int:
        """Same as the Java client: murmur2 of the key, modulo the partitions in order."""
        hashed = self._hashes.get(serialized_key)
        if hashed is None:
            hashed = self._hashes[serialized_key] = murmur2(serialized_key) & 0x7FFFFFFF
        partitions = sorted(cluster.partitions_for_topic(topic))
        return int(partitions[hashed % len(partitions)])


class Producer:
    """Sends events through one idempotent Kafka producer and journals them. Not thread-safe.

    `sent`, `acknowledged` and `failed` count records.
    """

    def __init__(self, connection: BrokerConnection, journal: Journal, topics: Sequence[str]) -> None:
        """Connects.

        Raises:
            StartBroker: no broker answers.
            CreateTopics: one of `topics` is missing.
        """
        self._journal = journal
        self._pending: deque[tuple[int, Any]] = deque()  # (number of the intent, future), in the order of sending
        self._producer = open_producer(connection)
        self._progress_at = time.monotonic()
        self.sent = self.acknowledged = self.failed = 0
        _require_topics(self._producer, topics)

    @property
    def pending(self) -> int:
        """Records without an answer yet."""
        return len(self._pending)

    @property
    def is_stuck(self) -> bool:
        """Whether records are pending and the broker has not answered for some seconds."""
        return bool(self._pending) and time.monotonic() - self._progress_at > _STUCK_AFTER_SECONDS

    def send(self, events: Sequence[Event]) -> None:
        """Journals the intents, then queues the records; does not wait for the broker.

        Raises:
            MessageSizeTooLargeError: a record is too large; it and the events after it stay intents, unsent.
        """
        if not self._pending:
            self._progress_at = time.monotonic()
        first = self._journal.append_intents(events)
        for number, event in enumerate(events, first):
            future = self._producer.send(event.topic, event.value, event.key)
            self._pending.append((number, future))
        self.sent += len(events)

    def settle(self) -> None:
        """Journals the answers that have arrived, in the order of sending; does not wait.

        It stops at the first record without an answer, so a slow partition delays the answers to later records.
        """
        lines = []
        while self._pending and self._pending[0][1].is_done:
            number, future = self._pending.popleft()
            if future.succeeded():
                answer = future.value
                lines.append(ack_line(number, answer.partition, answer.offset, answer.timestamp))
                self.acknowledged += 1
            else:
                lines.append(failed_line(number, future.exception))
                self.failed += 1
        if lines:
            self._progress_at = time.monotonic()
            self._journal.append_results(lines)

    def close(self, timeout_seconds: float) -> None:
        """Waits up to `timeout_seconds` for answers, journals them, closes the client and the journal.

        A record without an answer by then stays an intent without a result: the broker may have stored it or not.
        """
        deadline = time.monotonic() + timeout_seconds
        while self._pending and time.monotonic() < deadline:
            self.settle()
            time.sleep(0.01)
        if self._pending:
            # KafkaProducer.close() would raise: its flush waits for these records, which the broker may have stored.
            self._producer._sender.force_close()
            self._producer._closed = True
        else:
            self._producer.close(timeout=timeout_seconds)
        self._journal.close()


def check_topics(connection: BrokerConnection, topics: Sequence[str]) -> None:
    """Checks, before any process is started, that a broker answers and has the topics.

    Raises:
        StartBroker: no broker answers.
        CreateTopics: a topic is missing.
    """
    producer = open_producer(connection)
    try:
        _require_topics(producer, topics)
    finally:
        producer.close(timeout=1)


def open_producer(connection: BrokerConnection) -> KafkaProducer:
    """An idempotent Kafka producer that waits for an absent broker and refuses a record above `max_message_bytes`.

    Raises:
        StartBroker: no broker answers.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # we report an absent broker ourselves, once
    try:
        return KafkaProducer(
            bootstrap_servers=connection.servers.split(","),
            acks="all",
            enable_idempotence=True,
            max_request_size=connection.max_message_bytes,
            partitioner=KeyPartitioner(),
            linger_ms=25,
            batch_size=65_536,  # a few dozen posts a request instead of one
            delivery_timeout_ms=_DAY_MS,
            request_timeout_ms=10_000,  # a request is repeated while the broker is absent, until delivery_timeout_ms
            retry_backoff_ms=200,
            reconnect_backoff_max_ms=2_000,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            bootstrap_timeout_ms=5_000,
            max_block_ms=10_000,
        )
    except KafkaError as error:
        raise StartBroker(
            f"no broker answers at {connection.servers}: start it with `./spark-submit.sh services start` "
            f"or set kafka.bootstrap_servers"
        ) from error


def _require_topics(producer: KafkaProducer, topics: Sequence[str]) -> None:
    for topic in topics:
        if not _has_topic(producer, topic):
            raise CreateTopics(f"there is no topic {topic!r}: create it with `./spark-submit.sh create_topics`")


def _has_topic(producer: KafkaProducer, topic: str) -> bool:
    try:
        return bool(producer.partitions_for(topic))
    except KafkaError:
        return False
