"""Samples a running stream from outside: memory of the driver's processes, and records not yet in PostgreSQL."""

import contextlib
import threading
import time
from dataclasses import dataclass

import psutil
import psycopg2
from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaError

from streaming.local.processes import find_descendants
from streaming.settings import KafkaSettings
from warehouse.database.connections import Connection, connect, read_sql
from warehouse.errors import WarehouseError

_LATEST = -1
_PERIOD_SECONDS = 1.0


@dataclass(frozen=True)
class Sample:
    """One measurement.

    `at`: UNIX time. `lag`: records over all topics, None when broker or database did not answer. `driver_bytes`:
    resident memory.
    """

    at: float
    lag: int | None
    driver_bytes: int


class LagSampler:
    """A thread that samples once a second, from `start` to `stop`. `samples` may be read at any time."""

    def __init__(self, kafka: KafkaSettings, database_url: str, driver_pid: int) -> None:
        self._kafka = kafka
        self._url = database_url
        self._driver_pid = driver_pid
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self.samples: list[Sample] = []

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """Returns when the sample under way is done, or after the timeout."""
        self._stopping.set()
        self._thread.join(timeout_seconds)

    @property
    def newest_lag(self) -> int | None:
        """The lag of the newest sample that has one from the last five seconds."""
        recent = [s.lag for s in self.samples[-5:] if s.lag is not None and time.time() - s.at < 5]
        return recent[-1] if recent else None

    def has_caught_up_since(self, moment: float) -> bool:
        """Whether a sample that began after `moment` (UNIX time) found no record that is not in PostgreSQL."""
        return any(sample.lag == 0 for sample in self.samples[-5:] if sample.at > moment)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(KafkaError, WarehouseError, psycopg2.Error, OSError):  # not answering: try again
                self._sample_until_absent()
            self._stopping.wait(_PERIOD_SECONDS)

    def _sample_until_absent(self) -> None:
        self.samples.append(Sample(time.time(), None, measure_tree(self._driver_pid)))
        admin = KafkaAdminClient(bootstrap_servers=self._kafka.address, bootstrap_timeout_ms=5000)
        try:
            with contextlib.closing(connect(self._url, application_name="afluente sampler")) as connection:
                while not self._stopping.wait(_PERIOD_SECONDS):
                    began = time.time()
                    lag = read_lag(admin, connection, self._kafka)
                    self.samples.append(Sample(began, lag, measure_tree(self._driver_pid)))
        finally:
            admin.close()


def read_lag(admin: KafkaAdminClient, connection: Connection, kafka: KafkaSettings) -> int:
    """Records in the topics beyond the newest offsets in `ops.ledger`."""
    with connection, connection.cursor() as cursor:  # before the topics' ends, so that the lag is never below zero
        cursor.execute(read_sql("ledger/newest_offsets.sql"))
        reached: dict[str, dict[str, int]] = dict(cursor.fetchall())
    partitions = [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in admin.describe_topics(sorted(kafka.partitions))
        for partition in topic["partitions"]
    ]
    ends = admin.list_partition_offsets(dict.fromkeys(partitions, _LATEST))
    return sum(end.offset - reached.get(key.topic, {}).get(str(key.partition), 0) for key, end in ends.items())


def measure_tree(pid: int) -> int:
    """Resident bytes of a process and its descendants. Pages that forked workers share count once per worker."""
    total = 0
    for member in (pid, *(process.pid for process in find_descendants(pid))):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += psutil.Process(member).memory_info().rss
    return total
