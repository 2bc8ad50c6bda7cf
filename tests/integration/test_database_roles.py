"""Privileges of the roles, and rules of the schema: comments, primary keys, foreign keys, check constraints."""

from collections.abc import Callable

import psycopg2
import pytest

from tests.support.warehouse_rows import AUTHOR, apply_batch, make_recent, make_tag, read_all
from warehouse.database.connections import Connection

OpenSession = Callable[[str], Connection]


def test_the_reader_reads_every_view(session_of: OpenSession) -> None:
    reader = session_of("reader")
    views = read_all(reader, "SELECT relname FROM pg_class WHERE relnamespace = 'serving'::regnamespace ORDER BY 1")
    assert len(views) >= 16
    for (view,) in views:
        read_all(reader, f"SELECT * FROM serving.{view} LIMIT 1")  # noqa: S608 - names from the catalogue


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM warehouse.dim_author",
        "SELECT * FROM warehouse.fact_hashtag_minute",
        "SELECT * FROM ops.ledger",
        "SELECT * FROM ops.schema_migrations",
        "CREATE TABLE serving.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "DELETE FROM serving.machines",
        "SET ROLE afluente_owner",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_the_reader_may_read_only_views_and_change_nothing(session_of: OpenSession, statement: str) -> None:
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)):
        read_all(session_of("reader"), statement)


def test_the_reader_cannot_write_in_a_read_write_transaction(session_of: OpenSession) -> None:
    reader = session_of("reader")
    read_all(reader, "SELECT set_config('default_transaction_read_only', 'off', false)")
    for statement in (
        "CREATE TABLE public.mine (a int)",
        "DELETE FROM serving.machines",
        "CREATE TABLE serving.mine (a int)",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            read_all(reader, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE warehouse.fact_author_day",
        "TRUNCATE warehouse.fact_author_day",
        "UPDATE warehouse.dim_hashtag SET hashtag = 'x'",
        "UPDATE warehouse.dim_machine SET line = 'x'",
        "DELETE FROM warehouse.dim_author",
        "UPDATE warehouse.fact_machine_event SET kind = 'failure'",
        "UPDATE ops.ledger SET rows = 0",
        "DELETE FROM ops.schema_migrations",
        "CREATE TABLE warehouse.mine (a int)",
        "CREATE ROLE friend",
    ],
)
def test_the_writer_may_only_add_rows(session_of: OpenSession, statement: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        read_all(session_of("writer"), statement)


def test_the_eraser_may_only_delete_authors_and_their_rows(session_of: OpenSession) -> None:
    other = "cd" * 32
    apply_batch(
        session_of("writer"),
        "posts",
        {
            "post_increments": [
                make_tag("a"),
                ("author_day", "2026-03-06", AUTHOR, None, 1, 0, 0),
                ("author_day", "2026-03-06", other, None, 1, 0, 0),
            ],
            "recent_post_rows": [make_recent(0, "2026-03-06 12:00Z")],
        },
    )
    eraser = session_of("eraser")
    with eraser, eraser.cursor() as cursor:
        for table in ("recent_posts", "fact_author_day", "dim_author"):
            cursor.execute(
                f"DELETE FROM warehouse.{table} WHERE author_id = "  # noqa: S608 - names of this test
                "(SELECT author_id FROM warehouse.dim_author WHERE author_pseudonym = %s)",
                (AUTHOR,),
            )
            assert cursor.rowcount == 1
    assert read_all(session_of("owner"), "SELECT author_pseudonym FROM warehouse.dim_author") == [(other,)]
    for statement in (
        "DELETE FROM warehouse.fact_hashtag_minute",
        "SELECT * FROM ops.ledger",
        "SELECT * FROM serving.machines",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            read_all(eraser, statement)


def test_no_role_has_superuser_rights(session_of: OpenSession) -> None:
    privileged = read_all(
        session_of("owner"),
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'afluente%' AND (rolsuper "
        "OR rolcreatedb OR rolreplication OR rolbypassrls)",
    )
    assert privileged == []


def test_every_table_view_and_column_has_a_comment(session_of: OpenSession) -> None:
    uncommented = read_all(
        session_of("owner"),
        """
        SELECT c.oid::regclass::text, a.attname
        FROM pg_class AS c
        LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace IN ('warehouse'::regnamespace, 'serving'::regnamespace, 'ops'::regnamespace)
          AND c.relkind IN ('r', 'v', 'p')
          AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)""",
    )
    assert uncommented == []


def test_every_table_has_a_primary_key_and_facts_have_foreign_keys(session_of: OpenSession) -> None:
    owner = session_of("owner")
    without_primary_key = read_all(
        owner,
        """
        SELECT c.oid::regclass::text FROM pg_class AS c
        WHERE c.relnamespace IN ('warehouse'::regnamespace, 'ops'::regnamespace) AND c.relkind = 'r'
          AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'p')""",
    )
    assert without_primary_key == []
    without_foreign_key = read_all(
        owner,
        """
        SELECT c.relname, a.attname FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid 
             AND a.attname ~ '(_key|author_id|language_id|date_id|hashtag_id.*)$'
        WHERE c.relnamespace = 'warehouse'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^(fact_|recent_|machine_)'
          AND NOT EXISTS (SELECT FROM pg_constraint AS k
                          WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey))""",
    )
    assert without_foreign_key == []


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            "INSERT INTO warehouse.fact_hashtag_minute VALUES ('2026-03-06 12:00:30Z', '2026-03-06', 1, 1, 1)",
            "minute_check",
        ),
        (
            "INSERT INTO warehouse.dim_author (author_pseudonym, first_seen_date) VALUES ('anna', '2026-03-06')",
            "pseudonym",
        ),
        ("INSERT INTO warehouse.dim_hashtag (hashtag) VALUES ('')", "hashtag_check"),
        ("INSERT INTO ops.ledger VALUES ('posts', 0, 0, '{}', '{}', 0, NULL, now())", "lineage_check"),
    ],
)
def test_wrong_values_are_refused(session_of: OpenSession, statement: str, constraint: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match=constraint):
        read_all(session_of("writer"), statement)
