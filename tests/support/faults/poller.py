"""A reader that looks every 50 ms: counts never go down, and each look finds counts and ledger of one moment equal."""

import threading
import time
from contextlib import suppress
from types import TracebackType

import psycopg2

from tests.support.faults.lakehouse import Lakehouse
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
"""One statement, so one snapshot. The first two are equal, and so are the two that follow."""
READ = "SELECT count(*) FROM serving.hashtag_top"


class Poller:
    """Looks while its block runs, and fails the test at its end if it has seen what must not be."""

    def __init__(self, lakehouse: Lakehouse) -> None:
        settings = lakehouse.settings.postgres
        self._urls = {SNAPSHOT: role_url(settings, "owner"), READ: role_url(settings, "reader")}
        self._sessions: dict[str, Connection] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._poll)
        self._before: tuple[int, ...] = (0,) * 6
        self.looks = 0
        self.wrong: list[str] = []

    def __enter__(self) -> "Poller":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._close()
        if kind is None:
            assert self.wrong == []
            assert self._before[0] > 0, f"nothing was seen in {self.looks} looks"

    def _poll(self) -> None:
        while not self._over.wait(PERIOD_SECONDS):
            try:
                self._judge(self._read(SNAPSHOT))
                self._read(READ)
                self.looks += 1
            except (psycopg2.Error, WarehouseError):  # the database is away: a fault of the test
                self._close()

    def _read(self, statement: str) -> tuple[int, ...]:
        if statement not in self._sessions:
            self._sessions[statement] = connect(self._urls[statement], application_name="tests poller")
            self._sessions[statement].autocommit = True
        with self._sessions[statement].cursor() as cursor:
            cursor.execute(statement)
            return tuple(map(int, cursor.fetchall()[0]))

    def _judge(self, seen: tuple[int, ...]) -> None:
        if any(now < before for now, before in zip(seen, self._before, strict=True)):
            self.wrong.append(f"{time.time():.3f}: went down from {self._before} to {seen}")
        if seen[0] != seen[1] or seen[2] != seen[3]:
            self.wrong.append(f"{time.time():.3f}: counts and ledger differ: {seen}")
        self._before = seen

    def _close(self) -> None:
        for session in self._sessions.values():
            with suppress(psycopg2.Error):
                session.close()
        self._sessions.clear()
