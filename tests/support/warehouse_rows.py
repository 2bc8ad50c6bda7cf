"""Rows for the temp tables of the upserts, and a batch that loads them in one transaction, as the stream does."""

from typing import Any

import psycopg2.extras
from psycopg2 import sql

from warehouse.database.connections import Connection, read_sql

AUTHOR = "ab" * 32


def apply_batch(session: Connection, query: str, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """Creates the temp tables, inserts the rows, runs the upsert and commits; `rows`: temp table -> rows."""
    with session, session.cursor() as cursor:
        cursor.execute(read_sql(f"upserts/{query}_temp.sql"))
        for table, values in rows.items():
            statement = sql.SQL("INSERT INTO {} VALUES %s").format(sql.Identifier(table)).as_string(cursor)
            psycopg2.extras.execute_values(cursor, statement, values)
        cursor.execute(read_sql(f"upserts/{query}.sql"))


def read_all(session: Connection, statement: str) -> list[tuple[Any, ...]]:
    with session, session.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def make_tag(hashtag: str, posts: int = 1, minute: str = "2026-03-06 12:00Z", language: str = "pt") -> tuple[Any, ...]:
    return ("hashtag_minute", minute, hashtag, language, posts, None, None)


def make_reading(machine: str, minute: str, values: list[float], sensor: str = "temperature_c") -> tuple[Any, ...]:
    return (machine, minute, sensor, len(values), sum(values), sum(v * v for v in values), min(values), max(values))


def make_recent(offset: int, created_at: str, post_id: str = "p") -> tuple[Any, ...]:
    return (1, 0, offset, post_id, "generator", AUTHOR, created_at, "pt", "olá @***", ["a", 'q"'])
