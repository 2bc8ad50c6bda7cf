"""One writer per table at a time, across processes: Delta alone does not give that on a local file system."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

log = logging.getLogger(__name__)


class TableLocks:
    """Locks on files beside the tables, held by the JVM that commits.

    A lock held by Python would vanish with `kill -9` of Python while the JVM still commits. Closing any other
    channel to the file in the same JVM would release the lock, so this object opens each file once and keeps it open.
    """

    def __init__(self, spark: SparkSession, lake: Path, *, enabled: bool = True) -> None:
        self._spark = spark
        self._folder = lake / "_locks"
        self._enabled = enabled
        self._guard = threading.Lock()
        self._channels: dict[str, tuple[threading.Lock, Any]] = {}
        self._claims: dict[str, Any] = {}

    @contextmanager
    def hold(self, table: str) -> Iterator[None]:
        """Holds the lock of `table` (its name, e.g. `silver/posts`); waits for it without limit."""
        if not self._enabled:
            yield
            return
        thread_lock, channel = self._open(table)
        with thread_lock:  # the JVM refuses, rather than queues, a second lock from its own process
            file_lock = channel.tryLock()
            if file_lock is None:  # logged, because its holder may be frozen
                log.info("lock=%s state=waiting_for_another_process", table)
                file_lock = channel.lock()
            try:
                yield
            finally:
                file_lock.release()

    def claim(self, name: str) -> bool:
        """Takes a lock until `release_claims` or the end of the process; False where another process has it."""
        if not self._enabled or name in self._claims:
            return True
        thread_lock, channel = self._open(name)
        with thread_lock:
            lock = channel.tryLock()
            if lock is not None:
                self._claims[name] = lock
            return lock is not None

    def release_claims(self) -> None:
        """Releases all that was claimed."""
        while self._claims:
            self._claims.popitem()[1].release()

    def _open(self, table: str) -> tuple[threading.Lock, Any]:
        with self._guard:
            if table not in self._channels:
                self._folder.mkdir(parents=True, exist_ok=True)
                path = self._folder / f"{table.replace('/', '.')}.lock"
                jvm: Any = self._spark._jvm
                channel = jvm.java.io.RandomAccessFile(str(path), "rw").getChannel()
                self._channels[table] = (threading.Lock(), channel)
            return self._channels[table]
