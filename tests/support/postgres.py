"""PostgreSQL for tests: one embedded server per run, a migrated database of its own for each test that asks."""

import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import yaml
from psycopg2 import sql

from streaming.local.postgres_server import SUPERUSER, PostgresServer
from warehouse.database.connections import OWNER, Connection, connect, embedded_url, role_url, with_login
from warehouse.database.machine_reference import Reference, parse_reference
from warehouse.database.migrations import migrate
from warehouse.settings import PostgresSettings

MIGRATED = "template_migrated"
MACHINES = Path(__file__).parents[2] / "conf" / "machines.yaml"


def find_free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_machines() -> Reference:
    """The machines that the project ships."""
    return parse_reference(yaml.safe_load(MACHINES.read_text(encoding="utf-8")))


def superuser_url(settings: PostgresSettings, database: str) -> str:
    """For what only tests do: make databases, load facts without checking every foreign key."""
    password = (settings.secrets / f"{SUPERUSER}.password").read_text()
    return with_login(f"postgresql://127.0.0.1:{settings.port}/{database}", SUPERUSER, password)


def make_database(settings: PostgresSettings, template: str = "template0") -> PostgresSettings:
    """A new database on the server of `settings`; the roles and their passwords are the server's."""
    name = f"test_{secrets.token_hex(6)}"
    with closing(connect(superuser_url(settings, "postgres"), application_name="tests")) as session:
        session.autocommit = True
        session.cursor().execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*map(sql.Identifier, (name, OWNER, template)))
        )
    base = embedded_url(settings).rpartition("/")[0] + f"/{name}"
    password = (settings.secrets / f"{OWNER}.password").read_text()
    return settings.model_copy(update={"url": with_login(base, OWNER, password)})


def copy_database(settings: PostgresSettings) -> PostgresSettings:
    """A copy of the database of `settings` as it is now; its sessions end, because a template may have none."""
    name = settings.url.rpartition("/")[2]
    with closing(connect(superuser_url(settings, "postgres"), application_name="tests")) as session:
        session.autocommit = True
        session.cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    return make_database(settings, name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresSettings]:
    """A running embedded server; its database `afluente` is empty.

    Not below pytest's own folder: every other run of pytest closes that to other users, and as root the server is one.
    """
    with tempfile.TemporaryDirectory(prefix="afluente-postgres-") as folder:
        home = Path(folder)
        settings = PostgresSettings(url="", port=find_free_port(), data=home / "data", secrets=home / "secrets")
        server = PostgresServer(settings, {"fsync": "off"})
        server.start(die_with_parent=True)
        yield settings
        server.stop()


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresSettings) -> PostgresSettings:
    """A database that is migrated, with the project's machines; to be copied, not used."""
    made = make_database(postgres_server)
    with closing(connect(made.url, application_name="tests")) as session:
        migrate(session, made, read_machines())
    with closing(connect(superuser_url(postgres_server, "postgres"), application_name="tests")) as session:
        session.autocommit = True
        name = made.url.rpartition("/")[2]
        session.cursor().execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(MIGRATED))
        )
    return postgres_server


@pytest.fixture
def postgres(migrated_template: PostgresSettings) -> PostgresSettings:
    """A migrated database without facts, for one test; use `role_url` to connect."""
    return make_database(migrated_template, MIGRATED)


@pytest.fixture
def empty_postgres(postgres_server: PostgresSettings) -> PostgresSettings:
    """A database without anything in it, for one test."""
    return make_database(postgres_server)


@pytest.fixture
def session_of(postgres: PostgresSettings) -> Iterator[Callable[[str], Connection]]:
    """Opens sessions in the test's database by role and closes them afterwards."""
    sessions: list[psycopg2.extensions.connection] = []

    def open_session(role: str) -> Connection:
        sessions.append(connect(role_url(postgres, role), application_name=f"tests {role}"))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.close()
