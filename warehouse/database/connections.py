"""Connections to PostgreSQL: who connects with which URL, which errors mean "absent", and a small pool for readers."""

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
"""Role -> PostgreSQL user. The owner is whoever `postgres.url` names, or `OWNER` on the embedded server."""

# A server that vanished without a word is noticed after about 20 s, not after the kernel's two hours.
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
# The same for the server, whose locks a vanished client would hold for two hours.
_SERVER_KEEPALIVE = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2 -c tcp_user_timeout=20000"
)
_CONNECT_SECONDS = 5

# SQLSTATE: connection exceptions, terminated, crashed, starting or stopping, idle too long, no free connection.
_ABSENT_STATES = re.compile(r"08...|57P0[1-5]|25P03|25P04|53300")
# What the server says before a session exists: libpq hands out no SQLSTATE then.
_ABSENT_WORDS = re.compile(
    r"starting up|shutting down|in recovery mode|not (yet )?accepting connections"
    r"|too many (clients|connections)|remaining connection slots|terminating connection"
)
_REFUSED_WORDS = re.compile(
    r"FATAL|no password supplied|SSL was required|certificate|invalid (dsn|port|connection)"
    r"|does not support"
)


def role_url(settings: PostgresSettings, role: Role) -> str:
    """The libpq URL of a role; passwords of all but a configured owner are generated files.

    Raises:
        DatabaseAbsent: the embedded database does not exist yet.
        RunMigrate: the role has no password yet.
    """
    if role == "owner" and settings.url:
        return settings.url
    user = LOGIN.get(role, OWNER)
    path = settings.secrets / f"{user}.password"
    if role == "owner" and not path.is_file():
        raise DatabaseAbsent("the embedded database was never started here; run ./spark-submit.sh services start")
    if not path.is_file():
        raise RunMigrate(f"there is no password for {user} in {settings.secrets}; run ./spark-submit.sh migrate")
    base = settings.url or embedded_url(settings)
    return with_login(base, user, path.read_text().strip())


def ensure_role_password(settings: PostgresSettings, user: str) -> str:
    """The generated password of a PostgreSQL user; made now if it is not there."""
    return ensure_secret(settings.secrets / f"{user}.password")


def embedded_url(settings: PostgresSettings) -> str:
    """The embedded server's URL, without user and password."""
    return f"postgresql://127.0.0.1:{settings.port}/{DATABASE}"


def with_login(url: str, user: str, password: str) -> str:
    """Replaces user and password of a libpq URL, wherever they stand in it."""
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
    """Opens a session in UTC; a side that vanishes is noticed by the other.

    `statement_timeout_ms`: longest statement, `idle_transaction_ms`: longest silence of ours in a transaction; 0: any.

    Raises:
        DatabaseAbsent: nobody answers, or the server is not ready; worth another try.
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
        if is_absence(error):
            raise DatabaseAbsent(
                f"PostgreSQL does not answer ({sentence}); start it with ./spark-submit.sh services "
                "start, or correct postgres.url"
            ) from error
        raise CorrectTheLogin(
            f"PostgreSQL refuses the connection ({sentence}); correct postgres.url or run ./spark-submit.sh migrate"
        ) from error


def is_absence(error: BaseException) -> bool:
    """True if the database is away, restarting or full of clients: the same work will succeed later.

    Anything else (wrong password, broken constraint, missing table, full disk) is not, and needs a person.
    """
    if isinstance(error, DatabaseAbsent):
        return True
    if not isinstance(error, psycopg2.Error):
        return False
    if error.pgcode is not None:
        return _ABSENT_STATES.fullmatch(error.pgcode) is not None
    words = str(error)
    if _ABSENT_WORDS.search(words):
        return True
    if isinstance(error, psycopg2.InterfaceError):
        return "connection already closed" in words
    if isinstance(error, psycopg2.OperationalError):
        return _REFUSED_WORDS.search(words) is None
    return "server closed the connection" in words or "no message from the libpq" in words  # a COPY that was cut off


@functools.cache  # the stream asks several times a batch, and each read would open the shipped zip again
def read_sql(name: str) -> str:
    """The text of a .sql file below `warehouse`, e.g. `upserts/posts.sql`."""
    return importlib.resources.files("warehouse").joinpath(name).read_text(encoding="utf-8")


class ConnectionPool:
    """At most `size` sessions for short reads, opened when first needed, replaced when broken; thread-safe."""

    def __init__(self, url: str, size: int, application_name: str = "afluente reader") -> None:
        self._url = url
        self._application_name = application_name
        self._slots: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        for _ in range(size):
            self._slots.put(None)

    @contextmanager
    def connection(self, timeout_seconds: float = 5) -> Iterator[Connection]:
        """Lends a session in autocommit mode.

        Raises:
            DatabaseAbsent: the server is away, now or while the session was in use, or no session came free in time.
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
            if not is_absence(error):
                raise
            raise DatabaseAbsent(f"PostgreSQL went away ({_first_line(error)})") from error
        finally:
            self._slots.put(_kept(session))

    def read_rows(self, statement: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Runs one query and returns its rows as dictionaries by column name."""
        with self.connection() as session, session.cursor() as cursor:
            cursor.execute(statement, parameters)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def close(self) -> None:
        """Closes the sessions that are not lent at this moment."""
        with suppress(queue.Empty):
            while True:
                session = self._slots.get_nowait()
                if session is not None:
                    session.close()


def make_pool(url: str, size: int, application_name: str = "afluente reader") -> ConnectionPool:
    """A pool of sessions; nothing is opened yet, so the database may still be absent."""
    return ConnectionPool(url, size, application_name)


def _kept(session: Connection | None) -> Connection | None:
    """The session if the next borrower may have it: open, and not inside a transaction that someone left behind."""
    if session is None or session.closed:
        return None
    if session.info.transaction_status != psycopg2.extensions.TRANSACTION_STATUS_IDLE:
        session.close()
        return None
    return session


def _first_line(error: psycopg2.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip()
