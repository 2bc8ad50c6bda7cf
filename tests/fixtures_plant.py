"""A whole installation for one fault test: broker, database, generator and driver, each a real process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.settings import ROOT
from streaming.processes import wait_until
from tests.fixtures_broker import free_port_overrides
from warehouse.verification import Check

PATIENCE_SECONDS = 180.0
"""For one thing to happen; a shared machine may take several times its usual seconds."""


class Plant:
    """Runs the product's jobs as a shell would, below one folder. `overrides` are the words after --set."""

    def __init__(self, folder: Path, overrides: list[str]) -> None:
        self.folder = folder
        self._settings = ["--profile", "test", *(word for each in overrides for word in ("--set", each))]
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(self, job: str, *words: str) -> str:
        """A job that ends by itself; its standard output. A failure shows the end of what it said."""
        done = subprocess.run(self._command(job, words), env=self._environment, check=False, capture_output=True,
                              text=True, timeout=2 * PATIENCE_SECONDS)
        assert done.returncode == 0, f"{job}: {(done.stderr + done.stdout)[-3000:]}"
        return done.stdout

    def start(self, job: str, *words: str) -> "Running":
        """A job that goes on."""
        return Running(self._command(job, words), self._environment, self.folder / f"{job}.log")

    def commits(self) -> int:
        """Commits of bronze and silver so far."""
        return sum(1 for layer in ("bronze", "silver") for _ in self.folder.glob(f"lake/{layer}/*/_delta_log/*.json"))

    def wait_for_commits(self, more: int) -> None:
        """Waits until `more` commits have followed those that are there."""
        wanted = self.commits() + more
        assert wait_until(lambda: self.commits() >= wanted, PATIENCE_SECONDS), "the stream makes no progress"

    def prove(self) -> list[Check]:
        """The recount of a drained stream."""
        done = subprocess.run(self._command("verify", ("--drained", "--json")), env=self._environment, check=False,
                              capture_output=True, text=True, timeout=2 * PATIENCE_SECONDS)
        assert done.returncode in (0, 1), done.stderr[-3000:]
        return [Check(**check) for check in json.loads(done.stdout)["checks"]]

    def _command(self, job: str, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-P", "-m", "jobs", job, *words, *self._settings]


class Running:
    """A job that runs, with all processes it has started."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        with log.open("ab") as file:
            self.process = subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)

    def find(self, wanted: str) -> list[psutil.Process]:
        """Its `jvm`, its `python` driver (workers are not meant), or `both`."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        jvms = [process for process in family if _words_of(process)[:1] and "java" in _words_of(process)[0]]
        drivers = [child for jvm in jvms for child in jvm.children() if _runs_a_job(child)]
        return {"jvm": jvms, "python": drivers, "both": [*jvms, *drivers]}[wanted]

    def kill(self, wanted: str) -> int:
        """`kill -9` of a part; returns the exit code of the job once nothing of it is left."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        victims = self.find(wanted)
        assert victims, f"there is no {wanted} to kill"
        for victim in victims:
            victim.kill()
        code = self.process.wait(PATIENCE_SECONDS)
        assert wait_until(lambda: not any(map(_words_of, family)), PATIENCE_SECONDS), "something is left behind"
        return code

    def stop(self) -> int:
        """Ctrl-C, then its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


def _words_of(process: psutil.Process) -> list[str]:
    """Its command line; none where it has ended, though nobody may have asked for its exit code yet."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def _runs_a_job(process: psutil.Process) -> bool:
    return any(word.startswith(str(ROOT / "jobs")) for word in _words_of(process))


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    """Broker and database run, topics and schema are there; everything is stopped afterwards."""
    plant = Plant(tmp_path, [f"var={tmp_path}", *free_port_overrides()])
    plant.run("services", "start")
    try:
        plant.run("create_topics")
        plant.run("migrate")
        yield plant
    finally:
        plant.run("services", "stop")
