"""Connections to PostgreSQL: URLs of the roles, which errors mean that the database is absent, a pool for readers."""

import functools
import importlib.resources
import queue
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg2
import psycopg2.extensions

from warehouse.database.secret_files import ensure_secret
from warehouse.errors import CorrectTheLogin, DatabaseAbsent, RunMigrate
from warehouse.settings import PostgresSettings

Connection = psycopg2.extensions.connection
Role = Literal["owner", "writer", "reader", "eraser"]

DATABASE = "afluente"
OWNER = "afluente_owner"
LOGIN: dict[Role, str] = {"writer": "afluente_writer", "reader": "afluente_reader", "eraser": "afluente_eraser"}
"""Role -> PostgreSQL user. The owner is the user in `postgres.url`, or `OWNER` on the embedded server."""

# A server that disappears without closing the connection is noticed after about 20 s, not after the kernel's two hours.
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
# The same on the server's side: a client that disappears would hold its locks for two hours.
_SERVER_KEEPALIVE = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2 -c tcp_user_timeout=20000"
)
_CONNECT_SECONDS = 5

# SQLSTATE: connection exceptions, terminated, crashed, starting or stopping, idle too long, no free connection.
_ABSENT_STATES = re.compile(r"08...|57P0[1-5]|25P03|25P04|53300")
# Messages before a session exists: libpq provides no SQLSTATE then.
_ABSENT_MESSAGES = re.compile(
    r"starting up|shutting down|in recovery mode|not (yet )?accepting connections"
    r"|too many (clients|connections)|remaining connection slots|terminating connection"
)
_REFUSED_MESSAGES = re.compile(
    r"FATAL|no password supplied|SSL was required|certificate|invalid (dsn|port|connection)"
    r"|does not support"
)


def role_url(settings: PostgresSettings, role: Role) -> str:
    """The libpq URL of a role. The owner's is `postgres.url` if set; all other passwords are generated, in files.

    Raises:
        DatabaseAbsent: the embedded database does not exist yet.
        RunMigrate: the role has no password yet.
    """
    if role == "owner" and settings.url:
        return settings.url
    user = LOGIN.get(role, OWNER)
    path = settings.secrets / f"{user}.password"
    if role == "owner" and not path.is_file():
        raise DatabaseAbsent("the embedded database has never been started; run ./spark-submit.sh services start")
    if not path.is_file():
        raise RunMigrate(f"there is no password of {user} in {settings.secrets}; run ./spark-submit.sh migrate")
    base = settings.url or embedded_url(settings)
    return with_login(base, user, path.read_text().strip())


def ensure_role_password(settings: PostgresSettings, user: str) -> str:
    """The generated password of a PostgreSQL user; generates it if there is none."""
    return ensure_secret(settings.secrets / f"{user}.password")


def embedded_url(settings: PostgresSettings) -> str:
    """The embedded server's URL, without user and password."""
    return f"postgresql://127.0.0.1:{settings.port}/{DATABASE}"


