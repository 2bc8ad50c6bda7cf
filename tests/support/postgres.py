"""Databases for tests on the embedded server of the run: empty ones, migrated ones, copies."""

import secrets
from contextlib import closing
from pathlib import Path

import yaml
from psycopg2 import sql

from streaming.local.postgres_server import SUPERUSER
from tests.support.ports import find_free_ports
from warehouse.database.connections import OWNER, connect, embedded_url, with_login
from warehouse.database.machine_reference import Reference, parse_reference
from warehouse.database.migrations import migrate
from warehouse.settings import PostgresSettings

MIGRATED = "template_migrated"
"""The migrated database that tests copy."""
MACHINES = Path(__file__).parents[2] / "conf" / "machines.yaml"


def find_free_port() -> int:
    """A loopback port without a listener."""
    (port,) = find_free_ports(1)
    return port


def read_machines() -> Reference:
    """The machines of `conf/machines.yaml`."""
    return parse_reference(yaml.safe_load(MACHINES.read_text(encoding="utf-8")))


def superuser_url(settings: PostgresSettings, database: str) -> str:
    """URL of the superuser, who creates databases and loads rows without checks of foreign keys; for tests only."""
    password = (settings.secrets / f"{SUPERUSER}.password").read_text()
    return with_login(f"postgresql://127.0.0.1:{settings.port}/{database}", SUPERUSER, password)


def make_database(settings: PostgresSettings, template: str = "template0") -> PostgresSettings:
    """Settings of a new database on the server of `settings`; roles and passwords are those of the server."""
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
    """A copy of the database of `settings`. Ends all sessions of the original: a template must have none."""
    name = settings.url.rpartition("/")[2]
    with closing(connect(superuser_url(settings, "postgres"), application_name="tests")) as session:
        session.autocommit = True
        session.cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    return make_database(settings, name)


def make_migrated_template(settings: PostgresSettings) -> None:
    """Makes the database `MIGRATED`, with the machines of `conf/machines.yaml`."""
    made = make_database(settings)
    with closing(connect(made.url, application_name="tests")) as session:
        migrate(session, made, read_machines())
    with closing(connect(superuser_url(settings, "postgres"), application_name="tests")) as session:
        session.autocommit = True
        name = made.url.rpartition("/")[2]
        session.cursor().execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(MIGRATED))
        )
