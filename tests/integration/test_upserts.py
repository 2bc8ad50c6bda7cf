"""The upserts into the star schema, run as the writer role, one transaction per batch as in the stream."""

import json
from collections.abc import Callable

import pytest

from tests.support.warehouse_rows import AUTHOR, apply_batch, make_reading, make_recent, make_tag, read_all
from warehouse.database.connections import Connection, read_sql

OpenSession = Callable[[str], Connection]
READ_MINUTES = "SELECT minute AT TIME ZONE 'UTC', date_id::text, posts FROM warehouse.fact_hashtag_minute ORDER BY 1"
READ_TAGS = "SELECT hashtag FROM warehouse.fact_hashtag_minute JOIN warehouse.dim_hashtag USING (hashtag_id)"
READ_FRESHNESS = "SELECT newest_event_at = '2026-03-06 12:00Z', rows, silver_version FROM serving.pipeline_freshness"
ADD_LEDGER = """INSERT INTO ops.ledger
    (query, lineage, silver_version, from_offsets, to_offsets, rows, newest_event_at, batch_at)
    VALUES ('readings', 1, 0, '{}', %s, 3, %s, now()), ('readings', 1, 1, %s, %s, 0, NULL, now())"""
HOSTILE_TAGS = [
    'q"uote',
    "apo'strophe",
    "back\\slash",
    "\\N",
    "a,b",
    "👩‍👩‍👧‍👦",
    "مرحبا",
    "x" * 100,
    "é" * 100,
    "<script>",
    "%s",
]


def test_increments_of_two_transactions_add_up(session_of: OpenSession) -> None:
    writer = session_of("writer")
    batch = [
        make_tag("a", 2),
        make_tag("b", 1, language="en"),
        ("hashtag_pair_hour", "2026-03-06 12:00Z", "a", "b", 3, None, None),
        ("author_day", "2026-03-06", AUTHOR, None, 4, 1, 5),
    ]
    for _ in range(2):
        apply_batch(writer, "posts", {"post_increments": batch})
    assert read_all(
        writer,
        "SELECT hashtag, language, posts, date_id::text FROM warehouse.fact_hashtag_minute "
        "JOIN warehouse.dim_hashtag USING (hashtag_id) JOIN warehouse.dim_language "
        "USING (language_id) ORDER BY 1",
    ) == [("a", "pt", 4, "2026-03-06"), ("b", "en", 2, "2026-03-06")]
    assert read_all(writer, "SELECT posts FROM warehouse.fact_hashtag_pair_hour") == [(6,)]
    assert read_all(writer, "SELECT posts, replies, mentions FROM warehouse.fact_author_day") == [(8, 2, 10)]


def test_readings_keep_exact_sums_and_extremes(session_of: OpenSession) -> None:
    writer = session_of("writer")
    minute = "2026-03-06 12:00Z"
    apply_batch(writer, "readings", {"reading_increments": [make_reading("machine-01", minute, [70.5, 71.25])]})
    apply_batch(writer, "readings", {"reading_increments": [make_reading("machine-01", minute, [69.125])]})
    facts = read_all(
        writer,
        "SELECT readings, total::text, total_squares::text, lowest::text, highest::text "
        "FROM warehouse.fact_machine_minute",
    )
    assert facts == [(3, "210.8750", "14825.07812500", "69.1250", "71.2500")]


def test_late_data_is_added_to_its_own_minute_and_day(session_of: OpenSession) -> None:
    writer = session_of("writer")
    apply_batch(
        writer, "posts", {"post_increments": [make_tag("a"), ("author_day", "2026-03-06", AUTHOR, None, 1, 0, 0)]}
    )
    apply_batch(
        writer,
        "posts",
        {
            "post_increments": [
                make_tag("a", minute="2026-03-04 23:59Z"),
                ("author_day", "2026-03-04", AUTHOR, None, 1, 0, 0),
            ]
        },
    )
    minutes = read_all(writer, READ_MINUTES)
    assert [(str(minute), day, posts) for minute, day, posts in minutes] == [
        ("2026-03-04 23:59:00", "2026-03-04", 1),
        ("2026-03-06 12:00:00", "2026-03-06", 1),
    ]
    assert read_all(writer, "SELECT first_seen_date::text FROM warehouse.dim_author") == [("2026-03-04",)]


