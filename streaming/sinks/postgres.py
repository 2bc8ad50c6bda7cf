"""PostgreSQL: one transaction applies a silver version's increments, counts and ledger row, all or nothing."""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

import psycopg2
from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from streaming.errors import StreamingError
from streaming.sinks.fence import Fence, Fenced
from warehouse.database.connections import Connection, connect, is_database_absent, read_sql
from warehouse.database.copy import Load, copy_rows

log = logging.getLogger(__name__)
Result = TypeVar("Result")
FROZEN_MS = 20_000
"""A driver that freezes between its upsert and its COMMIT holds locks: after this time the server ends its session. A
working driver is silent for milliseconds."""
Counts = dict[tuple[datetime, str], int]
"""(minute of the batch, outcome) -> rows."""


class StoppedWhileWaiting(StreamingError):
    """The driver was asked to stop while the database was absent; the next start repeats the batch."""


@dataclass(frozen=True)
class LedgerEntry:
    """One row of `ops.ledger`: silver up to `silver_version`, the offsets it covers, and their records by outcome."""

    lineage: int
    silver_version: int
    start: Mapping[str, int]  # partition -> offset
    to: Mapping[str, int]
    rows: int
    newest_event_at: str | None
    batch_at: str
    counts: Counts


@dataclass(frozen=True)
class LostRange:
    """Offsets [start, stop) of one partition that a query will never read: deleted by retention."""

    query: str
    topic: str
    generation: int
    partition: int
    start: int
    stop: int


class Ledger:
    """The PostgreSQL side of one query. Keeps a connection; retries in place while the database is absent."""

    def __init__(self, url: str, query: str, stop: threading.Event, retry_max_seconds: float) -> None:
        self._url = url
        self._query = query
        self._stop = stop
        self._retry_max = retry_max_seconds
        self._connection: Connection | None = None

    def silver_version(self) -> int | None:
        """The newest silver version in the ledger, None before the first."""
        return self._retry_while_absent(self._read_silver_version)

    def fence_number(self) -> int:
        """The highest fence number in `ops.lease`. Does not retry: an absent database raises at once."""
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(read_sql("ledger/read_fence.sql"), {"query": self._query})
            return int(cursor.fetchall()[0][0])

    def take_lease(self, fence: Fence) -> None:
        """Copies the fence into `ops.lease`."""
        lease = {"query": fence.query, "fence": fence.number, "holder": str(fence.holder)}
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(read_sql("ledger/take_lease.sql"), {**lease, "host": fence.host, "pid": os.getpid()})

    def write(self, loads: list[Load], entry: LedgerEntry, fence: Fence, *, rebuild: bool = False) -> None:
        """Applies `loads` and `entry` once, however often it is called; `rebuild` empties the fact tables first.

        Raises:
            Fenced: a newer driver holds the lease.
            StoppedWhileWaiting: asked to stop while the database was absent.
        """

        def attempt() -> None:
            applied = self._read_silver_version()
            if applied is not None and applied >= entry.silver_version and not rebuild:
                return  # an earlier attempt committed, but the answer was lost
            with self._connected() as connection, connection.cursor() as cursor:
                cursor.execute(read_sql(f"upserts/{self._query}_temp.sql"))
                for load in loads:
                    copy_rows(cursor, load)
                self._check_lease(cursor, fence)
                if rebuild:
                    cursor.execute(read_sql(f"upserts/{self._query}_clear.sql"))
                cursor.execute(read_sql(f"upserts/{self._query}.sql"))
                self._record(cursor, entry)

        self._retry_while_absent(attempt)

    def record_lost(self, ranges: Iterable[LostRange]) -> None:
        """Writes the ranges that an operator accepted as lost to `ops.lost_records`, in one transaction; idempotent."""
        with self._connected() as connection, connection.cursor() as cursor:
            for lost in ranges:
                place = {"query": lost.query, "topic": lost.topic, "generation": lost.generation}
                offsets = {"partition": lost.partition, "from_offset": lost.start, "to_offset": lost.stop}
                cursor.execute(read_sql("ledger/add_lost.sql"), {**place, **offsets})

    def execute(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Runs `ledger/<statement>.sql` for this query in a transaction of its own, retrying like `write`; its rows."""

        def attempt() -> list[tuple[Any, ...]]:
            with self._connected() as connection, connection.cursor() as cursor:
                cursor.execute(read_sql(f"ledger/{statement}.sql"), {"query": self._query, **parameters})
                return cursor.fetchall() if cursor.description else []

        return self._retry_while_absent(attempt)

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None and not self._connection.closed:
            self._connection.close()
        self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(
                self._url, application_name=f"afluente {self._query}", idle_transaction_ms=FROZEN_MS
            )
        return self._connection

    def _read_silver_version(self) -> int | None:
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(read_sql("ledger/read_position.sql"), {"query": self._query})
            version = cursor.fetchall()[0][0]
            return None if version is None else int(version)

    def _check_lease(self, cursor: Any, fence: Fence) -> None:
        lease = {"query": fence.query, "fence": fence.number, "holder": str(fence.holder)}
        cursor.execute(read_sql("ledger/check_lease.sql"), lease)
        if not cursor.fetchall():
            raise Fenced(f"query {fence.query} is held by a newer driver (its fence is above {fence.number})")

    def _record(self, cursor: Any, entry: LedgerEntry) -> None:
        cursor.execute(
            read_sql("ledger/insert_entry.sql"),
            {
                "query": self._query,
                "lineage": entry.lineage,
                "silver_version": entry.silver_version,
                "from_offsets": json.dumps(entry.start),
                "to_offsets": json.dumps(entry.to),
                "rows": entry.rows,
                "newest_event_at": entry.newest_event_at,
                "batch_at": entry.batch_at,
            },
        )
        counts = [(minute, outcome, rows) for (minute, outcome), rows in sorted(entry.counts.items()) if rows]
        columns = [list(column) for column in zip(*counts, strict=True)] or [[], [], []]
        cursor.execute(
            read_sql("ledger/add_counts.sql"),
            {"query": self._query, "minutes": columns[0], "outcomes": columns[1], "rows": columns[2]},
        )

    def _retry_while_absent(self, attempt: Callable[[], Result]) -> Result:
        retrying = Retrying(
            retry=retry_if_exception(is_database_absent),
            wait=wait_random_exponential(multiplier=0.2, max=self._retry_max),
            stop=stop_when_event_set(self._stop),
            sleep=sleep_using_event(self._stop),
            before_sleep=self._log_absence,
        )
        try:
            return cast(Result, retrying(self._once, attempt))
        except RetryError as error:
            raise StoppedWhileWaiting(f"query {self._query} stopped while the database was absent") from error

    def _once(self, attempt: Callable[[], Result]) -> Result:
        try:
            return attempt()
        except psycopg2.Error:
            self.close()  # the next try starts on a new connection, whatever state this one is in
            raise

    def _log_absence(self, state: RetryCallState) -> None:
        wait = state.next_action.sleep if state.next_action else 0.0
        log.warning("query=%s database=absent try=%d next_try_seconds=%.1f", self._query, state.attempt_number, wait)
