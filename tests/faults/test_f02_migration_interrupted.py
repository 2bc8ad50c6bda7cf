"""F2: a migration loses its session between two files or inside one; the next `migrate` continues from there."""

from contextlib import closing
from itertools import count
from typing import Any

import psycopg2
import pytest

from tests.support.postgres import read_machines
from warehouse.database import migrations
from warehouse.database.connections import connect
from warehouse.database.migrations import SqlFile, migrate
from warehouse.settings import PostgresSettings

SHAPE = """
SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema IN ('ops', 'warehouse', 'serving') ORDER BY 1, 2, 3
"""


def run_migrate(settings: PostgresSettings) -> list[str]:
    with closing(connect(settings.url, application_name="tests")) as session:
        return migrate(session, settings, read_machines())


def read_rows(settings: PostgresSettings, query: str) -> list[tuple[Any, ...]]:
    with closing(connect(settings.url, application_name="tests")) as session, session.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.mark.fault("F2")
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("file", [2, 4, 11])
def test_an_interrupted_migration_is_continued(
    empty_postgres: PostgresSettings,
    postgres: PostgresSettings,
    file: int,
    inside: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`file` counts all files that are run, those of the serving views included."""
    execute, numbers = migrations._execute, count(1)

    def execute_interrupted(cursor: psycopg2.extensions.cursor, sql_file: SqlFile) -> None:
        is_interrupted = next(numbers) == file
        if inside or not is_interrupted:
            execute(cursor, sql_file)
        if is_interrupted:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "_execute", execute_interrupted)
        with pytest.raises(psycopg2.Error):
            run_migrate(empty_postgres)
    assert "migration 0001_schemas.sql" not in run_migrate(empty_postgres)
    assert read_rows(empty_postgres, SHAPE) == read_rows(postgres, SHAPE)
    assert run_migrate(empty_postgres) == []
