"""Fixtures of the browser tests: a database, the job `dashboard` as a process, and Chromium."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from jobs.settings import load_settings
from streaming.local.postgres_server import PostgresServer
from tests.support.postgres import find_free_port, read_machines
from warehouse.database.connections import connect, read_sql, role_url
from warehouse.database.migrations import migrate
from warehouse.settings import PostgresSettings

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
expect.set_options(timeout=30_000)  # two cores may be shared with Spark, and Plotly alone is 5 MB to load


@dataclass
class Feed:
    """Adds rows to `fact_*` tables as the stream does: as increments, through the upserts; and ledger rows."""

    settings: PostgresSettings

    def add_posts(self, hashtag: str, posts: int, minute: datetime) -> None:
        """`posts` more posts with this hashtag in this minute."""
        row = ("hashtag_minute", minute, hashtag, "pt", posts)
        statement = "INSERT INTO post_increments (fact, at, key_a, key_b, n) VALUES (%s, %s, %s, %s, %s)"
        self._upsert("posts", statement, row)

    def count_posts(self, hashtag: str) -> str:
        """Posts of a hashtag in the newest ten minutes, formatted as on the page, from a query of its own."""
        with closing(connect(role_url(self.settings, "reader"), application_name="feed")) as session, session:
            cursor = session.cursor()
            cursor.execute(
                "SELECT sum(posts) FROM serving.hashtag_minutes WHERE hashtag = %s AND minute > "
                "(SELECT max(minute) FROM serving.hashtag_minutes) - interval '10 minutes'",
                (hashtag,),
            )
            return f"{(cursor.fetchone() or (0,))[0]:,}"

    def add_reading(self, machine_id: str, sensor: str, value: float, minute: datetime) -> None:
        """One more reading of one sensor."""
        row = (machine_id, minute, sensor, 1, value, value * value, value, value)
        self._upsert("readings", "INSERT INTO reading_increments VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", row)

    def add_commit(self, query: str, newest_event_at: datetime, **outcomes: int) -> None:
        """A ledger row of a batch with this newest event time, and `outcomes`: outcome (`__` for `:`) -> records."""
        with closing(connect(role_url(self.settings, "writer"), application_name="feed")) as session, session:
            cursor = session.cursor()
            cursor.execute("SELECT coalesce(max(silver_version), 0) + 1 FROM ops.ledger WHERE query = %s", (query,))
            version = (cursor.fetchone() or (1,))[0]
            cursor.execute(
                "INSERT INTO ops.ledger VALUES (%s, 1, %s, '{}', '{}', 1, %s, now(), clock_timestamp())",
                (query, version, newest_event_at),
            )
            for outcome, rows in outcomes.items():
                cursor.execute(
                    "INSERT INTO ops.row_counts VALUES (%s, date_trunc('minute', now()), %s, %s) "
                    "ON CONFLICT (query, minute, outcome) "
                    "DO UPDATE SET rows = row_counts.rows + excluded.rows",
                    (query, outcome.replace("__", ":"), rows),
                )

    def _upsert(self, name: str, statement: str, row: tuple[object, ...]) -> None:
        with closing(connect(role_url(self.settings, "writer"), application_name="feed")) as session, session:
            cursor = session.cursor()
            cursor.execute(read_sql(f"upserts/{name}_temp.sql"))
            cursor.execute(statement, row)
            cursor.execute(read_sql(f"upserts/{name}.sql"))

    def minute(self, ago: int = 0) -> datetime:
        """The start of the current minute, or of the one `ago` minutes before."""
        return datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=ago)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; if there is none, the tests are skipped, in CI they fail."""
    if not CHROMIUM.is_file():
        reason = f"no browser at {CHROMIUM}: install Debian's chromium, or set CHROMIUM to another one"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """An empty, migrated database on a server of this module, because its tests stop the server."""
    folder = tmp_path_factory.mktemp("page")
    settings = load_settings("test", [f"var={folder}", f"postgres.port={find_free_port()}"]).postgres
    server = PostgresServer(settings)
    server.start()
    try:
        with closing(connect(server.url, application_name="test")) as owner:
            migrate(owner, settings, read_machines())
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def postgres(database: PostgresServer) -> PostgresSettings:
    """The settings of that database."""
    return database._settings


@pytest.fixture
def feed(postgres: PostgresSettings) -> Feed:
    """Adds data to that database."""
    return Feed(postgres)


@pytest.fixture(scope="module")
def page_process(postgres: PostgresSettings) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The job `dashboard` as a process, and its URL."""
    port = find_free_port()
    command = [
        sys.executable,
        str(ROOT / "jobs" / "dashboard.py"),
        "--profile",
        "test",
        "--set",
        f"page.port={port}",
        "--set",
        f"postgres.port={postgres.port}",
        "--set",
        f"var={postgres.data.parent}",
    ]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/health")
        yield process, f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def page(chromium: Browser, page_process: tuple[subprocess.Popen[bytes], str]) -> Iterator[Page]:
    """The page, opened in a fresh browser profile; an error in the browser's console fails the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(page_process[1])
    yield page
    context.close()
    assert errors == []


def _wait_until_healthy(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310 - loopback
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"{address} did not answer in {START_SECONDS} s")
