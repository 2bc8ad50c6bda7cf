"""A whole installation for one fault test: broker, database, generator and driver, each in processes of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from jobs.settings import ROOT, load_settings
from streaming.local.processes import wait_until
from tests.support.faults.running_job import TIMEOUT_SECONDS, RunningJob, read_command_line, read_environment
from warehouse.database.connections import connect, read_sql, role_url
from warehouse.verification import Check

FAULTY_RECORDS = ("--malformed", "0.02", "--duplicates", "0.05", "--late", "0.05")
"""Options of `generate`."""
RARE_GOLD_BATCHES = [f"stream.queries.{gold}.trigger_seconds=10" for gold in ("gold_posts", "gold_machines")]
"""Overrides: a MERGE every two seconds would take half of two cores, which the drivers need to start and to drain."""
SHORT_LIVED_JVM_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"
"""These drivers run for seconds, in which Java's optimising compiler (C2) uses more of two cores than it saves: without
it a start takes a quarter less time. Without C2 the default code cache is too small for Spark, hence its size."""


class Installation:
    """Runs jobs as a shell would, with everything below one folder. `overrides` are values of `--set`.

    `prefix` is put before every command, for instance `nsenter` to run jobs in a mount namespace; `root` is the path
    at which this process sees the root of the jobs' file system.
    """

    def __init__(self, folder: Path, overrides: list[str]) -> None:
        self.folder = folder
        self.settings = load_settings("test", overrides)
        self.prefix: list[str] = []
        self.root = Path("/")
        self._overrides = overrides
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "JDK_JAVA_OPTIONS": SHORT_LIVED_JVM_OPTIONS}
        self._started = 0

    @property
    def lake(self) -> Path:
        """The folder of all tables, as a path of this process."""
        return self.root / self.settings.lake.path.relative_to("/")

    def run(self, job: str, *arguments: str) -> str:
        """Runs a job to its end and returns its standard output; a failure shows the end of its output."""
        done = self._run(job, arguments)
        assert done.returncode == 0, f"{job}: {(done.stderr + done.stdout)[-3000:]}"
        return done.stdout

    def start(self, job: str, *arguments: str, overrides: Sequence[str] = ()) -> RunningJob:
        """Starts a job that runs until it is stopped, with a log file of its own."""
        self._started += 1
        log = self.folder / f"{job}.{self._started}.log"
        return RunningJob(self._command(job, arguments, overrides), self._environment, log)

    @contextmanager
    def under_load(self, rate: int = 60) -> Iterator[RunningJob]:
        """Runs the generator while the block runs: `rate` records per second, a share of them faulty."""
        generator = self.start("generate", "--rate", str(rate), *FAULTY_RECORDS)
        try:
            yield generator
            assert generator.process.poll() is None, generator.read_log()[-2000:]
        finally:
            generator.stop()

    def count_commits(self, *layers: str) -> int:
        """Delta commits so far in the given layers, by default bronze and silver."""
        wanted = layers or ("bronze", "silver")
        return sum(1 for layer in wanted for _ in self.lake.glob(f"{layer}/*/_delta_log/*.json"))

    def wait_for_commits(self, more: int, *layers: str) -> None:
        """Waits until the layers have `more` commits than now."""
        wanted = self.count_commits(*layers) + more
        assert wait_until(lambda: self.count_commits(*layers) >= wanted, TIMEOUT_SECONDS), (
            "the stream makes no progress"
        )

    def fetch_rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Result of a query in the database, run as its owner."""
        with closing(connect(role_url(self.settings.postgres, "owner"), application_name="tests")) as session:
            cursor = session.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall())

    def count_ledger_rows(self) -> int:
        """Rows of `ops.ledger`, one per silver commit that the database has."""
        return int(self.fetch_rows("SELECT count(*) FROM ops.ledger")[0][0])

    def wait_for_ledger(self, more: int = 2) -> None:
        """Waits until `more` silver commits have reached the database."""
        wanted = self.count_ledger_rows() + more
        assert wait_until(lambda: self.count_ledger_rows() >= wanted, TIMEOUT_SECONDS), (
            "no silver commit reaches the database"
        )

    def read_ledger_offsets(self) -> dict[str, dict[str, int]]:
        """Query (named like its topic) -> partition -> end offset (exclusive) of the records that the database has."""
        return dict(self.fetch_rows(read_sql("ledger/newest_offsets.sql")))

    def find_driver_sessions(self) -> list[str]:
        """`application_name` of each session that a driver holds open in the database."""
        sessions = "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'afluente %'"
        return [name for (name,) in self.fetch_rows(sessions)]

    def verify(self) -> list[Check]:
        """Checks of the independent recount of a drained stream."""
        done = self._run("verify", ("--drained", "--json"))
        assert done.returncode in (0, 1), done.stderr[-3000:]
        return [Check(**check) for check in json.loads(done.stdout)["checks"]]

    def find_leftover_processes(self) -> list[psutil.Process]:
        """Processes of any driver of this installation, known by the SPARK_LOCAL_DIRS that they inherit."""
        folder = str(self.settings.var / "tmp")
        return [p for p in psutil.process_iter() if read_environment(p).get("SPARK_LOCAL_DIRS", "").startswith(folder)]

    def find_broker(self) -> psutil.Process:
        """The process in the broker's PID file."""
        recorded = json.loads((self.settings.kafka.data / "broker.pid").read_text())
        return psutil.Process(recorded["pid"])

    def find_database(self) -> psutil.Process:
        """The postmaster process; SIGQUIT makes it shut down immediately."""
        cluster = self.settings.postgres.data / "cluster"
        return psutil.Process(int((cluster / "postmaster.pid").read_text().split("\n", 1)[0]))

    def end_service(self, service: psutil.Process, number: int) -> None:
        """Sends signal `number` to broker or database and waits until the process has ended."""
        service.send_signal(number)
        assert wait_until(lambda: not read_command_line(service), TIMEOUT_SECONDS), (
            f"signal {number} does not end {service}"
        )

    def _run(self, job: str, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(job, arguments),
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=2 * TIMEOUT_SECONDS,
        )

    def _command(self, job: str, arguments: Sequence[str], overrides: Sequence[str] = ()) -> list[str]:
        settings = [word for each in (*self._overrides, *overrides) for word in ("--set", each)]
        return [*self.prefix, sys.executable, "-P", "-m", "jobs", job, *arguments, "--profile", "test", *settings]
