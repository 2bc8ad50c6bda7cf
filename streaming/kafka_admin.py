"""Administration of the topics: create them, add partitions, read their UUIDs, partition counts and offsets."""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaError, TopicAlreadyExistsError

from streaming.errors import StartBroker
from streaming.recovery.offsets import Offsets
from streaming.recovery.topic_generations import Topic
from streaming.settings import KafkaSettings

_TIMEOUT_MS = 10_000
_Answer = TypeVar("_Answer")
_LATEST, _EARLIEST = -1, -2  # in Kafka's ListOffsets request: the end and the begin of a partition


@dataclass(frozen=True)
class LogState:
    """The logs of some topics at one moment; read in the order begins, sizes, ends."""

    begins: Offsets
    sizes: Mapping[tuple[str, str], int]  # (topic, partition) -> bytes of its segments, of the largest replica
    ends: Offsets

    def count_bytes(self) -> int | None:
        """Of all partitions; None where the broker did not say it of each (no permission, a disk that is offline)."""
        places = {(topic, partition) for topic, partitions in self.ends.items() for partition in partitions}
        return sum(self.sizes.values()) if places <= self.sizes.keys() else None


@contextmanager
def open_admin(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    """An admin client, closed at the end of the block.

    Raises:
        StartBroker: no broker answers at the configured address, or it stops answering inside the block.
    """
    servers = settings.address
    try:
        client = KafkaAdminClient(
            bootstrap_servers=servers, bootstrap_timeout_ms=_TIMEOUT_MS, request_timeout_ms=_TIMEOUT_MS
        )
    except (KafkaError, OSError) as error:
        raise StartBroker(_no_answer(servers)) from error
    try:
        yield client
    except KafkaError as error:
        if not error.retriable:
            raise
        raise StartBroker(_no_answer(servers)) from error
    finally:
        client.close()


def describe_topics(settings: KafkaSettings) -> dict[str, Topic]:
    """The topics of the settings that exist, by name.

    Raises:
        StartBroker: no broker answers.
    """
    with open_admin(settings) as admin:
        return _describe(admin, settings)


class TopicWatch:
    """Describes the topics repeatedly over one connection. Thread-safe."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._connection = ExitStack()
        self._admin: KafkaAdminClient | None = None

    def describe(self) -> dict[str, Topic]:
        """As `describe_topics`.

        Raises:
            StartBroker: the broker does not answer.
        """
        return self._ask(lambda admin: _describe(admin, self._settings))

    def read_logs(self, topics: tuple[str, ...]) -> LogState:
        """The state of the topics' logs. Records appended while it is read make no growth too small.

        Raises:
            StartBroker: the broker does not answer.
        """
        return self._ask(lambda admin: _read_logs(admin, topics))

    def close(self) -> None:
        """Closes the connection; the next `describe` opens another."""
        with self._lock:
            self._disconnect()

    def _ask(self, question: Callable[[KafkaAdminClient], _Answer]) -> _Answer:
        with self._lock:
            try:
                if self._admin is None:
                    self._admin = self._connection.enter_context(open_admin(self._settings))
                return question(self._admin)
            except (KafkaError, OSError) as error:
                self._disconnect()
                raise StartBroker(_no_answer(self._settings.address)) from error

    def _disconnect(self) -> None:
        self._connection.close()
        self._admin = None


def create_topics(settings: KafkaSettings) -> list[str]:
    """Creates missing topics and adds missing partitions; returns one line of report per topic."""
    with open_admin(settings) as admin:
        existing = _describe(admin, settings)
        report = [_create_or_widen(admin, settings, name, existing.get(name)) for name in settings.partitions]
        admin.wait_for_topics(list(settings.partitions), timeout_ms=_TIMEOUT_MS)
        return report


def read_end_offsets(settings: KafkaSettings) -> dict[str, dict[int, int]]:
    """topic -> partition -> the offset that the next record will get."""
    with open_admin(settings) as admin:
        topics = _describe(admin, settings)
        wanted = {TopicPartition(t.name, n): _LATEST for t in topics.values() for n in range(t.partitions)}
        offsets: dict[str, dict[int, int]] = {name: {} for name in topics}
        for partition, found in (admin.list_partition_offsets(wanted) if wanted else {}).items():
            offsets[partition.topic][partition.partition] = found.offset
        return offsets


def _read_logs(admin: KafkaAdminClient, topics: tuple[str, ...]) -> LogState:
    places = [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in admin.describe_topics(list(topics))
        for partition in topic["partitions"]
    ]
    begins = admin.list_partition_offsets(dict.fromkeys(places, _EARLIEST))
    sizes: dict[tuple[str, str], int] = {}
    for broker in admin.describe_log_dirs(list(topics)):
        for topic in (topic for folder in broker["log_dirs"] for topic in folder["topics"]):
            for partition in topic["partitions"]:
                place = topic["name"], str(partition["partition_index"])
                sizes[place] = max(sizes.get(place, 0), int(partition["partition_size"]))
    ends = admin.list_partition_offsets(dict.fromkeys(places, _LATEST))
    return LogState(_by_topic(begins), sizes, _by_topic(ends))


def _by_topic(found: Mapping[TopicPartition, Any]) -> Offsets:
    offsets: dict[str, dict[str, int]] = {}
    for place, at in found.items():
        offsets.setdefault(place.topic, {})[str(place.partition)] = at.offset
    return offsets


def _describe(admin: KafkaAdminClient, settings: KafkaSettings) -> dict[str, Topic]:
    present = set(admin.list_topics()) & set(settings.partitions)
    described = admin.describe_topics(sorted(present)) if present else []
    return {
        topic["name"]: Topic(topic["name"], uuid.UUID(str(topic["topic_id"])), len(topic["partitions"]))
        for topic in described
    }


def _create_or_widen(admin: KafkaAdminClient, settings: KafkaSettings, name: str, existing: Topic | None) -> str:
    wanted = settings.partitions[name]
    if existing is None:
        return _create(admin, settings, name)
    if existing.partitions < wanted:
        admin.create_partitions({name: wanted})
        return f"{name}: widened from {existing.partitions} to {wanted} partitions (keys move to other partitions)"
    if existing.partitions > wanted:
        return (
            f"{name}: has {existing.partitions} partitions, {wanted} are set; a topic never shrinks, so nothing changes"
        )
    return f"{name}: exists with {wanted} partitions"


def _create(admin: KafkaAdminClient, settings: KafkaSettings, name: str) -> str:
    wanted = settings.partitions[name]
    configs = {
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(settings.max_message_bytes),
        "compression.type": "uncompressed",  # so the limit holds for unpacked data: 1 MB of gzip can unpack to 1 GB
        "retention.ms": str(settings.retention_hours * 3_600_000),
    }
    try:
        admin.create_topics({name: {"num_partitions": wanted, "configs": configs}})
    except TopicAlreadyExistsError:
        return f"{name}: exists, created by another command just now"
    return f"{name}: created with {wanted} partitions"


def _no_answer(servers: str) -> str:
    hint = "start it with `./spark-submit.sh services start`, or set kafka.bootstrap_servers"
    return f"no broker answers at {servers}: {hint}"
