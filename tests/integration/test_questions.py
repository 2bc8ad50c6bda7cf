"""The ten example questions on a million rows of `fact_*` tables, run by the reader role: known answers and their cost.

Each question may take one second of an idle processor (measured: 1 to 530 ms). A loaded processor, or a slower one,
takes up to three times as long for any work: so the allowance is the processor time that a reference query takes in the
same session just before. A question that hangs is cancelled by the server after thirty seconds.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.postgres import MIGRATED, make_database, superuser_url
from warehouse.database.connections import Connection, connect, role_url
from warehouse.database.migrations import list_sql_files
from warehouse.settings import PostgresSettings

REFERENCE_QUERY = "SELECT max(md5(n::text)) FROM generate_series(1, 3000000) AS n"
"""Takes one second of an idle processor; reads no table, so that no change of the schema changes its cost."""
TRIES = 3
HANGING_MS = 30_000
Row = dict[str, Any]


@pytest.fixture(scope="module")
def reader(migrated_template: PostgresSettings) -> Iterator[Connection]:
    """The reader's session in a database with a million rows in `fact_*` tables."""
    settings = make_database(migrated_template, MIGRATED)
    with closing(connect(superuser_url(settings, settings.url.rpartition("/")[2]), application_name="tests")) as loader:
        with loader, loader.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(Path(__file__).with_name("million_facts.sql").read_text(encoding="utf-8"))
        loader.autocommit = True
        loader.cursor().execute("VACUUM ANALYZE")
    with closing(
        connect(role_url(settings, "reader"), application_name="tests", statement_timeout_ms=HANGING_MS)
    ) as session:
        session.autocommit = True
        yield session


def ask(reader: Connection, name: str) -> list[Row]:
    question = next(file for file in list_sql_files("serving/questions") if file.name == f"{name}.sql")
    for _ in range(TRIES):
        _, allowed = time_read(reader, REFERENCE_QUERY)
        rows, used = time_read(reader, question.read())
        if used < allowed:
            return rows
    pytest.fail(f"{name} costs {used:.2f} s of processor time, {allowed:.2f} s are allowed")


def time_read(reader: Connection, statement: str) -> tuple[list[Row], float]:
    """Rows, and seconds of processor time that the backend used."""
    backend = psutil.Process(reader.info.backend_pid)
    before = backend.cpu_times()
    rows = read(reader, statement)
    after = backend.cpu_times()
    return rows, after.user + after.system - before.user - before.system


def read(reader: Connection, statement: str) -> list[Row]:
    with reader.cursor() as cursor:
        cursor.execute(statement)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_there_are_a_million_facts(reader: Connection) -> None:
    counted = read(
        reader,
        "SELECT (SELECT count(*) FROM serving.hashtag_minutes) + "
        "(SELECT count(*) FROM serving.machine_minutes) + "
        "(SELECT count(*) FROM serving.hashtag_pairs) AS facts",
    )
    assert counted[0]["facts"] > 1_000_000


def test_top_hashtags(reader: Connection) -> None:
    rows = ask(reader, "01_top_hashtags")
    assert [row["hashtag"] for row in rows] == [f"always-{n:02d}" for n in range(10)]
    assert rows[0] == {
        "hashtag": "always-00",
        "posts": 4800,
        "previous_posts": 4800,
        "change": 0,
        "direction": "steady",
    }


def test_trends_of_the_injected_hashtags(reader: Connection) -> None:
    rows = read(
        reader,
        "SELECT hashtag, posts, previous_posts, trend FROM serving.hashtag_top "
        "WHERE hashtag LIKE 'injected-%' ORDER BY hashtag",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("injected-fall", 60, 360, 60 / 360),
        ("injected-new", 120, 0, None),
        ("injected-rise", 360, 60, 6.0),
    ]


def test_rising_hashtags(reader: Connection) -> None:
    rows = ask(reader, "02_rising_hashtags")
    assert [(row["hashtag"], row["growth"]) for row in rows[:3]] == [
        ("injected-new", Decimal("121.00")),
        ("injected-rise", Decimal("5.92")),
        ("always-00", Decimal("1.00")),
    ]


def test_hashtag_pairs(reader: Connection) -> None:
    rows = ask(reader, "03_hashtag_pairs")
    assert rows[0] == {"hashtag_a": "injected-new", "hashtag_b": "injected-rise", "posts": 100}
    assert [row["posts"] for row in rows[1:]] == [24] * 9


def test_author_cohorts(reader: Connection) -> None:
    rows = ask(reader, "04_author_cohorts")
    second, third = date(2026, 3, 2), date(2026, 3, 3)
    assert [(row["cohort"], row["days_later"], row["authors"], row["share"]) for row in rows] == [
        (second, 0, 3000, 1),
        *((second, days, 750, Decimal("0.25")) for days in (1, 2, 3, 4)),
        (third, 0, 3000, 1),
        (third, 3, 3000, 1),
    ]


