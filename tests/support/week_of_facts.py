"""Loads the week of facts of week_of_facts.sql into a migrated database."""

from contextlib import closing
from pathlib import Path

from tests.support.postgres import superuser_url
from warehouse.database.connections import connect
from warehouse.settings import PostgresSettings

SQL = Path(__file__).with_suffix(".sql")


def load_week(settings: PostgresSettings, database: str, machines: int = 3, sensors: int = 3) -> None:
    """`machines`: at most 10, 10 080 minutes each; `sensors`: 3 to 6."""
    session = connect(superuser_url(settings, database), application_name="tests")
    with closing(session), session, session.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SELECT set_config('week.machines', %s, false), set_config('week.sensors', %s, false)",
            (str(machines), str(sensors)),
        )
        cursor.execute(SQL.read_text(encoding="utf-8"))
