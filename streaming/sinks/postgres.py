"""The ledger: one PostgreSQL transaction carries a silver version's increments, counts and ledger row, or none."""

import io
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

import psycopg2
import pyarrow as pa
from psycopg2 import sql
from pyarrow import csv
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
from warehouse.database.connections import Connection, connect, is_absence, read_sql

log = logging.getLogger(__name__)
Result = TypeVar("Result")
FROZEN_MS = 20_000
"""A driver frozen between its upsert and its COMMIT holds locks: after so long the server ends its session. A driver
that works is silent for milliseconds."""
Counts = dict[tuple[datetime, str], int]
"""(minute of the batch, outcome) -> rows."""


class StoppedWhileWaiting(StreamingError):
    """The driver was asked to stop while the database was away; the batch is done again at the next start."""


@dataclass(frozen=True)
class Load:
    """Rows for one temp table of the query's upsert; column names as in the temp table."""

    temp_table: str
    rows: pa.Table


@dataclass(frozen=True)
class LedgerEntry:
    """Silver up to `silver_version`: the offsets it covers and what became of their records."""

    lineage: int
    silver_version: int
    start: dict[str, Any]
    to: dict[str, Any]
    rows: int
    newest_event_at: str | None
    batch_at: str
    counts: Counts


@dataclass(frozen=True)
class Lost:
    """Offsets [start, stop) of one partition that a query will never read."""

    query: str
    topic: str
    generation: int
    partition: int
    start: int
    stop: int


class Ledger:
    """The warehouse side of one query. Keeps a connection; waits in place while the database is away."""

    def __init__(self, url: str, query: str, stop: threading.Event, retry_max_seconds: float) -> None:
        self._url = url
        self._query = query
        self._stop = stop
        self._retry_max = retry_max_seconds
        self._connection: Connection | None = None

    def position(self) -> int | None:
        """The newest silver version in the ledger, None before the first."""
        return self._patiently(self._read_position)

    def fence_number(self) -> int:
        """The highest fence number in the lease. Does not wait: an absent database raises at once."""
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(read_sql("ledger/read_fence.sql"), {"query": self._query})
            return int(cursor.fetchall()[0][0])

    def take_lease(self, fence: Fence) -> None:
        """Mirrors the fence into `ops.lease`."""
        lease = {"query": fence.query, "fence": fence.number, "holder": str(fence.holder)}
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(read_sql("ledger/take_lease.sql"), {**lease, "host": fence.host, "pid": os.getpid()})

    def write(self, loads: list[Load], entry: LedgerEntry, fence: Fence, *, rebuild: bool = False) -> None:
        """Applies `loads` and `entry` once, however often it is called; `rebuild` clears the query's facts first.

        Raises:
            Fenced: a newer driver holds the lease.
            StoppedWhileWaiting: asked to stop while the database was away.
        """

        def attempt() -> None:
            applied = self._read_position()
            if applied is not None and applied >= entry.silver_version and not rebuild:
                return  # an earlier attempt whose COMMIT was answered by silence
            with self._connected() as connection, connection.cursor() as cursor:
                cursor.execute(read_sql(f"upserts/{self._query}_temp.sql"))
                for load in loads:
                    _copy(cursor, load)
                self._check_lease(cursor, fence)
                if rebuild:
                    cursor.execute(read_sql(f"upserts/{self._query}_clear.sql"))
                cursor.execute(read_sql(f"upserts/{self._query}.sql"))
                self._record(cursor, entry)

        self._patiently(attempt)

    def record_lost(self, ranges: Iterable[Lost]) -> None:
        """Keeps what an operator has accepted as lost, in one transaction; the same again changes nothing."""
        with self._connected() as connection, connection.cursor() as cursor:
            for lost in ranges:
                place = {"query": lost.query, "topic": lost.topic, "generation": lost.generation}
                offsets = {"partition": lost.partition, "from_offset": lost.start, "to_offset": lost.stop}
                cursor.execute(read_sql("ledger/add_lost.sql"), {**place, **offsets})

    def ask(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Runs `ledger/<statement>.sql` for this query in a transaction of its own, waiting like `write`; its rows."""

        def attempt() -> list[tuple[Any, ...]]:
            with self._connected() as connection, connection.cursor() as cursor:
                cursor.execute(read_sql(f"ledger/{statement}.sql"), {"query": self._query, **parameters})
                return cursor.fetchall() if cursor.description else []

        return self._patiently(attempt)

    def close(self) -> None:
        """Drops the connection."""
        if self._connection is not None and not self._connection.closed:
            self._connection.close()
        self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(
                self._url, application_name=f"afluente {self._query}", idle_transaction_ms=FROZEN_MS
            )
        return self._connection

    def _read_position(self) -> int | None:
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(read_sql("ledger/read_position.sql"), {"query": self._query})
            version = cursor.fetchall()[0][0]
            return None if version is None else int(version)

    def _check_lease(self, cursor: Any, fence: Fence) -> None:
        lease = {"query": fence.query, "fence": fence.number, "holder": str(fence.holder)}
        cursor.execute(read_sql("ledger/check_lease.sql"), lease)
        if not cursor.fetchall():
            raise Fenced(f"query {fence.query} was taken over by a newer driver (fence above {fence.number})")

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

    def _patiently(self, attempt: Callable[[], Result]) -> Result:
        retrying = Retrying(
            retry=retry_if_exception(is_absence),
            wait=wait_random_exponential(multiplier=0.2, max=self._retry_max),
            stop=stop_when_event_set(self._stop),
            sleep=sleep_using_event(self._stop),
            before_sleep=self._say_absent,
        )
        try:
            return cast(Result, retrying(self._once, attempt))
        except RetryError as error:
            raise StoppedWhileWaiting(f"query {self._query} stopped while the database was away") from error

    def _once(self, attempt: Callable[[], Result]) -> Result:
        try:
            return attempt()
        except psycopg2.Error:
            self.close()  # whatever state it is in, the next try starts on a new connection
            raise

    def _say_absent(self, state: RetryCallState) -> None:
        wait = state.next_action.sleep if state.next_action else 0.0
        log.warning("query=%s database=absent try=%d next_try_seconds=%.1f", self._query, state.attempt_number, wait)


def _copy(cursor: Any, load: Load) -> None:
    if not load.rows.num_rows:
        return
    buffer = io.BytesIO()
    csv.write_csv(load.rows, buffer, csv.WriteOptions(include_header=False))
    buffer.seek(0)
    names = sql.SQL(", ").join(sql.Identifier(name) for name in load.rows.column_names)
    command = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv)").format(sql.Identifier(load.temp_table), names)
    cursor.copy_expert(command, buffer)
