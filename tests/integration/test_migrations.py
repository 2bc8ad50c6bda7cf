"""Migrations on a real database: first run, repeated run, changed files, failing files, lost passwords, two at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from jobs.migrate import main
from tests.support.postgres import read_machines
from tests.support.warehouse_rows import apply_batch, make_reading, read_all
from warehouse.database import migrations
from warehouse.database.connections import Connection, connect, role_url
from warehouse.database.machine_reference import parse_reference
from warehouse.database.migrations import SqlFile, list_sql_files, migrate
from warehouse.errors import CorrectTheReference, DatabaseAbsent, RestoreTheMigration, WarehouseError
from warehouse.settings import PostgresSettings

OpenSession = Callable[[str], Connection]


def arguments_for(settings: PostgresSettings) -> list[str]:
    return ["--set", f"postgres.url={settings.url}", "--set", f"postgres.secrets={settings.secrets}"]


def test_the_job_applies_everything_once(empty_postgres: PostgresSettings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments_for(empty_postgres)) == 0
    first = capsys.readouterr().out
    for line in ("migration 0001_schemas.sql", "views of 10_social.sql", "machines: 16 rows"):
        assert line in first
    assert main(arguments_for(empty_postgres)) == 0
    assert capsys.readouterr().out == "nothing to do\n"


def test_the_job_names_the_command_that_starts_an_absent_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAbsent, match="services start"):
        main(["--set", "postgres.url=postgresql://u:p@127.0.0.1:1/a", "--set", f"postgres.secrets={tmp_path}"])


def test_a_changed_migration_is_refused(postgres: PostgresSettings, session_of: OpenSession) -> None:
    owner = session_of("owner")
    read_all(owner, "UPDATE ops.schema_migrations SET sha256 = repeat('0', 64) WHERE number = 3 RETURNING name")
    with pytest.raises(RestoreTheMigration, match=r"0003_facts\.sql"):
        migrate(owner, postgres)


def test_a_failing_migration_is_rolled_back(
    postgres: PostgresSettings, session_of: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = session_of("owner")
    broken = SqlFile("ddl/0999_broken.sql", "0999_broken.sql", "0" * 64)
    texts = {broken.path: "CREATE TABLE warehouse.half (a int); SELECT 1 / 0"}
    read = migrations.read_sql
    monkeypatch.setattr(migrations, "read_sql", lambda path: texts.get(path) or read(path))
    monkeypatch.setattr(
        migrations, "list_sql_files", lambda folder: [*list_sql_files(folder), *([broken] if folder == "ddl" else [])]
    )
    with pytest.raises(WarehouseError, match=r"0999_broken\.sql failed and was rolled back: division by zero"):
        migrate(owner, postgres)
    assert read_all(owner, "SELECT to_regclass('warehouse.half'), max(number) < 999 FROM ops.schema_migrations") == [
        (None, True)
    ]
    texts[broken.path] = "CREATE TABLE warehouse.half (a int)"
    assert migrate(owner, postgres) == ["migration 0999_broken.sql"]


def test_changed_views_are_reloaded_and_stay_readable(postgres: PostgresSettings, session_of: OpenSession) -> None:
    owner = session_of("owner")
    read_all(owner, "UPDATE ops.serving_definitions SET sha256 = repeat('0', 64) WHERE name ~ '^10' RETURNING name")
    assert "views of 10_social.sql" in migrate(owner, postgres)
    assert read_all(session_of("reader"), "SELECT count(*) FROM serving.hashtag_top") == [(0,)]


def test_a_changed_description_updates_only_what_changed(postgres: PostgresSettings, session_of: OpenSession) -> None:
    owner = session_of("owner")
    tree = read_machines().model_dump(mode="json")
    tree["machines"]["machine-01"]["line"] = "moved"
    tree["machines"]["machine-99"] = {"model": "mill", "line": "l", "site": "s", "shifts": ["night"]}
    tree["models"]["mill"]["limits"]["power_kw"] = [0, 31]
    mills = sum(machine["model"] == "mill" for machine in tree["machines"].values()) - 1
    assert migrate(owner, postgres, parse_reference(tree)) == [
        "machines: 2 rows",
        f"limits: {mills + 6} rows",
        "machine shifts: 1 rows",
    ]
    assert migrate(owner, postgres, parse_reference(tree)) == []


def test_a_placeholder_machine_becomes_known_when_it_is_described(
    postgres: PostgresSettings, session_of: OpenSession
) -> None:
    apply_batch(
        session_of("writer"), "readings", {"reading_increments": [make_reading("new", "2026-03-06 12:00Z", [1])]}
    )
    tree = read_machines().model_dump(mode="json")
    tree["machines"]["new"] = {"model": "mill", "line": "l", "site": "s"}
    owner = session_of("owner")
    migrate(owner, postgres, parse_reference(tree))
    assert read_all(
        owner,
        "SELECT is_placeholder, line FROM warehouse.dim_machine JOIN warehouse.fact_machine_minute "
        "USING (machine_key) WHERE machine_id = 'new'",
    ) == [(False, "l")]


def test_a_description_with_swapped_limits_changes_nothing(postgres: PostgresSettings, session_of: OpenSession) -> None:
    owner = session_of("owner")
    tree = read_machines().model_dump(mode="json")
    tree["machines"]["machine-01"]["line"] = "moved"
    tree["models"]["mill"]["limits"]["power_kw"] = [31, 0]
    with pytest.raises(CorrectTheReference, match="limits"):
        migrate(owner, postgres, parse_reference(tree))
    assert read_all(owner, "SELECT count(*) FROM warehouse.dim_machine WHERE line = 'moved'") == [(0,)]


def test_a_lost_password_is_replaced(postgres: PostgresSettings, session_of: OpenSession, tmp_path: Path) -> None:
    owner = session_of("owner")
    elsewhere = postgres.model_copy(update={"secrets": tmp_path / "secrets"})
    try:
        assert migrate(owner, elsewhere) == [f"password of afluente_{role}" for role in ("writer", "reader", "eraser")]
        with closing(connect(role_url(elsewhere, "reader"), application_name="tests")) as reader:
            assert read_all(reader, "SELECT current_user") == [("afluente_reader",)]
    finally:
        migrate(owner, postgres)  # roles belong to the whole server: restore the passwords for the other tests


def test_of_two_migrations_at_once_one_has_nothing_to_do(empty_postgres: PostgresSettings) -> None:
    def run() -> list[str]:
        with closing(connect(empty_postgres.url, application_name="tests")) as session:
            return migrate(session, empty_postgres, read_machines())

    with ThreadPoolExecutor(2) as pool:
        results = sorted((future.result() for future in [pool.submit(run), pool.submit(run)]), key=len)
    assert results[0] == []
    assert "migration 0001_schemas.sql" in results[1]
