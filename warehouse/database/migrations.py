"""Updates a database: creates roles, applies each numbered DDL file once, reloads serving views that changed."""

import hashlib
import importlib.resources
import re
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from warehouse.database.connections import LOGIN, Connection, connect, ensure_role_password, read_sql, role_url
from warehouse.database.machine_reference import Reference, upsert_reference
from warehouse.errors import CorrectTheLogin, RestoreTheMigration, WarehouseError
from warehouse.settings import PostgresSettings

_ADVISORY_LOCK = 7_031_904_555_121_884_001  # arbitrary, but must never change: of two migrations at once one waits
_NUMBERED = re.compile(r"(\d{4})_\w+\.sql")


@dataclass(frozen=True)
class SqlFile:
    """One .sql file of the package; `path` is relative to `warehouse`."""

    path: str
    name: str
    sha256: str

    def read(self) -> str:
        """Its text."""
        return read_sql(self.path)


def migrate(connection: Connection, settings: PostgresSettings, reference: Reference | None = None) -> list[str]:
    """Applies what is missing, as the owner; returns one line per change, none if the database was up to date.

    Every file runs in a transaction of its own, so that the run after an interrupted one continues where that stopped.

    Raises:
        RestoreTheMigration: an applied file was changed or is missing.
        CorrectTheLogin: the owner may not create roles.
        CorrectTheReference: the database rejects a row of `reference`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
    connection.commit()
    try:
        changes = _ensure_roles(connection, settings)
        changes += _apply_numbered(connection)
        changes += _load_serving(connection)
        if reference is not None:
            changes += upsert_reference(connection, reference)
            connection.commit()
        return changes
    finally:
        connection.rollback()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (_ADVISORY_LOCK,))
        connection.commit()


def list_sql_files(folder: str) -> list[SqlFile]:
    """The .sql files of a folder in `warehouse`, ordered by name."""
    entries = importlib.resources.files("warehouse").joinpath(folder).iterdir()
    names = sorted(entry.name for entry in entries if entry.name.endswith(".sql"))
    return [SqlFile(f"{folder}/{name}", name, _hash(read_sql(f"{folder}/{name}"))) for name in names]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _ensure_roles(connection: Connection, settings: PostgresSettings) -> list[str]:
    """Creates missing roles, and sets the generated password of those that cannot log in with it."""
    changes = []
    for role, user in LOGIN.items():
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", (user,))
            is_missing = cursor.fetchone() == (0,)
            password = ensure_role_password(settings, user)
            if not is_missing and _may_connect(role_url(settings, role)):
                continue
            verb = "CREATE" if is_missing else "ALTER"
            statement = sql.SQL("{} ROLE {} LOGIN PASSWORD %s").format(sql.SQL(verb), sql.Identifier(user))
            try:
                cursor.execute(statement, (encrypt_password(password, user, connection, "scram-sha-256"),))
            except psycopg2.errors.InsufficientPrivilege:
                raise CorrectTheLogin(
                    "the user of postgres.url may not create roles; run `ALTER ROLE ... CREATEROLE` "
                    "for it as an administrator"
                ) from None
        changes.append(f"role {user}" if is_missing else f"password of {user}")
    return changes


def _may_connect(url: str) -> bool:
    try:
        connect(url, application_name="afluente migrate").close()
    except CorrectTheLogin:
        return False
    return True


def _apply_numbered(connection: Connection) -> list[str]:
    files = {file.name: file for file in list_sql_files("ddl")}
    applied = _read_applied(connection, "ops.schema_migrations")
    for name, sha256 in applied.items():
        if name not in files or files[name].sha256 != sha256:
            raise RestoreTheMigration(
                f"the file of migration {name} differs from what was applied, or is missing; restore it "
                "and put the change into a new migration"
            )
    changes = []
    for file in files.values():
        numbered = _NUMBERED.fullmatch(file.name)
        if numbered is None:
            raise RestoreTheMigration(f"migration {file.name} is not named like 0001_what_it_does.sql")
        if file.name not in applied:
            with connection, connection.cursor() as cursor:
                _execute(cursor, file)
                cursor.execute(
                    "INSERT INTO ops.schema_migrations (number, name, sha256) VALUES (%s, %s, %s)",
                    (int(numbered[1]), file.name, file.sha256),
                )
            changes.append(f"migration {file.name}")
    return changes


def _load_serving(connection: Connection) -> list[str]:
    """Recreates all views in one transaction if any file changed: a view's columns cannot be altered in place."""
    files = list_sql_files("serving")
    if _read_applied(connection, "ops.serving_definitions") == {file.name: file.sha256 for file in files}:
        return []
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'serving'::regnamespace AND relkind = 'v'")
        views = [sql.Identifier("serving", name) for (name,) in cursor.fetchall()]
        if views:
            cursor.execute(sql.SQL("DROP VIEW {}").format(sql.SQL(", ").join(views)))
        cursor.execute("DELETE FROM ops.serving_definitions")
        for file in files:
            _execute(cursor, file)
            cursor.execute(
                "INSERT INTO ops.serving_definitions (name, sha256) VALUES (%s, %s)", (file.name, file.sha256)
            )
    return [f"views of {file.name}" for file in files]


def _read_applied(connection: Connection, table: str) -> dict[str, str]:
    """File name -> SHA-256 of the applied text; empty if the table does not exist yet."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", (table,))
        if cursor.fetchone() == (None,):
            return {}
        cursor.execute(sql.SQL("SELECT name, sha256 FROM {} ORDER BY name").format(sql.Identifier(*table.split("."))))
        return dict(cursor.fetchall())


def _execute(cursor: psycopg2.extensions.cursor, file: SqlFile) -> None:
    try:
        cursor.execute(file.read())
    except psycopg2.Error as error:
        sentence = str(error).strip().splitlines()[0]
        raise WarehouseError(f"{file.path} failed and was rolled back: {sentence}") from error
