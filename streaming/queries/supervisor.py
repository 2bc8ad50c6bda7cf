"""Runs a set of queries: opens and starts each, retries where a service is absent, stops all when one fails.

A query whose broker is absent is reopened in place while the others go on; a query whose database is absent waits
inside its batch (`streaming.sinks.postgres`). Any other failure ends the process, with the query's name.
"""

import logging
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol

import psycopg2
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from streaming.errors import StartBroker, StreamingError
from streaming.progress import ProgressLog
from streaming.queries.failures import (
    describe_full_disk,
    first_cause,
    is_broker_absence,
    is_disk_full,
    own_sentence,
)
from streaming.queries.running import Running
from streaming.queries.runtime import Runtime
from streaming.sinks.fence import Fence
from streaming.sinks.postgres import StoppedWhileWaiting
from warehouse.database.connections import is_database_absent
from warehouse.errors import DatabaseAbsent

log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.5
INTERRUPT_AFTER_SECONDS = 7.0
"""When one query failed, the others get this time to end their batch, then they are interrupted, which recorded offsets
make harmless. After a signal the watchdog of `streaming.queries.shutdown` comes first."""


class QueryFailed(StreamingError):
    """A query ended with an error that a retry does not mend; the log above names it."""


class Startable(Protocol):
    """An opened query."""

    @property
    def fence(self) -> Fence:
        """Its fence."""
        ...

    def start(self) -> Running:
        """Starts it."""
        ...

    def is_behind(self) -> bool:
        """Whether another job changed the table that it follows, which no batch of its own would notice."""
        ...


@dataclass
class Supervised:
    """One query under supervision: how to open it, and its state."""

    name: str
    open: Callable[[], Startable]
    opened: Startable | None = None
    running: Running | None = None
    failures: int = 0
    next_try: float = 0.0
    finished: bool = False
    behind_since: float | None = None


class Supervisor:
    """All queries of one driver."""

    def __init__(self, runtime: Runtime, openers: dict[str, Callable[[], Startable]]) -> None:
        self._runtime = runtime
        self._watch = runtime.watch  # created here, before the threads of the queries use it
        now = time.monotonic()
        self._queries = [
            Supervised(name, opener, next_try=now + runtime.first_start_seconds(name))
            for name, opener in openers.items()
        ]
        self._progress = ProgressLog()

    def run(self) -> None:
        """Returns when all queries have finished (available now) or the runtime was asked to stop.

        Raises:
            QueryFailed: the first query that failed for good; the others were stopped between two batches.
        """
        try:
            while not self._runtime.stop.is_set() and not all(query.finished for query in self._queries):
                for query in self._queries:
                    self._supervise(query)
                self._progress.report(query.running for query in self._queries if query.running is not None)
                self._runtime.stop.wait(PAUSE_SECONDS)
        finally:
            self._stop_all()
            self._runtime.locks.release_claims()
            self._watch.close()

    def _supervise(self, query: Supervised) -> None:
        if query.finished or self._runtime.stop.is_set():
            return
        if query.running is None:
            self._try_to_start(query)
        elif not query.running.is_active():
            self._handle_end(query, query.running)
        else:
            self._reopen_if_behind(query, query.running)

    def _try_to_start(self, query: Supervised) -> None:
        if time.monotonic() < query.next_try:
            return
        try:
            self._runtime.enter_pool(query.name)
            query.opened = query.open()
            query.running = query.opened.start()
            log.info("query=%s state=started", query.name)
        except (StartBroker, DatabaseAbsent, psycopg2.Error) as error:
            if isinstance(error, psycopg2.Error) and not is_database_absent(error):
                raise
            self._postpone(query, str(error))
        except StoppedWhileWaiting as error:
            log.info('query=%s state=not_started reason="%s"', query.name, error)
        except (PySparkException, Py4JJavaError, OSError) as error:
            if not is_disk_full(str(error)):
                raise
            self._fail(query, str(error))

    def _handle_end(self, query: Supervised, ended: Running) -> None:
        query.running = None
        failure = ended.read_failure()
        if failure is None:
            query.finished = True
            log.info("query=%s state=finished", query.name)
        elif is_broker_absence(failure):
            self._postpone(query, failure)
        else:
            self._fail(query, failure)

    def _reopen_if_behind(self, query: Supervised, running: Running) -> None:
        """Reopens a query that no batch has brought up to its source within two triggers; opening it catches up."""
        if query.opened is None or not query.opened.is_behind():
            query.behind_since = None
            return
        now = time.monotonic()
        query.behind_since = query.behind_since or now
        if now - query.behind_since < 2 * self._runtime.trigger_seconds(query.name) or running.is_busy():
            return
        log.info('query=%s state=reopening reason="another job changed its table"', query.name)
        running.stop()
        query.running = query.behind_since = None

    def _fail(self, query: Supervised, failure: str) -> NoReturn:
        """Raises one sentence where an operator can act; otherwise it is a bug, and the log gets the whole trace.

        Raises:
            Fenced: a newer driver holds the query, whatever failed after that.
        """
        if query.opened is not None:
            query.opened.fence.check()
        if is_disk_full(failure):
            raise QueryFailed(f"query {query.name}: {describe_full_disk(self._folders())}")
        if own_sentence(failure) is None:
            log.error("query=%s state=failed\n%s", query.name, failure)
        raise QueryFailed(f"query {query.name} failed: {first_cause(failure)}")

    def _folders(self) -> list[Path]:
        """The folders that a query writes to: lake, checkpoints, Spark's temporary files."""
        temporary = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")
        return [self._runtime.lake.path, self._runtime.stream.checkpoints, *map(Path, filter(None, temporary))]

    def _postpone(self, query: Supervised, failure: str) -> None:
        query.failures += 1
        longest = min(self._runtime.stream.retry_max_seconds, 0.5 * 2**query.failures)
        pause = random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
        query.next_try = time.monotonic() + pause
        log.warning('query=%s state=waiting reason="%s" next_try_seconds=%.1f', query.name, first_cause(failure), pause)

    def _stop_all(self) -> None:
        """Waits for running batches, then stops the queries; interrupts only batches that do not end in time."""
        running = [query.running for query in self._queries if query.running is not None]
        if not running:
            return
        self._runtime.stop.set()
        deadline = time.monotonic() + INTERRUPT_AFTER_SECONDS
        while time.monotonic() < deadline and any(query.is_busy() for query in running):
            time.sleep(PAUSE_SECONDS / 5)
        for query in running:
            query.stop()
