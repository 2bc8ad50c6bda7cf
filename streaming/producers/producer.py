"""One producer: intents, sending, acknowledgements. Never loses sight of a record, never holds an endless number."""

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

MOST_PENDING = 5_000  # records without an answer; kafka-python itself would buffer without end
_DAY_MS = 86_400_000
_QUIET_SECONDS = 3.0  # no answer for so long while records wait: the broker is away


class CreateTopics(StreamingError):
    """A topic is missing; create the topics first."""


@dataclass(frozen=True)
class Connection:
    """How a producer reaches the broker."""

    servers: str
    max_message_bytes: int


class KeyPartitioner(DefaultPartitioner):  # type: ignore[misc]  # kafka-python has no types
    """The usual partition of a key, with the hash remembered: in pure Python it costs as much as making the event."""

    def __init__(self) -> None:
        self._hashes: dict[bytes, int] = {}

    def partition(
        self, topic: str, key: Any, serialized_key: bytes, value: Any, serialized_value: Any, cluster: ClusterMetadata
    ) -> int:
        """Same as the Java client: murmur2 over the partitions in order."""
        hashed = self._hashes.get(serialized_key)
        if hashed is None:
            hashed = self._hashes[serialized_key] = murmur2(serialized_key) & 0x7FFFFFFF
        partitions = sorted(cluster.partitions_for_topic(topic))
        return int(partitions[hashed % len(partitions)])


class Producer:
    """Sends events through one idempotent producer and journals them. For one thread."""

    def __init__(self, connection: Connection, journal: Journal, topics: Sequence[str]) -> None:
        self._journal = journal
        self._pending: deque[tuple[int, Any]] = deque()
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
        """Whether records wait and the broker has not answered for some seconds."""
        return bool(self._pending) and time.monotonic() - self._progress_at > _QUIET_SECONDS

    def send(self, events: Sequence[Event]) -> None:
        """Notes the intents, then hands the records to the producer; returns at once."""
        if not self._pending:
            self._progress_at = time.monotonic()
        number = self._journal.note_intents(events)
        for place, event in enumerate(events):
            future = self._producer.send(event.topic, event.value, event.key)
            self._pending.append((number + place, future))
        self.sent += len(events)

    def settle(self) -> None:
        """Journals the answers that have come in. Records of a slow partition hold back those sent after them."""
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
            self._journal.note_results(lines)

    def close(self, patience_seconds: float) -> None:
        """Waits for answers as long as told, journals them, closes. What has none then stays an intent."""
        deadline = time.monotonic() + patience_seconds
        while self._pending and time.monotonic() < deadline:
            self.settle()
            time.sleep(0.01)
        if self._pending:
            # close() would raise for them. The broker may have them all the same: they stay intents, not failures.
            self._producer._sender.force_close()
            self._producer._closed = True
        else:
            self._producer.close(timeout=patience_seconds)
        self._journal.close()


def check_topics(connection: Connection, topics: Sequence[str]) -> None:
    """Makes sure, before any process is started, that a broker answers and has the topics.

    Raises:
        StartBroker: nobody answers.
        CreateTopics: a topic is missing.
    """
    producer = open_producer(connection)
    try:
        _require_topics(producer, topics)
    finally:
        producer.close(timeout=1)


def _require_topics(producer: KafkaProducer, topics: Sequence[str]) -> None:
    for topic in topics:
        if not _has_topic(producer, topic):
            raise CreateTopics(f"there is no topic {topic!r}: create it with `./spark-submit.sh create_topics`")


def open_producer(connection: Connection) -> KafkaProducer:
    """An idempotent producer that waits for an absent broker and refuses a record that is too large.

    Raises:
        StartBroker: nobody answers.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # an absent broker is said once, by us
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
            request_timeout_ms=10_000,  # an absent broker is waited for, not given up
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


def _has_topic(producer: KafkaProducer, topic: str) -> bool:
    try:
        return bool(producer.partitions_for(topic))
    except KafkaError:
        return False
