"""The embedded server: start, recovery after a kill, identity of its process, passwords, folders, clean stop."""

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest

from streaming.errors import FreeThePort, ReadTheLog
from streaming.local import postgres_user
from streaming.local.postgres_server import PostgresServer
from streaming.local.postgres_user import OpenTheFolder, ServerUser
from tests.support.postgres import find_free_port
from warehouse.database.connections import connect, embedded_url, is_database_absent, make_pool, role_url, with_login
from warehouse.errors import CorrectTheLogin, DatabaseAbsent
from warehouse.settings import PostgresSettings

STARTER = """
import sys, time
from pathlib import Path
from streaming.local.postgres_server import PostgresServer
from warehouse.settings import PostgresSettings
home = Path(sys.argv[1])
settings = PostgresSettings(url="", port=int(sys.argv[2]), data=home / "data", secrets=home / "secrets")
PostgresServer(settings).start(sys.argv[3] == "tied")
print("ready", flush=True)
time.sleep(600)
"""


def make_settings(home: Path) -> PostgresSettings:
    return PostgresSettings(url="", port=find_free_port(), data=home / "data", secrets=home / "secrets")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that is closed to other users, like root's home; it holds the data of a stopped server."""
    with tempfile.TemporaryDirectory(prefix="afluente-server-") as folder:
        yield Path(folder)


@pytest.fixture
def settings(home: Path) -> Iterator[PostgresSettings]:
    """Settings of a stopped server on a port of its own; its data is kept for the next test: initdb takes seconds."""
    settings = make_settings(home)
    yield settings
    PostgresServer(settings).stop()


@pytest.fixture
def new_settings() -> Iterator[PostgresSettings]:
    """Settings of a folder without a cluster."""
    with tempfile.TemporaryDirectory(prefix="afluente-server-") as folder:
        settings = make_settings(Path(folder))
        yield settings
        PostgresServer(settings).stop()


def run(url: str, statement: str) -> object:
    with closing(connect(url, application_name="tests")) as session, session, session.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


def find_postmaster(settings: PostgresSettings) -> psutil.Process:
    return psutil.Process(int((settings.data / "cluster" / "postmaster.pid").read_text().split("\n")[0]))


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start_in_child(settings: PostgresSettings, tie: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STARTER, str(settings.data.parent), str(settings.port), tie]
    starter = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    assert starter.stdout.readline() == "ready\n"
    return starter


def test_data_survives_a_stop(settings: PostgresSettings) -> None:
    server = PostgresServer(settings)
    assert not server.is_running()
    server.start(die_with_parent=True)
    assert server.is_running()
    run(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.start(die_with_parent=True)  # runs already
    server.stop()
    assert not server.is_running()
    assert not is_listening(settings.port)
    server.stop()  # stopped already
    server.start(die_with_parent=True)
    assert run(server.url, "SELECT answer FROM kept") == (42,)


def test_only_the_right_password_over_loopback(settings: PostgresSettings) -> None:
    server = PostgresServer(settings)
    server.start(die_with_parent=True)
    with pytest.raises(CorrectTheLogin, match="password authentication failed"):
        connect(with_login(embedded_url(settings), "afluente_owner", "guess"), application_name="tests")
    assert run(
        server.url,
        "SELECT current_setting('listen_addresses'), current_setting('fsync'), current_setting("
        "'data_checksums'), current_setting('server_encoding')",
    ) == ("127.0.0.1", "on", "on", "UTF8")
    assert stat.S_IMODE(settings.secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in settings.secrets.iterdir()} == {0o600}
    assert find_postmaster(settings).uids().real != 0


def test_a_taken_port_is_one_sentence(settings: PostgresSettings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.port))
        other.listen()
        with pytest.raises(FreeThePort, match=f"port {settings.port} is taken"):
            PostgresServer(settings).start(die_with_parent=True)


def test_a_killed_server_recovers_what_was_committed(settings: PostgresSettings) -> None:
    server = PostgresServer(settings)
    server.start(die_with_parent=True)
    run(server.url, "CREATE TABLE committed AS SELECT 42 AS answer")
    killed = find_postmaster(settings)
    killed.kill()
    killed.wait()
    assert not server.is_running()
    again = PostgresServer(settings)
    again.start(die_with_parent=True)
    assert run(again.url, "SELECT answer FROM committed") == (42,)