def test_empty_batches_change_nothing(session_of: OpenSession) -> None:
    writer = session_of("writer")
    for query in ("posts", "readings", "machine_events"):
        apply_batch(writer, query, {})
        apply_batch(writer, query, {})
    counts = read_all(
        writer,
        "SELECT (SELECT count(*) FROM warehouse.fact_hashtag_minute), (SELECT count(*) FROM "
        "warehouse.dim_hashtag), (SELECT count(*) FROM warehouse.fact_machine_minute)",
    )
    assert counts == [(0, 0, 0)]


def test_temp_tables_are_empty_in_the_next_batch(session_of: OpenSession) -> None:
    writer = session_of("writer")
    apply_batch(writer, "posts", {"post_increments": [make_tag("a")]})
    apply_batch(writer, "posts", {})
    assert read_all(writer, "SELECT posts FROM warehouse.fact_hashtag_minute") == [(1,)]


def test_machine_events_are_written_once(session_of: OpenSession) -> None:
    writer = session_of("writer")
    rows = {
        "machine_event_rows": [(1, 0, 7, "e-1", "machine-01", "2026-03-06 12:00:01.25Z", "failure", "it's \\ broken")]
    }
    apply_batch(writer, "machine_events", rows)
    apply_batch(writer, "machine_events", rows)
    assert read_all(writer, "SELECT event_id, detail FROM warehouse.fact_machine_event") == [("e-1", "it's \\ broken")]


def test_hostile_tags_are_stored_unchanged(session_of: OpenSession) -> None:
    writer = session_of("writer")
    apply_batch(writer, "posts", {"post_increments": [make_tag(tag) for tag in HOSTILE_TAGS]})
    seen = read_all(writer, READ_TAGS)
    assert {tag for (tag,) in seen} == set(HOSTILE_TAGS)


def test_recent_posts_are_removed_after_48_hours_or_when_deleted(session_of: OpenSession) -> None:
    writer = session_of("writer")
    apply_batch(
        writer,
        "posts",
        {
            "recent_post_rows": [
                make_recent(0, "2026-03-04 12:00Z", "old"),
                make_recent(1, "2026-03-04 12:30Z", "kept"),
                make_recent(2, "2026-03-05 12:00Z", "deleted"),
            ]
        },
    )
    apply_batch(
        writer,
        "posts",
        {
            "recent_post_rows": [make_recent(3, "2026-03-06 12:20Z", "new")],
            "post_deletion_rows": [("generator", "deleted"), ("elsewhere", "kept")],
        },
    )
    assert read_all(writer, "SELECT post_id, hashtags FROM warehouse.recent_posts ORDER BY 1") == [
        ("kept", ["a", 'q"']),
        ("new", ["a", 'q"']),
    ]


def test_a_rebuild_first_deletes_the_old_rows(session_of: OpenSession) -> None:
    writer = session_of("writer")
    apply_batch(
        writer, "posts", {"post_increments": [make_tag("a", 5)], "recent_post_rows": [make_recent(0, "2026-03-06Z")]}
    )
    apply_batch(writer, "readings", {"reading_increments": [make_reading("machine-01", "2026-03-06 12:00Z", [1])]})
    with writer, writer.cursor() as cursor:
        for query in ("posts", "machine_events"):
            cursor.execute(read_sql(f"upserts/{query}_clear.sql"))
    apply_batch(writer, "posts", {"post_increments": [make_tag("a", 2)]})
    assert read_all(writer, "SELECT posts FROM warehouse.fact_hashtag_minute") == [(2,)]
    assert read_all(writer, "SELECT count(*) FROM warehouse.recent_posts") == [(0,)]
    assert read_all(writer, "SELECT count(*) FROM warehouse.fact_machine_minute") == [(1,)]


def test_the_reader_reads_what_the_writer_wrote(session_of: OpenSession) -> None:
    writer, reader = session_of("writer"), session_of("reader")
    minute = "2026-03-06 12:00Z"
    apply_batch(writer, "readings", {"reading_increments": [make_reading("machine-01", minute, [70, 72, 74])]})
    row = read_all(reader, "SELECT average::text, deviation, lowest::text, readings FROM serving.machine_minutes")[0]
    assert row == ("72.0000", pytest.approx(2.0), "70.0000", 3)
    with writer, writer.cursor() as cursor:
        cursor.execute(ADD_LEDGER, (json.dumps({"0": 3}), minute, json.dumps({"0": 3}), json.dumps({"0": 4, "1": 2})))
    fresh = read_all(reader, READ_FRESHNESS)
    assert fresh == [(True, 0, 1)]
    assert read_all(reader, "SELECT partition, next_offset FROM serving.pipeline_positions ORDER BY 1") == [
        (0, 4),
        (1, 2),
    ]
