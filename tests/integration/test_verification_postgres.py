"""`PostgresReader` against a real PostgreSQL: every value is read as it was written, to the last digit."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.support.warehouse_rows import AUTHOR, apply_batch, make_tag
from warehouse.database.connections import Connection, role_url
from warehouse.settings import PostgresSettings
from warehouse.verification import PostgresReader, VerificationError
from warehouse.verification.postgres_reader import SCHEMAS

MINUTE_US = 1_772_798_400_000_000  # 2026-03-06T12:00:00Z
HOSTILE_TAGS = ['q"uote', "a,b", "back\\slash", "\\N", "two\nlines", "é" * 100, "NULL"]


def read(settings: PostgresSettings, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """All tables of the recount as rows."""
    tables = PostgresReader(role_url(settings, "owner")).read(folder)
    assert list(tables) == list(SCHEMAS)
    return {
        name: pa.table(rows).to_pylist() if isinstance(rows, pa.Table) else rows.read_all().to_pylist()
        for name, rows in tables.items()
    }


def test_values_of_posts(postgres: PostgresSettings, session_of: Callable[[str], Connection], tmp_path: Path) -> None:
    pair = ("hashtag_pair_hour", "2026-03-06 12:00Z", "a", "b", 3, None, None)
    author = ("author_day", "2026-03-06", AUTHOR, None, 4, 1, 5)
    rows = [*(make_tag(tag) for tag in HOSTILE_TAGS), pair, author]
    apply_batch(session_of("writer"), "posts", {"post_increments": rows})
    tables, day = read(postgres, tmp_path), date(2026, 3, 6)
    assert {row["hashtag"] for row in tables["pg_hashtag_minute"]} == set(HOSTILE_TAGS)
    assert {(row["minute_us"], row["date_id"], row["lang"], row["posts"]) for row in tables["pg_hashtag_minute"]} == {
        (MINUTE_US, day, "pt", 1)
    }
    assert tables["pg_hashtag_pair_hour"] == [
        {"hour_us": MINUTE_US, "date_id": day, "hashtag_a": "a", "hashtag_b": "b", "posts": 3}
    ]
    assert tables["pg_author_day"] == [
        {"day": day, "author_pseudonym": AUTHOR, "posts": 4, "replies": 1, "mentions": 5}
    ]


def test_values_of_readings_and_machine_events(
    postgres: PostgresSettings, session_of: Callable[[str], Connection], tmp_path: Path
) -> None:
    reading = (
        "machine-01",
        "2026-03-06 12:00Z",
        "power_kw",
        2,
        "123456789012345678901234567890.1234",
        "99999999999999999999999999999.12345678",
        "-0.0001",
        "9999.9999",
    )
    apply_batch(session_of("writer"), "readings", {"reading_increments": [reading]})
    events = [
        (1, 0, n, f"e{n}", "machine-01", "2026-03-06 12:00:00.123456Z", "failure", detail)
        for n, detail in enumerate([None, ""])
    ]
    apply_batch(session_of("writer"), "machine_events", {"machine_event_rows": events})
    tables = read(postgres, tmp_path)
    assert tables["pg_machine_minute"] == [
        {
            "minute_us": MINUTE_US,
            "date_id": date(2026, 3, 6),
            "machine_id": "machine-01",
            "sensor": "power_kw",
            "readings": 2,
            "total": Decimal("1234567890123456789012345678901234"),
            "total_squares": Decimal("9999999999999999999999999999912345678"),
            "lowest": -1,
            "highest": 99_999_999,
        }
    ]
    assert [row["detail"] for row in tables["pg_machine_event"]] == [None, ""]
    assert tables["pg_machine_event"][0]["occurred_us"] == MINUTE_US + 123_456


def test_empty_tables(postgres: PostgresSettings, tmp_path: Path) -> None:
    assert not any(read(postgres, tmp_path).values())


def test_a_database_without_tables_is_an_error(empty_postgres: PostgresSettings, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="run migrate"):
        PostgresReader(role_url(empty_postgres, "owner")).read(tmp_path)


def test_a_role_that_may_not_read_is_an_error(postgres: PostgresSettings, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="may not read"):
        PostgresReader(role_url(postgres, "reader")).read(tmp_path)
