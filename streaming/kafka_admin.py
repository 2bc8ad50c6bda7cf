"""Administration of the topics: create them, add partitions, read their UUIDs, partition counts and offsets."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaError, TopicAlreadyExistsError

from streaming.errors import StartBroker
from streaming.recovery.topic_generations import Topic
from streaming.settings import KafkaSettings

_TIMEOUT_MS = 10_000
_Answer = TypeVar("_Answer")
_LATEST, _EARLIEST = -1, -2  # in Kafka's ListOffsets request: the end and the begin of a partition


@dataclass(frozen=True)
class LogState:
    """A topic's log at one moment, by partition (as text); read in the order begins, sizes, ends."""

    begins: dict[str, int]
    sizes: dict[str, int]  # bytes of the segments; of the largest replica
    ends: dict[str, int]


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

    def read_log(self, topic: str) -> LogState:
        """The state of a topic's log. In its order of reading, records appended meanwhile make no size too small.

        Raises:
            StartBroker: the broker does not answer.
        """
        return self._ask(lambda admin: _read_log(admin, topic))

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
    return _read_offsets(settings, _LATEST)


def read_begin_offsets(settings: KafkaSettings) -> dict[str, dict[int, int]]:
    """topic -> partition -> the oldest offset that retention has not deleted."""
    return _read_offsets(settings, _EARLIEST)


def _read_offsets(settings: KafkaSettings, which: int) -> dict[str, dict[int, int]]:
    with open_admin(settings) as admin:
        topics = _describe(admin, settings)
        wanted = {TopicPartition(t.name, n): which for t in topics.values() for n in range(t.partitions)}
        offsets: dict[str, dict[int, int]] = {name: {} for name in topics}
        for partition, found in (admin.list_partition_offsets(wanted) if wanted else {}).items():
            offsets[partition.topic][partition.partition] = found.offset
        return offsets


def _read_log(admin: KafkaAdminClient, topic: str) -> LogState:
    (described,) = admin.describe_topics([topic])
    places = [TopicPartition(topic, partition["partition_index"]) for partition in described["partitions"]]
    begins = admin.list_partition_offsets(dict.fromkeys(places, _EARLIEST))
    sizes: dict[str, int] = {}
    for broker in admin.describe_log_dirs([topic]):
        for folder in broker["log_dirs"]:
            for partition in (partition for held in folder["topics"] for partition in held["partitions"]):
                number = str(partition["partition_index"])
                sizes[number] = max(sizes.get(number, 0), int(partition["partition_size"]))
    ends = admin.list_partition_offsets(dict.fromkeys(places, _LATEST))
    begin_of, end_of = ({str(p.partition): found.offset for p, found in at.items()} for at in (begins, ends))
    return LogState(begin_of, sizes, end_of)


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
