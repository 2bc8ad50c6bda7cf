"""One writer per table at a time, across processes: Delta alone does not give that on a local file system."""

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

log = logging.getLogger(__name__)


class TableLocks:
    """Locks on files beside the tables, held by the process that commits: the JVM (`hold`) or Python.

    A lock held by Python would vanish with `kill -9` of Python while the JVM still commits, and the other way round.
    Both are POSIX record locks, which exclude each other (`flock` would not). Such a lock is released when its process
    closes any descriptor of the file, so this object opens each file once per process and keeps it open.
    """

    def __init__(self, spark: SparkSession, lake: Path, *, enabled: bool = True) -> None:
        self._spark = spark
        self._folder = lake / "_locks"
        self._enabled = enabled
        self._guard = threading.Lock()
        self._threads: dict[str, threading.Lock] = {}
        self._channels: dict[str, Any] = {}
        self._descriptors: dict[str, int] = {}
        self._claims: dict[str, Any] = {}

    @contextmanager
    def hold(self, table: str) -> Iterator[None]:
        """Holds the lock of `table` (its name, e.g. `silver/posts`) for commits by Spark; waits without limit."""
        if not self._enabled:
            yield
            return
        with self._of_threads(table):  # the JVM refuses, rather than queues, a second lock from its own process
            channel = self._open_channel(table)
            file_lock = channel.tryLock()
            if file_lock is None:  # logged, because its holder may be frozen
                log.info("lock=%s state=waiting_for_another_process", table)
                file_lock = channel.lock()
            try:
                yield
            finally:
                file_lock.release()

    @contextmanager
    def hold_in_python(self, table: str) -> Iterator[None]:
        """The same lock, for commits by this Python process (delta-rs)."""
        if not self._enabled:
            yield
            return
        with self._of_threads(table):  # a second lock of the same process would be granted
            descriptor = self._open_descriptor(table)
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log.info("lock=%s state=waiting_for_another_process", table)
                fcntl.lockf(descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(descriptor, fcntl.LOCK_UN)

    def claim(self, name: str) -> bool:
        """Takes a lock until `release_claims` or the end of the process; False where another process has it."""
        if not self._enabled or name in self._claims:
            return True
        with self._of_threads(name):
            lock = self._open_channel(name).tryLock()
            if lock is not None:
                self._claims[name] = lock
            return lock is not None

    def release_claims(self) -> None:
        """Releases all that was claimed."""
        while self._claims:
            self._claims.popitem()[1].release()

    def _of_threads(self, table: str) -> threading.Lock:
        with self._guard:
            return self._threads.setdefault(table, threading.Lock())

    def _open_channel(self, table: str) -> Any:
        with self._guard:
            opened = self._channels.get(table)
            if opened is None or not opened.isOpen():  # a thread that is interrupted while it waits closes its channel
                jvm: Any = self._spark._jvm
                self._channels[table] = jvm.java.io.RandomAccessFile(str(self._file(table)), "rw").getChannel()
            return self._channels[table]

    def _open_descriptor(self, table: str) -> int:
        with self._guard:
            if table not in self._descriptors:
                self._descriptors[table] = os.open(self._file(table), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            return self._descriptors[table]

    def _file(self, table: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{table.replace('/', '.')}.lock"
