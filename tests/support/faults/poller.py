"""A reader that polls the database every 50 ms: counts never decrease and always agree with the ledger."""

import threading
import time
from contextlib import suppress
from types import TracebackType

import psycopg2

from tests.support.faults.installation import Installation
from warehouse.database.connections import Connection, connect, role_url
from warehouse.errors import WarehouseError

PERIOD_SECONDS = 0.05
SNAPSHOT = """
SELECT
    coalesce((SELECT sum(rows) FROM ops.ledger), 0),
    coalesce((SELECT sum(rows) FROM ops.row_counts WHERE outcome = 'silver'), 0),
    coalesce((SELECT sum(rows) FROM ops.ledger WHERE query = 'posts'), 0),
    coalesce((SELECT sum(posts) FROM warehouse.fact_author_day), 0),
    coalesce((SELECT sum(posts) FROM warehouse.fact_hashtag_minute), 0),
    coalesce((SELECT sum(readings) FROM warehouse.fact_machine_minute), 0)
"""
"""One statement, so one snapshot. The first value equals the second, the third equals the fourth."""
READ = "SELECT count(*) FROM serving.hashtag_top"


class Poller:
    """Reads in a thread while its block runs; fails the test at the end if a read was wrong."""

    def __init__(self, installation: Installation) -> None:
        settings = installation.settings.postgres
        self._urls = {SNAPSHOT: role_url(settings, "owner"), READ: role_url(settings, "reader")}
        self._sessions: dict[str, Connection] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._poll)
        self._before: tuple[int, ...] = (0,) * 6
        self.reads = 0
        self.errors: list[str] = []

    def __enter__(self) -> "Poller":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        self._close()
        if kind is None:
            assert self.errors == []
            assert self._before[0] > 0, f"no count above 0 in {self.reads} reads"

    def _poll(self) -> None:
        while not self._ended.wait(PERIOD_SECONDS):
            try:
                self._compare(self._read(SNAPSHOT))
                self._read(READ)
                self.reads += 1
            except (psycopg2.Error, WarehouseError):  # the database is unavailable: the test made it so
                self._close()

    def _read(self, statement: str) -> tuple[int, ...]:
        if statement not in self._sessions:
            self._sessions[statement] = connect(self._urls[statement], application_name="tests poller")
            self._sessions[statement].autocommit = True
        with self._sessions[statement].cursor() as cursor:
            cursor.execute(statement)
            return tuple(map(int, cursor.fetchall()[0]))

    def _compare(self, seen: tuple[int, ...]) -> None:
        if any(now < before for now, before in zip(seen, self._before, strict=True)):
            self.errors.append(f"{time.time():.3f}: decreased from {self._before} to {seen}")
        if seen[0] != seen[1] or seen[2] != seen[3]:
            self.errors.append(f"{time.time():.3f}: counts and ledger differ: {seen}")
        self._before = seen

    def _close(self) -> None:
        for session in self._sessions.values():
            with suppress(psycopg2.Error):
                session.close()
        self._sessions.clear()
