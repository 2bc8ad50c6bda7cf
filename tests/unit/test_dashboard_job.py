"""The job `dashboard`: its one sentence when it cannot start."""

import socket
from pathlib import Path

import pytest

from jobs import dashboard
from jobs.settings import SettingsError
from streaming.errors import FreeThePort
from warehouse.errors import RunMigrate


@pytest.fixture
def settings(tmp_path: Path) -> list[str]:
    """Command-line words for a database that has its roles' passwords but does not run."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "afluente_reader.password").write_text("none")
    return ["--profile", "test", "--set", f"var={tmp_path}", "--set", "postgres.port=9"]


def test_a_taken_port_is_one_sentence(settings: list[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(FreeThePort, match=rf"port {port} is taken.*--set page.port="):
            dashboard.main([*settings, "--set", f"page.port={port}"])


def test_an_address_of_another_machine_is_one_sentence(settings: list[str]) -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on 192\.0\.2\.1 .*correct page\.host"):
        dashboard.main([*settings, "--set", "page.host=192.0.2.1", "--set", "page.port=0"])


def test_without_a_migrated_warehouse_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(RunMigrate, match="migrate"):
        dashboard.main(["--profile", "test", "--set", f"var={tmp_path}"])
