"""Runs a set of queries: opens and starts each, tries again where a service is away, ends all when one fails.

Only this loop waits. A query whose broker or database is absent is opened again in place while the others go on;
any other failure ends the process, with the query's name.
"""

import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import psycopg2
from pyspark.errors import StreamingQueryException
from pyspark.sql.streaming import StreamingQuery

from streaming.errors import StartBroker, StreamingError
from streaming.progress import ProgressLog
from streaming.queries.runtime import Runtime
from warehouse.errors import DatabaseAbsent
from warehouse.postgres import is_absence

log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.5
STOP_SECONDS = 7.0
"""A batch is capped to end well within this; beyond it the query is interrupted, which the positions make harmless."""

ABSENT_BROKER = (
    "org.apache.kafka.common.errors.TimeoutException", "DisconnectException", "TimeoutException: Call",
    "streaming.errors.StartBroker",
)
RAISED = re.compile(r"[A-Za-z_][\w.]*: ")


class QueryFailed(StreamingError):
    """A query ended with an error that waiting does not heal; the log above names it."""


class Startable(Protocol):
    """An opened query."""

    def start(self) -> StreamingQuery:
        """Starts it and returns Spark's handle."""
        ...


@dataclass
class Supervised:
    """One query under supervision: how to open it, and where it stands."""

    name: str
    open: Callable[[], Startable]
    running: StreamingQuery | None = None
    failures: int = 0
    next_try: float = 0.0
    finished: bool = False


class Supervisor:
    """All queries of one driver."""

    def __init__(self, runtime: Runtime, openers: dict[str, Callable[[], Startable]]) -> None:
        self._runtime = runtime
        self._watch = runtime.watch  # made here, before the threads of the queries ask for it
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
                    self._look_after(query)
                self._progress.report(query.running for query in self._queries if query.running is not None)
                self._runtime.stop.wait(PAUSE_SECONDS)
        finally:
            self._stop_all()
            self._watch.close()

    def _look_after(self, query: Supervised) -> None:
        if query.finished or self._runtime.stop.is_set():
            return
        if query.running is None:
            self._try_to_start(query)
        elif not query.running.isActive:
            self._settle_ended(query, query.running)

    def _try_to_start(self, query: Supervised) -> None:
        if time.monotonic() < query.next_try:
            return
        try:
            self._runtime.enter_pool(query.name)
            query.running = query.open().start()
            log.info("query=%s state=started", query.name)
        except (StartBroker, DatabaseAbsent, psycopg2.Error) as error:
            if isinstance(error, psycopg2.Error) and not is_absence(error):
                raise
            self._postpone(query, error)

    def _settle_ended(self, query: Supervised, ended: StreamingQuery) -> None:
        query.running = None
        error = ended.exception()
        if error is None:
            query.finished = True
            log.info("query=%s state=finished", query.name)
        elif is_broker_absence(error):
            self._postpone(query, error)
        else:
            raise QueryFailed(f"query {query.name} failed: {first_cause(error)}") from error

    def _postpone(self, query: Supervised, error: Exception) -> None:
        query.failures += 1
        longest = min(self._runtime.stream.retry_max_seconds, 0.5 * 2**query.failures)
        pause = random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
        query.next_try = time.monotonic() + pause
        log.warning(
            "query=%s state=waiting reason=%s next_try_seconds=%.1f", query.name, first_cause(error), pause
        )

    def _stop_all(self) -> None:
        """Lets every running batch end, then stops what is idle; interrupts only what does not end in time."""
        running = [query.running for query in self._queries if query.running is not None]
        if not running:
            return
        self._runtime.stop.set()
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(q.isActive and q.status["isTriggerActive"] for q in running):
            time.sleep(PAUSE_SECONDS / 5)
        for streaming_query in running:
            streaming_query.stop()


def is_broker_absence(error: StreamingQueryException) -> bool:
    """True where the query ended because no broker answered: started again, it goes on where it was."""
    return any(words in str(error) for words in ABSENT_BROKER)


def first_cause(error: BaseException) -> str:
    """The sentence an operator can use: of our own error if one is inside, else the first line."""
    said, _, _ = str(error).partition("=== Streaming Query ===")  # Spark's appendix: identifiers and plans
    lines = [line for line in said.splitlines() if line.strip()]
    causes = [line for line in lines if RAISED.match(line)]  # the last lines of Python tracebacks, innermost last
    ours = [line.split(": ", 1)[1] for line in causes if line.startswith(("streaming.", "warehouse."))]
    raised = list(reversed(causes)) if "Traceback (most recent call last)" in said else []
    return [*ours, *raised, *lines, type(error).__name__][0][:500]
