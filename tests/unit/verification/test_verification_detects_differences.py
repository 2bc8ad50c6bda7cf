"""One injected fault per case: the check that is made for it must find a difference."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.verification.lakehouse import Row, SampleLakehouse
from tests.support.verification.records import T0

Fault = Callable[[SampleLakehouse], Any]


def change(table: str, match: Row, **values: Any) -> Fault:
    """Sets values in one row of a Delta table."""

    def fault(lakehouse: SampleLakehouse) -> None:
        rows = [row for row in lakehouse.rows(table) if match.items() <= row.items()]
        assert len(rows) == 1
        rows[0].update(values)

    return fault


def shift(table: str, match: Row, column: str, by: Any) -> Fault:
    """Adds to one column of one row of a Delta table."""

    def fault(lakehouse: SampleLakehouse) -> None:
        (row,) = [row for row in lakehouse.rows(table) if match.items() <= row.items()]
        row[column] += by

    return fault


def drop(table: str, **match: Any) -> Fault:
    """Removes one row of a Delta table."""
    return lambda lakehouse: lakehouse.remove(table, **match)


def double(table: str, commit: int = 1) -> Fault:
    """Repeats the first row of a commit of a Delta table."""
    return lambda lakehouse: lakehouse.tables[table][commit][1].append(dict(lakehouse.tables[table][commit][1][0]))


def copy(source: str, match: Row, target: str, **values: Any) -> Fault:
    """Copies a row of one table into another, with changed values."""

    def fault(lakehouse: SampleLakehouse) -> None:
        (row,) = [row for row in lakehouse.rows(source) if match.items() <= row.items()]
        lakehouse.tables[target][1][1].append({**row, **values})

    return fault


def change_postgres(table: str, row: int, **values: Any) -> Fault:
    """Sets values in one row of PostgreSQL."""
    return lambda lakehouse: lakehouse.postgres[table][row].update(values)


def drop_postgres(table: str) -> Fault:
    """Removes the last row of a table of PostgreSQL."""
    return lambda lakehouse: lakehouse.postgres[table].pop()


def drop_besides_an_accepted_loss(offset: int, table: str, match: Row) -> Fault:
    """Removes one row, where an operator has accepted another offset of bronze's partition 0 as lost."""

    def fault(lakehouse: SampleLakehouse) -> None:
        partition = {"query": "bronze", "topic": "posts", "generation": 1, "partition": 0}
        lakehouse.postgres["pg_lost_records"].append({**partition, "start": offset, "stop": offset + 1})
        lakehouse.remove(table, **match)

    return fault


def change_intent(n: int, **values: Any) -> Fault:
    """Sets values in the journal's intent of a record."""

    def fault(lakehouse: SampleLakehouse) -> None:
        (line,) = [line for line in lakehouse.journal if line["e"] == "intent" and line["n"] == n]
        line.update(values)

    return fault


def assign_a_day_early(lakehouse: SampleLakehouse) -> None:
    """Both sides agree on segments of a day before the first post."""
    for row in (*lakehouse.rows("gold/author_segments"), *lakehouse.postgres["pg_author_segment"]):
        row["day"] = T0.date() - timedelta(days=1)


A, B, C = ({"post_id": name} for name in "abc")
MALFORMED = {"topic": "posts", "partition": 0, "offset": 1}
EXPECTED_OF_A = {"minute": "2026-03-01T12:00:00Z", "lang": "pt", "source": "x", "tags": ["água", "rio"]}
EXPECTED_OF_READING = {"minute": "2026-03-01T12:00:00Z", "machine_id": "m1", "values": {"temperature_c": "2.5001"}}