def test_a_pid_file_that_names_another_program_does_not_prevent_a_start(settings: PostgresSettings) -> None:
    server = PostgresServer(settings)
    server.start(die_with_parent=True)
    pid_file = settings.data / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))  # as after a reboot
    assert not server.is_running()
    server.start(die_with_parent=True)
    assert server.is_running()


def test_an_incomplete_cluster_is_not_used(new_settings: PostgresSettings) -> None:
    (new_settings.data / "cluster.incomplete").mkdir(parents=True)
    PostgresServer(new_settings).start(die_with_parent=True)
    assert (new_settings.data / "cluster" / "PG_VERSION").is_file()


def test_a_cluster_of_another_version_is_one_sentence(new_settings: PostgresSettings) -> None:
    (new_settings.data / "cluster").mkdir(parents=True)
    (new_settings.data / "cluster" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ReadTheLog, match="belongs to PostgreSQL 16"):
        PostgresServer(new_settings).start(die_with_parent=True)


def test_a_server_that_dies_with_its_parent_ends_when_that_is_killed(settings: PostgresSettings) -> None:
    starter = start_in_child(settings, "tied")
    postmaster = find_postmaster(settings)
    starter.kill()
    starter.wait()
    postmaster.wait(timeout=15)
    assert not is_listening(settings.port)


def test_a_detached_server_outlives_its_parent_and_another_process_stops_it(settings: PostgresSettings) -> None:
    starter = start_in_child(settings, "detached")
    starter.kill()
    starter.wait()
    server = PostgresServer(settings)
    assert server.is_running()
    postmaster = find_postmaster(settings)
    server.stop()
    assert not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE
    assert not is_listening(settings.port)


def test_ctrl_c_at_the_terminal_does_not_reach_the_server(settings: PostgresSettings) -> None:
    PostgresServer(settings).start(die_with_parent=True)
    assert os.getsid(find_postmaster(settings).pid) != os.getsid(0)


def test_a_session_whose_server_stops_raises_absence(settings: PostgresSettings) -> None:
    server = PostgresServer(settings)
    server.start(die_with_parent=True)
    pool = make_pool(role_url(settings, "owner"), 1)
    assert pool.read_rows("SELECT 1 AS one") == [{"one": 1}]
    with closing(connect(server.url, application_name="tests")) as session, session.cursor() as cursor:
        cursor.execute("SELECT 1")
        server.stop()
        with pytest.raises(psycopg2.Error) as raised:
            cursor.execute("SELECT 1")
        assert is_database_absent(raised.value)
        with pytest.raises(psycopg2.InterfaceError) as raised_again:
            session.cursor()
        assert is_database_absent(raised_again.value)
    with pytest.raises(DatabaseAbsent):
        pool.read_rows("SELECT 1 AS one")
    with pytest.raises(DatabaseAbsent):
        connect(server.url, application_name="tests")
    server.start(die_with_parent=True)
    assert pool.read_rows("SELECT 1 AS one") == [{"one": 1}]


def test_a_pooled_connection_is_not_lent_with_an_open_transaction(settings: PostgresSettings) -> None:
    PostgresServer(settings).start(die_with_parent=True)
    pool = make_pool(role_url(settings, "owner"), 1)
    with pool.connection() as session, session.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE TEMP TABLE left_open (a int)")
    assert pool.read_rows("SELECT to_regclass('left_open') AS found") == [{"found": None}]


def test_a_closed_parent_folder_gets_one_entry_for_the_server(new_settings: PostgresSettings) -> None:
    home = new_settings.data.parent
    ServerUser(uid=12345, gid=12345).grant_entry(home)
    home.chmod(0o700)  # narrows the entry's mask
    ServerUser(uid=12345, gid=12345).grant_entry(home)
    entries = postgres_user._read_entries(home)
    assert (0x02, 1, 12345) in entries  # user:12345:--x
    assert (0x10, 1, 0xFFFFFFFF) in entries  # mask::--x
    assert stat.S_IMODE(home.stat().st_mode) & 0o007 == 0


def test_a_file_system_without_entries_is_one_sentence(
    new_settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(OpenTheFolder, match=r"chmod o\+x"):
        ServerUser(uid=12345, gid=12345).grant_entry(new_settings.data.parent)


def test_a_stop_signal_is_a_clean_shutdown(settings: PostgresSettings) -> None:
    server = PostgresServer(settings)
    server.start(die_with_parent=True)
    find_postmaster(settings).send_signal(signal.SIGINT)
    server.stop()
    assert "database system is shut down" in (settings.data / "server.log").read_text()
