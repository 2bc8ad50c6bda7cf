"""One fault after the other: the recount must notice each, in the comparison that is made for it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.verification.world import Row, World

Fault = Callable[[World], Any]


def change(table: str, match: Row, **values: Any) -> Fault:
    """Other values in one row of the lake."""

    def fault(world: World) -> None:
        rows = [row for row in world.rows(table) if match.items() <= row.items()]
        assert len(rows) == 1
        rows[0].update(values)

    return fault


def shift(table: str, match: Row, column: str, by: Any) -> Fault:
    """A little more in one column of one row of the lake."""

    def fault(world: World) -> None:
        (row,) = [row for row in world.rows(table) if match.items() <= row.items()]
        row[column] += by

    return fault


def drop(table: str, **match: Any) -> Fault:
    """One row fewer in the lake."""
    return lambda world: world.remove(table, **match)


def double(table: str, commit: int = 1) -> Fault:
    """A commit's first row a second time."""
    return lambda world: world.tables[table][commit][1].append(dict(world.tables[table][commit][1][0]))


def move(source: str, match: Row, target: str, **values: Any) -> Fault:
    """A row of one table lands in another as well."""

    def fault(world: World) -> None:
        (row,) = [row for row in world.rows(source) if match.items() <= row.items()]
        world.tables[target][1][1].append({**row, **values})

    return fault


def fact(table: str, row: int, **values: Any) -> Fault:
    """Other values in one row of PostgreSQL."""
    return lambda world: world.postgres[table][row].update(values)


def lose(table: str) -> Fault:
    """One fact fewer in PostgreSQL."""
    return lambda world: world.postgres[table].pop()


def drop_beside_a_loss(offset: int, table: str, match: Row) -> Fault:
    """One row fewer, while an operator has accepted another offset of bronze's partition 0 as lost."""

    def fault(world: World) -> None:
        place = {"query": "bronze", "topic": "posts", "generation": 1, "partition": 0}
        world.postgres["pg_lost_records"].append({**place, "start": offset, "stop": offset + 1})
        world.remove(table, **match)

    return fault


def intent(n: int, **values: Any) -> Fault:
    """The generator meant something else."""

    def fault(world: World) -> None:
        (line,) = [line for line in world.journal if line["e"] == "intent" and line["n"] == n]
        line.update(values)

    return fault


A, B, C = ({"post_id": name} for name in "abc")
MALFORMED = {"topic": "posts", "partition": 0, "offset": 1}
A_FACTS = {"minute": "2026-03-01T12:00:00Z", "lang": "pt", "source": "x", "tags": ["água", "rio"]}
READING_FACTS = {"minute": "2026-03-01T12:00:00Z", "machine_id": "m1", "values": {"temperature_c": "2.5001"}}

