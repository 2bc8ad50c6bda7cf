"""URLs of the roles, secrets, and which errors mean that the database is absent."""

import stat
from pathlib import Path

import psycopg2
import pytest

from warehouse.database.connections import connect, is_database_absent, make_pool, role_url, with_login
from warehouse.database.secret_files import ensure_secret
from warehouse.errors import CorrectTheLogin, DatabaseAbsent, RunMigrate
from warehouse.settings import PostgresSettings


def make_settings(folder: Path, url: str = "") -> PostgresSettings:
    return PostgresSettings(url=url, port=15432, data=folder / "data", secrets=folder / "secrets")


def make_error(kind: type[psycopg2.Error], message: str, state: str | None = None) -> psycopg2.Error:
    error = kind(message)
    error.__setstate__({"pgcode": state})
    return error


@pytest.mark.parametrize(
    "error",
    [
        make_error(psycopg2.OperationalError, 'connection to server at "127.0.0.1", port 1 failed: Connection refused'),
        make_error(psycopg2.OperationalError, "FATAL:  the database system is starting up"),
        make_error(psycopg2.OperationalError, "FATAL:  the database system is shutting down"),
        make_error(psycopg2.OperationalError, "FATAL:  sorry, too many clients already"),
        make_error(psycopg2.OperationalError, "server closed the connection unexpectedly"),
        make_error(psycopg2.OperationalError, "connection to server failed: timeout expired"),
        make_error(psycopg2.OperationalError, "terminating connection due to administrator command", "57P01"),
        make_error(psycopg2.OperationalError, "crash of another server process", "57P02"),
        make_error(psycopg2.OperationalError, "too many connections", "53300"),
        make_error(psycopg2.OperationalError, "connection failure", "08006"),
        make_error(psycopg2.DatabaseError, "error with status PGRES_COPY_IN and no message from the libpq"),
        make_error(psycopg2.InterfaceError, "connection already closed"),
        DatabaseAbsent("PostgreSQL does not answer"),
    ],
)
def test_errors_of_an_absent_database(error: Exception) -> None:
    assert is_database_absent(error)


@pytest.mark.parametrize(
    "error",
    [
        make_error(psycopg2.OperationalError, 'FATAL:  password authentication failed for user "x"'),
        make_error(psycopg2.OperationalError, 'FATAL:  database "x" does not exist'),
        make_error(psycopg2.OperationalError, "fe_sendauth: no password supplied"),
        make_error(psycopg2.OperationalError, "server does not support SSL, but SSL was required"),
        make_error(psycopg2.OperationalError, "could not extend file: No space left on device", "53100"),
        make_error(psycopg2.IntegrityError, "violates check constraint", "23514"),
        make_error(psycopg2.ProgrammingError, "relation does not exist", "42P01"),
        make_error(psycopg2.InterfaceError, "cursor already closed"),
        make_error(psycopg2.OperationalError, "canceling statement due to statement timeout", "57014"),
        ValueError("connection refused"),
    ],
)
def test_errors_that_an_operator_must_correct(error: Exception) -> None:
    assert not is_database_absent(error)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://127.0.0.1:1/a", "postgresql://u:p%2Fw@127.0.0.1:1/a"),
        (
            "postgres://old:secret@db.example:5432/a?sslmode=require",
            "postgresql://u:p%2Fw@db.example:5432/a?sslmode=require",
        ),
        ("postgresql://o:s@[::1]:5432,db2:5433/a", "postgresql://u:p%2Fw@[::1]:5432,db2:5433/a"),
        ("postgresql://db/a?user=old&password=secret&connect_timeout=3", "postgresql://u:p%2Fw@db/a?connect_timeout=3"),
    ],
)
def test_a_login_is_replaced_in_authority_and_query_string(url: str, expected: str) -> None:
    assert with_login(url, "u", "p/w") == expected


def test_a_dsn_that_is_no_url_is_refused() -> None:
    with pytest.raises(CorrectTheLogin, match=r"postgresql://user:password@host"):
        with_login("host=localhost dbname=a", "u", "p")


def test_a_configured_url_is_used_for_the_owner(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, "postgresql://me:mine@db/a")
    ensure_secret(settings.secrets / "afluente_reader.password", lambda: "generated")
    assert role_url(settings, "owner") == "postgresql://me:mine@db/a"
    assert role_url(settings, "reader") == "postgresql://afluente_reader:generated@db/a"


def test_a_role_without_password_names_the_job_to_run(tmp_path: Path) -> None:
    with pytest.raises(RunMigrate, match="migrate"):
        role_url(make_settings(tmp_path), "writer")


def test_an_embedded_owner_without_password_names_services_start(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAbsent, match="services start"):
        role_url(make_settings(tmp_path), "owner")


def test_a_refused_connection_is_reported_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAbsent, match="services start") as raised:
        connect("postgresql://u:secret@127.0.0.1:1/a", application_name="test")
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_pool_opens_nothing_before_it_is_used() -> None:
    pool = make_pool("postgresql://u:p@127.0.0.1:1/a", 2)
    with pytest.raises(DatabaseAbsent):
        pool.read_rows("SELECT 1")
    with pytest.raises(DatabaseAbsent):  # the pool has its slot again
        pool.read_rows("SELECT 1")


def test_a_secret_is_generated_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "x.password"
    first = ensure_secret(path)
    assert ensure_secret(path) == first
    assert len(first) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["x.password"]