def with_login(url: str, user: str, password: str) -> str:
    """Replaces user and password of a libpq URL, in its authority and in its query string.

    Raises:
        CorrectTheLogin: not a postgresql:// URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise CorrectTheLogin("postgres.url must look like postgresql://user:password@host:port/database")
    hosts = parts.netloc.rpartition("@")[2]
    options = [(key, value) for key, value in parse_qsl(parts.query) if key not in ("user", "password", "passfile")]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@{hosts}"
    return urlunsplit(("postgresql", login, parts.path, urlencode(options), ""))


def connect(
    url: str, *, application_name: str, statement_timeout_ms: int = 0, idle_transaction_ms: int = 0, **kw: Any
) -> Connection:
    """Opens a session in UTC with TCP keepalives on both sides; waits at most 5 s for the server.

    `statement_timeout_ms`: time after which the server cancels a statement; `idle_transaction_ms`: after which it ends
    a session that is idle in a transaction; 0: never. `kw`: further libpq parameters.

    Raises:
        DatabaseAbsent: no server answers, or it is not ready; worth another try.
        CorrectTheLogin: the server refuses this user, password or database.
    """
    limits = f"-c statement_timeout={statement_timeout_ms} -c idle_in_transaction_session_timeout={idle_transaction_ms}"
    options = f"-c TimeZone=UTC {limits} {_SERVER_KEEPALIVE}"
    arguments = {"application_name": application_name, "connect_timeout": _CONNECT_SECONDS, "options": options}
    try:
        session: Connection = psycopg2.connect(url, **{**arguments, **_KEEPALIVE, **kw})
        return session
    except psycopg2.Error as error:
        sentence = _first_line(error)
        if is_database_absent(error):
            raise DatabaseAbsent(
                f"PostgreSQL does not answer ({sentence}); start it with ./spark-submit.sh services "
                "start, or correct postgres.url"
            ) from error
        raise CorrectTheLogin(
            f"PostgreSQL refuses the connection ({sentence}); correct postgres.url or run ./spark-submit.sh migrate"
        ) from error


def is_database_absent(error: BaseException) -> bool:
    """True if the database is unreachable, restarting or out of connections: the same work will succeed later.

    False for any other error (wrong password, violated constraint, missing table, full disk): an operator must act.
    """
    if isinstance(error, DatabaseAbsent):
        return True
    if not isinstance(error, psycopg2.Error):
        return False
    if error.pgcode is not None:
        return _ABSENT_STATES.fullmatch(error.pgcode) is not None
    message = str(error)
    if _ABSENT_MESSAGES.search(message):
        return True
    if isinstance(error, psycopg2.InterfaceError):
        return "connection already closed" in message
    if isinstance(error, psycopg2.OperationalError):
        return _REFUSED_MESSAGES.search(message) is None
    return (
        "server closed the connection" in message or "no message from the libpq" in message
    )  # a COPY that was interrupted


@functools.cache  # the stream reads several files per batch, and each read would open the zip of the sources again
def read_sql(name: str) -> str:
    """The text of a .sql file below `warehouse`, e.g. `upserts/posts.sql`."""
    return importlib.resources.files("warehouse").joinpath(name).read_text(encoding="utf-8")


class ConnectionPool:
    """At most `size` sessions for short reads, opened when first needed, replaced when closed; thread-safe."""

    def __init__(self, url: str, size: int, application_name: str = "afluente reader") -> None:
        self._url = url
        self._application_name = application_name
        self._slots: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        for _ in range(size):
            self._slots.put(None)

    @contextmanager
    def connection(self, timeout_seconds: float = 5) -> Iterator[Connection]:
        """A session in autocommit mode, for the duration of the `with` block.

        Raises:
            DatabaseAbsent: the server does not answer, now or during the block, or no session became free in time.
        """
        try:
            session = self._slots.get(timeout=timeout_seconds)
        except queue.Empty:
            raise DatabaseAbsent("all connections of this pool are in use; try again") from None
        try:
            if session is None or session.closed:
                session = connect(self._url, application_name=self._application_name)
                session.autocommit = True
            yield session
        except psycopg2.Error as error:
            if not is_database_absent(error):
                raise
            raise DatabaseAbsent(f"the connection to PostgreSQL was lost ({_first_line(error)})") from error
        finally:
            self._slots.put(_reusable(session))

    def read_rows(self, statement: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Runs one query and returns its rows as dictionaries by column name."""
        with self.connection() as session, session.cursor() as cursor:
            cursor.execute(statement, parameters)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def close(self) -> None:
        """Closes the sessions that are not in use at this moment."""
        with suppress(queue.Empty):
            while True:
                session = self._slots.get_nowait()
                if session is not None:
                    session.close()


def make_pool(url: str, size: int, application_name: str = "afluente reader") -> ConnectionPool:
    """A pool of sessions; opens none yet, so the database may still be absent."""
    return ConnectionPool(url, size, application_name)


def _reusable(session: Connection | None) -> Connection | None:
    """The session if it can be used again, else None; one that is still in a transaction is closed."""
    if session is None or session.closed:
        return None
    if session.info.transaction_status != psycopg2.extensions.TRANSACTION_STATUS_IDLE:
        session.close()
        return None
    return session


def _first_line(error: psycopg2.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip()