FAULTS: list[tuple[str, str, Fault]] = [
    # bronze
    ("bronze_without_gaps", "an offset is missing", drop("bronze/records", **MALFORMED)),
    ("acknowledged_in_bronze", "another offset was lost", drop_beside_a_loss(0, "bronze/records", MALFORMED)),
    ("bronze_without_gaps", "the last offset is missing", drop("bronze/records", topic="posts", partition=1, offset=2)),
    ("acknowledged_in_bronze", "an acknowledged record is missing", drop("bronze/records", **MALFORMED)),
    ("acknowledged_in_bronze", "other bytes", change("bronze/records", MALFORMED, value=b"{not JSON")),
    ("acknowledged_in_bronze", "two records at one offset", intent(1, sha256="ff")),
    ("bronze_once", "a record twice", double("bronze/records")),
    # silver, quarantine, deletions: one place each
    ("duplicates_have_twins", "a post is lost", drop("silver/posts", **C)),
    ("duplicates_have_twins", "a lost post looks like a duplicate", drop("silver/posts", **A)),
    ("duplicates_have_twins", "a reading is lost", drop("silver/readings", reading_id="r2")),
    ("duplicates_have_twins", "a deletion is lost", drop("silver/post_deletions", **B)),
    ("one_place", "a post twice at one place", double("silver/posts")),
    ("one_place", "a post from nowhere", change("silver/posts", C, offset=7)),
    ("one_place", "an event twice", double("silver/machine_events", 2)),
    ("one_place", "a bad record is lost", drop("quarantine/posts", rule="malformed")),
    (
        "identity_once_within_horizon",
        "a duplicate was kept",
        move("silver/posts", A, "silver/posts", partition=1, offset=0),
    ),
    ("verdicts", "another rule", change("quarantine/posts", {"offset": 1}, rule="wrong_type")),
    (
        "verdicts",
        "a good reading in quarantine",
        lambda world: world.tables["quarantine/readings"][1][1].append(
            {
                **world.rows("quarantine/readings")[0],
                **{
                    k: v
                    for k, v in world.remove("silver/readings", reading_id="r1").items()
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
    ("silver_posts", "blank without a deletion", change("silver/posts", A, text=None)),
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
    ("journal_verdicts", "another verdict", intent(1, verdict="wrong_type")),
    ("journal_posts", "another tag", intent(0, facts={**A_FACTS, "tags": ["rio"]})),
    ("journal_posts", "another minute", intent(0, facts={**A_FACTS, "minute": "2026-03-01T12:01:00Z"})),
    ("journal_posts", "another id", intent(0, id="q")),
    ("journal_readings", "another value", intent(7, facts=READING_FACTS)),
    ("journal_machine_events", "another kind", intent(11, facts={"machine_id": "m1", "kind": "maintenance"})),
    # PostgreSQL
    ("hashtag_minutes", "a doubled fact", fact("pg_hashtag_minute", 0, posts=2)),
    ("hashtag_minutes", "a shifted minute", fact("pg_hashtag_minute", 0, minute_us=0)),
    ("hashtag_minutes", "a fact is missing", lose("pg_hashtag_minute")),
    ("hashtag_minutes", "another date", fact("pg_hashtag_minute", 0, date_id=None)),
    (
        "hashtag_minutes_recounted",
        "silver and PostgreSQL agree, the journal does not",
        intent(0, facts={**A_FACTS, "minute": "2026-03-01T12:01:00Z"}),
    ),
    ("hashtag_minutes_recounted", "a doubled fact", fact("pg_hashtag_minute", 0, posts=2)),
    (
        "hashtag_pair_hours",
        "a pair in another order",
        fact("pg_hashtag_pair_hour", 0, hashtag_a="água", hashtag_b="rio"),
    ),
    ("author_days", "a reply too many", fact("pg_author_day", 0, replies=1)),
    ("machine_minutes", "the last digit of a sum", fact("pg_machine_minute", 0, total=13751)),
    ("machine_minutes", "the last digit of the squares", fact("pg_machine_minute", 0, total_squares=751562501)),
    ("machine_minutes", "another minimum", fact("pg_machine_minute", 0, lowest=-11251)),
    ("machine_minutes_recounted", "a reading too many", fact("pg_machine_minute", 3, readings=3)),
    ("machine_events", "an event is missing", lose("pg_machine_event")),
    ("machine_events", "another detail", fact("pg_machine_event", 0, detail="")),
    ("ledger_positions", "another end", fact("pg_ledger", 1, to_offsets='{"0": 3, "1": 2}')),
    ("ledger_positions", "a gap", fact("pg_ledger", 1, from_offsets='{"0": 2, "1": 2}')),
    ("ledger_positions", "ahead of silver", fact("pg_ledger", 1, silver_version=3)),
    ("ledger_rows", "another sum", fact("pg_ledger", 0, rows=2)),
    ("row_counts", "another count", fact("pg_row_counts", 1, rows=2)),
    ("row_counts", "an outcome is missing", lambda world: world.postgres["pg_row_counts"].pop(3)),
    # gold
    ("gold_hashtag_minutes", "a doubled fact", change("gold/hashtag_minutes", {"hashtag": "rio2"}, posts=2)),
    ("gold_author_days", "a mention too many", shift("gold/author_days", {"posts": 2}, "mentions", 1)),
    ("gold_mention_edges", "an edge is missing", drop("gold/mention_edges")),
    (
        "gold_machine_minutes",
        "the last digit",
        shift("gold/machine_minutes", {"sensor": "power_kw"}, "total_squares", Decimal("0.00000001")),
    ),
    (
        "gold_hashtag_minutes",
        "ahead of its version",
        lambda world: world.tables["gold/hashtag_minutes"][1][0].update(silver_version=1),
    ),
]


@pytest.mark.parametrize(("check", "fault"), [pytest.param(c, f, id=f"{c}: {what}") for c, what, f in FAULTS])
def test_fault_is_found(world: World, check: str, fault: Fault) -> None:
    fault(world)
    assert check in world.failing()