def test_anomaly_minutes(reader: Connection) -> None:
    rows = ask(reader, "05_anomaly_minutes")
    assert [
        (row["machine_id"], row["anomaly_minutes"], row["minutes_outside_limits"], row["sensors"]) for row in rows
    ] == [("m-03", 7, 7, "vibration_mm_s"), ("m-05", 5, 0, "temperature_c")]


def test_drifting_sensors(reader: Connection) -> None:
    rows = ask(reader, "06_drifting_sensors")
    assert [(row["machine_id"], row["sensor"]) for row in rows] == [("m-09", "power_kw")]
    assert rows[0]["change_per_hour"] == pytest.approx(0.6, rel=1e-6)


def test_utilisation_per_shift(reader: Connection) -> None:
    rows = {(row["line"], row["shift"]): row for row in ask(reader, "07_utilisation_per_shift")}
    north = rows["north", "early"]
    # 5 shifts of 8 machines. 2 March: 480 minutes, 6 March so far: 181. Lost: 480 of m-02 and the last 30 of m-08.
    assert north["planned_minutes"] == 8 * (4 * 480 + 181)
    assert north["planned_minutes"] - north["producing_minutes"] == 480 + 30
    assert north["worst_shift"] == 0
    assert rows["north", "late"]["planned_minutes"] - rows["north", "late"]["producing_minutes"] == 45
    assert rows["south", "early"]["utilisation"] == 1


def test_machine_gaps(reader: Connection) -> None:
    rows = ask(reader, "08_machine_gaps")
    assert [(row["machine_id"], row["missing_minutes"], row["is_open"]) for row in rows] == [
        ("m-08", 30, True),
        ("m-07", 45, False),
    ]
    assert rows[1]["starts_at"] == datetime(2026, 3, 6, 6, 16, tzinfo=UTC)
    assert rows[1]["ends_at"] == datetime(2026, 3, 6, 7, 1, tzinfo=UTC)


def test_failures_and_repairs(reader: Connection) -> None:
    rows = ask(reader, "09_failures_and_repairs")
    assert [tuple(row.values()) for row in rows] == [
        ("m-11", 2, 1, timedelta(hours=2), timedelta(days=1)),
        ("m-03", 1, 0, timedelta(minutes=20), None),
    ]


def test_rejected_records(reader: Connection) -> None:
    rows = ask(reader, "10_rejected_records")
    posts = {row["outcome"]: (row["records"], row["share"]) for row in rows if row["query"] == "posts"}
    assert posts == {
        "silver": (970 * 1440, Decimal("0.97")),
        "duplicate": (10 * 1440, Decimal("0.01")),
        "quarantine:malformed": (20 * 1440, Decimal("0.02")),
    }


POLLED = {  # query that a page runs every second -> its rows, and the most buffer pages (8 kB) that it may read
    "SELECT * FROM serving.hashtag_top ORDER BY posts DESC LIMIT 10": (10, 25_000),  # two hours of rows, 16 900 here
    "SELECT * FROM serving.hashtag_minutes WHERE hashtag = 'always-00' AND minute > '2026-03-06 11:00Z'": (60, 500),
    "SELECT * FROM serving.machine_latest": (90, 1000),
    "SELECT * FROM serving.machine_minutes WHERE minute > '2026-03-06 11:40Z'": (14 * 6 * 20, 5000),
    "SELECT * FROM serving.pipeline_freshness": (2, 100),
    "SELECT * FROM serving.pipeline_positions": (2, 200),
}


@pytest.mark.parametrize("statement", POLLED)
def test_a_query_that_pages_poll_reads_few_buffers(reader: Connection, statement: str) -> None:
    """Measured in buffer pages, because time depends on the load of the machine."""
    rows, pages = POLLED[statement]
    assert len(read(reader, statement)) == rows
    plan = read(reader, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement)[0]["QUERY PLAN"][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < pages


def test_the_normal_band_is_three_deviations_of_the_last_day(reader: Connection) -> None:
    row = read(reader, "SELECT * FROM serving.machine_bands WHERE machine_id = 'm-01' AND sensor = 'power_kw'")[0]
    # readings lie at mean - 1 and mean + 1, the means of the minutes are 49, 50 or 51: variance 1 + 2/3
    assert row["minutes"] == 1440
    assert row["average"] == pytest.approx(50)
    assert row["deviation"] == pytest.approx((5 / 3) ** 0.5, rel=1e-4)
    assert row["normal_high"] - row["average"] == pytest.approx(3 * row["deviation"])
