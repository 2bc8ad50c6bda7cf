"""A whole installation for one fault test: broker, database, generator and driver, each a real process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from jobs.settings import ROOT, load_settings
from streaming.processes import wait_until
from tests.fixtures_broker import free_port_overrides
from warehouse.postgres import connect, role_url
from warehouse.verification import Check

PATIENCE_SECONDS = 180.0
"""For one thing to happen; a shared machine may take several times its usual seconds."""
MIXTURE = ("--malformed", "0.02", "--duplicates", "0.05", "--late", "0.05")
SELDOM = [f"stream.queries.{gold}.trigger_seconds=10" for gold in ("gold_posts", "gold_machines")]
"""A merge every two seconds would take half of two cores, which the drivers need to start and to drain."""
YOUNG_JVM = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"
"""These drivers live for seconds: the optimising compiler would take more of two cores than it gives back, and without
it Java's cache for code would be too small for Spark. A start takes a quarter less."""
SPARK = "org.apache.spark.deploy.SparkSubmit"
"""Before it, another JVM lives for a moment: it puts its command line together."""
NOISE = re.compile(r"^at=|^NOTE: Picked up |^WARNING: Using incubator|UserWarning: |warnings\.warn|^\s*$")
"""Lines of a driver that are not its last word: its log, and what Java and pyspark say at every start."""


class Plant:
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

    def start(self, job: str, *words: str, overrides: Sequence[str] = ()) -> "Running":
        """A job that goes on, with a log of its own."""
        self._started += 1
        log = self.folder / f"{job}.{self._started}.log"
        return Running(self._command(job, words, overrides), self._environment, log)

    @contextmanager
    def load(self, rate: int = 60) -> Iterator["Running"]:
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

    def driver_sessions(self) -> list[str]:
        """Names of the sessions that drivers hold open in the database."""
        sessions = "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'afluente %'"
        return [name for name, in self.ask(sessions)]

    def prove(self) -> list[Check]:
        """The recount of a drained stream."""
        done = self._run("verify", ("--drained", "--json"))
        assert done.returncode in (0, 1), done.stderr[-3000:]
        return [Check(**check) for check in json.loads(done.stdout)["checks"]]

    def find_leftovers(self) -> list[psutil.Process]:
        """Processes of any driver of this installation: they all inherit its folder for temporary files."""
        folder = str(self.settings.var / "tmp")
        return [p for p in psutil.process_iter() if _environment_of(p).get("SPARK_LOCAL_DIRS", "").startswith(folder)]

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
        assert wait_until(lambda: not _words_of(service), PATIENCE_SECONDS), f"signal {number} does not end {service}"

    def _run(self, job: str, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self._command(job, words), env=self._environment, check=False, capture_output=True,
                              text=True, timeout=2 * PATIENCE_SECONDS)

    def _command(self, job: str, words: Sequence[str], overrides: Sequence[str] = ()) -> list[str]:
        sets = [word for each in (*self._overrides, *overrides) for word in ("--set", each)]
        return [*self.prefix, sys.executable, "-P", "-m", "jobs", job, *words, "--profile", "test", *sets]


class Running:
    """A job that runs, with all processes it has started."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)

    def text(self) -> str:
        """What it has said so far."""
        return self.log.read_text(errors="replace")

    def wait_for(self, words: str) -> None:
        """Waits until it says that."""
        wait_until(lambda: words in self.text() or self.process.poll() is not None, PATIENCE_SECONDS)
        assert words in self.text()

    def find(self, wanted: str) -> list[psutil.Process]:
        """Its `jvm`, its `python` driver (workers are not meant), or `both`."""
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(self.process.pid).children(recursive=True)
            jvms = [process for process in family if SPARK in _words_of(process)]
            drivers = [child for jvm in jvms for child in jvm.children() if _runs_a_job(child)]
            return {"jvm": jvms, "python": drivers, "both": [*jvms, *drivers]}[wanted]
        return []

    def kill(self, wanted: str) -> int:
        """`kill -9` of a part; returns the exit code of the job once nothing of it is left."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        assert self.find(wanted), f"there is no {wanted} to kill"
        for victim in self.find(wanted):
            victim.kill()
        code = self.process.wait(PATIENCE_SECONDS)
        assert wait_until(lambda: not any(map(_words_of, family)), PATIENCE_SECONDS), "something is left behind"
        return code

    @contextmanager
    def frozen(self, wanted: str) -> Iterator[None]:
        """SIGSTOP of a part while the block runs."""
        victims = self.find(wanted)
        assert victims, f"there is no {wanted} to freeze"
        for victim in victims:
            victim.suspend()
        try:
            yield
        finally:
            for victim in victims:
                with suppress(psutil.NoSuchProcess):
                    victim.resume()

    def terminate(self) -> tuple[int, float]:
        """TERM: exit code, and how many seconds it took to leave."""
        began = time.monotonic()
        self.process.terminate()
        return self.process.wait(PATIENCE_SECONDS), time.monotonic() - began

    def stop(self) -> int:
        """Ctrl-C, then its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)

    def assert_fatal(self, expected: str) -> None:
        """It ends by itself, not as a success, and its last word is one sentence: no stack trace, nothing else."""
        assert self.process.wait(PATIENCE_SECONDS) == 1, self.text()[-3000:]
        sentences = [line for line in self.text().splitlines() if not NOISE.search(line)]
        assert len(sentences) == 1, sentences[:20]
        assert re.search(expected, sentences[0]), sentences[0]


def _words_of(process: psutil.Process) -> list[str]:
    """Its command line; none where it has ended, though nobody may have asked for its exit code yet."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def _environment_of(process: psutil.Process) -> dict[str, str]:
    """Its environment; nothing where it has ended or is somebody else's."""
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def _runs_a_job(process: psutil.Process) -> bool:
    return any(word.startswith(str(ROOT / "jobs")) for word in _words_of(process))


@pytest.fixture
def plant() -> Iterator[Plant]:
    """Broker and database run, topics and schema are there; everything is stopped afterwards, also after a failure.

    Not below pytest's own folder: every other run of pytest closes that to other users, such as root's database.
    """
    with tempfile.TemporaryDirectory(prefix="afluente-plant-") as folder:
        plant = Plant(Path(folder), [f"var={folder}", *free_port_overrides(), *SELDOM])
        plant.run("services", "start")
        try:
            plant.run("create_topics")
            plant.run("migrate")
            yield plant
        finally:
            for left in plant.find_leftovers():
                with suppress(psutil.NoSuchProcess):
                    left.kill()
            plant.run("services", "stop")