FAULTS: list[tuple[str, str, Fault]] = [  # check, what is wrong, fault
    # bronze
    ("bronze_without_gaps", "an offset is missing", drop("bronze/records", **MALFORMED)),
    (
        "acknowledged_in_bronze",
        "another offset was lost",
        drop_besides_an_accepted_loss(0, "bronze/records", MALFORMED),
    ),
    ("bronze_without_gaps", "the last offset is missing", drop("bronze/records", topic="posts", partition=1, offset=2)),
    ("acknowledged_in_bronze", "an acknowledged record is missing", drop("bronze/records", **MALFORMED)),
    ("acknowledged_in_bronze", "other bytes", change("bronze/records", MALFORMED, value=b"{not JSON")),
    ("acknowledged_in_bronze", "two records at one offset", change_intent(1, sha256="ff")),
    ("bronze_once", "a record twice", double("bronze/records")),
    # silver, quarantine, deletions: a record is in one of them
    ("duplicates_have_twins", "a post is lost", drop("silver/posts", **C)),
    ("duplicates_have_twins", "a lost post that has a duplicate", drop("silver/posts", **A)),
    ("duplicates_have_twins", "a reading is lost", drop("silver/readings", reading_id="r2")),
    ("duplicates_have_twins", "a deletion is lost", drop("silver/post_deletions", **B)),
    ("one_place", "a post twice at one offset", double("silver/posts")),
    ("one_place", "a post with an offset that bronze does not have", change("silver/posts", C, offset=7)),
    ("one_place", "an event twice", double("silver/machine_events", 2)),
    ("one_place", "a bad record is lost", drop("quarantine/posts", rule="malformed")),
    (
        "identity_once_within_horizon",
        "a duplicate was kept",
        copy("silver/posts", A, "silver/posts", partition=1, offset=0),
    ),
    ("verdicts", "another rule", change("quarantine/posts", {"offset": 1}, rule="wrong_type")),
    (
        "verdicts",
        "a valid reading in quarantine",
        lambda lakehouse: lakehouse.tables["quarantine/readings"][1][1].append(
            {
                **lakehouse.rows("quarantine/readings")[0],
                **{
                    k: v
                    for k, v in lakehouse.remove("silver/readings", reading_id="r1").items()
                    if k in ("partition", "offset", "kafka_at")
                },
            }
        ),
    ),
    ("quarantine_bytes", "other bytes in quarantine", change("quarantine/posts", {"offset": 1}, value=b"{not json ")),
    ("quarantine_bytes", "quarantined twice", double("quarantine/readings")),
    # silver's columns
    ("silver_posts", "a shifted minute", shift("silver/posts", A, "created_at", timedelta(minutes=1))),
    ("silver_posts", "a millisecond", shift("silver/posts", A, "created_at", timedelta(milliseconds=1))),
    ("silver_posts", "another pseudonym", change("silver/posts", A, author_pseudonym="0" * 64)),
    ("silver_posts", "another tag", change("silver/posts", A, hashtags=["agua", "rio"])),
    ("silver_posts", "a tag counted twice", change("silver/posts", A, counted_hashtags=["água", "rio", "rio"])),
    ("silver_posts", "another language", change("silver/posts", A, lang="PT")),
    ("silver_posts", "another text", change("silver/posts", A, text="x")),
    ("silver_posts", "no text, without a deletion", change("silver/posts", A, text=None)),
    ("silver_posts", "a mention is missing", change("silver/posts", A, mention_pseudonyms=[])),
    ("silver_posts", "not a reply", change("silver/posts", B, in_reply_to=None)),
    ("silver_posts", "another Kafka time", shift("silver/posts", A, "kafka_at", timedelta(milliseconds=1))),
    (
        "silver_readings",
        "the last digit",
        shift("silver/readings", {"reading_id": "r1"}, "power_kw", Decimal("0.0001")),
    ),
    ("silver_readings", "another machine", change("silver/readings", {"reading_id": "r1"}, machine_id="m2")),
    ("silver_machine_events", "another kind", change("silver/machine_events", {}, kind="maintenance")),
    ("post_deletions", "another time", shift("silver/post_deletions", B, "deleted_at", timedelta(seconds=1))),
    ("no_personal_ids", "a raw author id", change("silver/posts", A, author_pseudonym="ana")),
    ("no_personal_ids", "a raw mention", change("silver/posts", A, mention_pseudonyms=["rui"])),
    # the journal
    ("journal_verdicts", "another verdict", change_intent(1, verdict="wrong_type")),
    ("journal_posts", "another tag", change_intent(0, facts={**EXPECTED_OF_A, "tags": ["rio"]})),
    ("journal_posts", "another minute", change_intent(0, facts={**EXPECTED_OF_A, "minute": "2026-03-01T12:01:00Z"})),
    ("journal_posts", "another id", change_intent(0, id="q")),
    ("journal_readings", "another value", change_intent(7, facts=EXPECTED_OF_READING)),
    ("journal_machine_events", "another kind", change_intent(11, facts={"machine_id": "m1", "kind": "maintenance"})),
    # PostgreSQL
    ("hashtag_minutes", "a doubled count", change_postgres("pg_hashtag_minute", 0, posts=2)),
    ("hashtag_minutes", "a shifted minute", change_postgres("pg_hashtag_minute", 0, minute_us=0)),
    ("hashtag_minutes", "a row is missing", drop_postgres("pg_hashtag_minute")),
    ("hashtag_minutes", "another date", change_postgres("pg_hashtag_minute", 0, date_id=None)),
    (
        "hashtag_minutes_recounted",
        "silver and PostgreSQL agree, the journal does not",
        change_intent(0, facts={**EXPECTED_OF_A, "minute": "2026-03-01T12:01:00Z"}),
    ),
    ("hashtag_minutes_recounted", "a doubled count", change_postgres("pg_hashtag_minute", 0, posts=2)),
    (
        "hashtag_pair_hours",
        "a pair in another order",
        change_postgres("pg_hashtag_pair_hour", 0, hashtag_a="água", hashtag_b="rio"),
    ),
    ("author_days", "a reply too many", change_postgres("pg_author_day", 0, replies=1)),
    ("machine_minutes", "the last digit of a sum", change_postgres("pg_machine_minute", 0, total=13751)),
    (
        "machine_minutes",
        "the last digit of the squares",
        change_postgres("pg_machine_minute", 0, total_squares=751562501),
    ),
    ("machine_minutes", "another minimum", change_postgres("pg_machine_minute", 0, lowest=-11251)),
    ("machine_minutes_recounted", "a reading too many", change_postgres("pg_machine_minute", 3, readings=3)),
    ("machine_events", "an event is missing", drop_postgres("pg_machine_event")),
    ("machine_events", "another detail", change_postgres("pg_machine_event", 0, detail="")),
    ("ledger_positions", "another end", change_postgres("pg_ledger", 1, to_offsets='{"0": 3, "1": 2}')),
    ("ledger_positions", "a gap", change_postgres("pg_ledger", 1, from_offsets='{"0": 2, "1": 2}')),
    ("ledger_positions", "ahead of silver", change_postgres("pg_ledger", 1, silver_version=3)),
    ("ledger_rows", "another sum", change_postgres("pg_ledger", 0, rows=2)),
    ("row_counts", "another count", change_postgres("pg_row_counts", 1, rows=2)),
    ("row_counts", "an outcome is missing", lambda lakehouse: lakehouse.postgres["pg_row_counts"].pop(3)),
    # gold
    ("gold_hashtag_minutes", "a doubled count", change("gold/hashtag_minutes", {"hashtag": "rio2"}, posts=2)),
    ("gold_author_days", "a mention too many", shift("gold/author_days", {"posts": 2}, "mentions", 1)),
    ("gold_mention_edges", "an edge is missing", drop("gold/mention_edges")),
    ("gold_author_hours", "a hashtag too many", shift("gold/author_hours", {"posts": 2}, "hashtags", 1)),
    ("gold_author_hours", "another hour", change("gold/author_hours", {"posts": 1}, hour=T0)),
    ("author_segments", "another segment", change_postgres("pg_author_segment", 0, segment_id=2)),
    ("author_segments", "another version", change_postgres("pg_author_segment", 1, model_version=2)),
    ("author_segments", "an author is missing", drop("gold/author_segments")),
    ("author_segments", "an author twice", double("gold/author_segments")),
    ("author_segments", "before the first post", assign_a_day_early),
    ("gold_author_hashtag_days", "a tag of another author", drop("gold/author_hashtag_days")),
    (
        "gold_machine_minutes",
        "the last digit",
        shift("gold/machine_minutes", {"sensor": "power_kw"}, "total_squares", Decimal("0.00000001")),
    ),
    (
        "gold_hashtag_minutes",
        "newer than the silver version it names",
        lambda lakehouse: lakehouse.tables["gold/hashtag_minutes"][1][0].update(silver_version=1),
    ),
]


@pytest.mark.parametrize(("check", "fault"), [pytest.param(c, f, id=f"{c}: {what}") for c, what, f in FAULTS])
def test_check_finds_the_fault(lakehouse: SampleLakehouse, check: str, fault: Fault) -> None:
    fault(lakehouse)
    assert check in lakehouse.find_failing_checks()
