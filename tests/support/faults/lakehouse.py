"""A whole installation for one fault test: broker, database, generator and driver, each a real process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from jobs.settings import ROOT, load_settings
from streaming.local.processes import wait_until
from tests.support.faults.running import PATIENCE_SECONDS, Running, environment_of, words_of
from tests.support.kafka import free_port_overrides
from warehouse.database.connections import connect, read_sql, role_url
from warehouse.verification import Check

MIXTURE = ("--malformed", "0.02", "--duplicates", "0.05", "--late", "0.05")
SELDOM = [f"stream.queries.{gold}.trigger_seconds=10" for gold in ("gold_posts", "gold_machines")]
"""A merge every two seconds would take half of two cores, which the drivers need to start and to drain."""
YOUNG_JVM = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"
"""These drivers live for seconds: the optimising compiler would take more of two cores than it gives back, and without
it Java's cache for code would be too small for Spark. A start takes a quarter less."""


class Lakehouse:
    """Runs the product's jobs as a shell would, below one folder. `overrides` are the words after --set.

    `prefix` stands before every command; `root` is where the jobs' file system is seen from here.
    """

    def __init__(self, folder: Path, overrides: list[str]) -> None:
        self.folder = folder
        self.settings = load_settings("test", overrides)
        self.prefix: list[str] = []
        self.root = Path("/")
        self._overrides = overrides
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "JDK_JAVA_OPTIONS": YOUNG_JVM}
        self._started = 0

    @property
    def lake(self) -> Path:
        """The tables, seen from here."""
        return self.root / self.settings.lake.path.relative_to("/")

    def run(self, job: str, *words: str) -> str:
        """A job that ends by itself; its standard output. A failure shows the end of what it said."""
        done = self._run(job, words)
        assert done.returncode == 0, f"{job}: {(done.stderr + done.stdout)[-3000:]}"
        return done.stdout

    def start(self, job: str, *words: str, overrides: Sequence[str] = ()) -> Running:
        """A job that goes on, with a log of its own."""
        self._started += 1
        log = self.folder / f"{job}.{self._started}.log"
        return Running(self._command(job, words, overrides), self._environment, log)

    @contextmanager
    def load(self, rate: int = 60) -> Iterator[Running]:
        """Real producers, with a mixture of good and bad records, while the block runs."""
        generator = self.start("generate", "--rate", str(rate), *MIXTURE)
        try:
            yield generator
            assert generator.process.poll() is None, generator.text()[-2000:]
        finally:
            generator.stop()

    def commits(self, *layers: str) -> int:
        """Commits so far, of bronze and silver unless told otherwise."""
        wanted = layers or ("bronze", "silver")
        return sum(1 for layer in wanted for _ in self.lake.glob(f"{layer}/*/_delta_log/*.json"))

    def wait_for_commits(self, more: int, *layers: str) -> None:
        """Waits until `more` commits have followed those that are there."""
        wanted = self.commits(*layers) + more
        assert wait_until(lambda: self.commits(*layers) >= wanted, PATIENCE_SECONDS), "the stream makes no progress"

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse, asked by its owner."""
        with closing(connect(role_url(self.settings.postgres, "owner"), application_name="tests")) as session:
            cursor = session.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall())

    def ledger_entries(self) -> int:
        """Transactions of the ledger so far; 0 before the first."""
        return int(self.ask("SELECT count(*) FROM ops.ledger")[0][0])

    def wait_for_ledger(self, more: int = 2) -> None:
        """Waits until the warehouse has followed `more` commits of silver."""
        wanted = self.ledger_entries() + more
        assert wait_until(lambda: self.ledger_entries() >= wanted, PATIENCE_SECONDS), "the warehouse does not follow"

    def ledger_ends(self) -> dict[str, dict[str, int]]:
        """Query, named after its topic -> partition -> the offset after the last record the warehouse has."""
        return dict(self.ask(read_sql("ledger/newest_offsets.sql")))

    def driver_sessions(self) -> list[str]:
        """Names of the sessions that drivers hold open in the database."""
        sessions = "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'afluente %'"
        return [name for (name,) in self.ask(sessions)]

    def verify(self) -> list[Check]:
        """The recount of a drained stream."""
        done = self._run("verify", ("--drained", "--json"))
        assert done.returncode in (0, 1), done.stderr[-3000:]
        return [Check(**check) for check in json.loads(done.stdout)["checks"]]

    def find_leftovers(self) -> list[psutil.Process]:
        """Processes of any driver of this installation: they all inherit its folder for temporary files."""
        folder = str(self.settings.var / "tmp")
        return [p for p in psutil.process_iter() if environment_of(p).get("SPARK_LOCAL_DIRS", "").startswith(folder)]

    def broker(self) -> psutil.Process:
        """The broker's process."""
        noted = json.loads((self.settings.kafka.data / "broker.pid").read_text())
        return psutil.Process(noted["pid"])

    def database(self) -> psutil.Process:
        """The database's first process: SIGQUIT is its immediate shutdown."""
        cluster = self.settings.postgres.data / "cluster"
        return psutil.Process(int((cluster / "postmaster.pid").read_text().split("\n", 1)[0]))

    def end_service(self, service: psutil.Process, number: int) -> None:
        """Sends a signal to broker or database and waits until it is gone."""
        service.send_signal(number)
        assert wait_until(lambda: not words_of(service), PATIENCE_SECONDS), f"signal {number} does not end {service}"

    def _run(self, job: str, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(job, words),
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_SECONDS,
        )

    def _command(self, job: str, words: Sequence[str], overrides: Sequence[str] = ()) -> list[str]:
        sets = [word for each in (*self._overrides, *overrides) for word in ("--set", each)]
        return [*self.prefix, sys.executable, "-P", "-m", "jobs", job, *words, "--profile", "test", *sets]


@pytest.fixture
def lakehouse() -> Iterator[Lakehouse]:
    """Broker and database run, topics and schema are there; everything is stopped afterwards, also after a failure.

    Not below pytest's own folder: every other run of pytest closes that to other users, such as root's database.
    """
    with tempfile.TemporaryDirectory(prefix="afluente-lakehouse-") as folder:
        lakehouse = Lakehouse(Path(folder), [f"var={folder}", *free_port_overrides(), *SELDOM])
        lakehouse.run("services", "start")
        try:
            lakehouse.run("create_topics")
            lakehouse.run("migrate")
            yield lakehouse
        finally:
            for left in lakehouse.find_leftovers():
                with suppress(psutil.NoSuchProcess):
                    left.kill()
            lakehouse.run("services", "stop")
