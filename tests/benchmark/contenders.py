"""The contenders: the product and two baselines. Each can be started, asked whether it runs, stopped, and read."""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from jobs.settings import SPARK_JARS
from streaming.local.processes import Launch, kill_session, start_process
from tests.benchmark.baseline_offsets import read_commits
from tests.benchmark.installation import Installation, Round
from tests.benchmark.recount import Count, Written, count_rows
from tests.benchmark.visibility import read_product_commits

PRODUCT = "product"
BASELINES = ("tutorial", "by_the_docs")
CONTENDERS = (PRODUCT, *BASELINES)
_FOLDER = Path(__file__).parent / "baselines"
_PRODUCT_COUNTS = """
SELECT extract(epoch FROM f.minute)::bigint, h.hashtag, l.language, f.posts
FROM warehouse.fact_hashtag_minute AS f
JOIN warehouse.dim_hashtag AS h USING (hashtag_id) JOIN warehouse.dim_language AS l USING (language_id)
"""
_BASELINE_COUNTS = "SELECT extract(epoch FROM minute)::bigint, hashtag, language, posts FROM baseline.hashtag_minutes"
_STOP_SECONDS = 30.0


class Contender(Protocol):
    """One contender in one round."""

    log: Path

    def start(self, *, available_now: bool) -> "subprocess.Popen[bytes]":
        """Starts it: for ever, or to read what is waiting and end."""
        ...

    def is_running(self) -> bool:
        """Whether all its queries have started."""
        ...

    def stop(self) -> None:
        """Ends it, if it runs."""
        ...

    def read_written(self) -> Written:
        """What it has written so far."""
        ...

    def count_layers(self) -> dict[str, int]:
        """Rows of bronze and silver that come from posts."""
        ...

    def sum_counts(self) -> int:
        """Sum of its counts in PostgreSQL."""
        ...

    def read_commits(self) -> pa.Table:
        """When which offsets became visible in PostgreSQL: topic, partition, to_offset, committed_at."""
        ...


class Product:
    """The job `stream` with all its queries."""

    def __init__(self, installation: Installation, round_: Round, environment: dict[str, str] | None = None) -> None:
        self._installation, self._round = installation, round_
        self._environment = environment or {}
        self.log = round_.children.logs / "stream.log"

    def start(self, *, available_now: bool) -> "subprocess.Popen[bytes]":
        """Starts `stream`; `environment` is added for this process only."""
        before = dict(os.environ)
        os.environ.update(self._environment)
        try:
            child = self._round.children.start("stream", *(["--available-now"] if available_now else []))
        finally:
            os.environ.clear()
            os.environ.update(before)
        return child.process

    def is_running(self) -> bool:
        """Whether every query that starts without a configured delay has logged its start."""
        queries = self._round.settings.stream.queries
        wanted = {name for name, query in queries.items() if not query.starts_after_seconds}
        log = _read(self.log)
        return all(f"query={name} state=started" in log for name in wanted)

    def stop(self) -> None:
        """Asks it to end its batches and waits."""
        self._round.children.stop("stream", grace_seconds=_STOP_SECONDS)

    def read_written(self) -> Written:
        """Rows of its layers, counts of the facts."""
        return Written(self.count_layers(), read_counts(self._installation, _PRODUCT_COUNTS))

    def count_layers(self) -> dict[str, int]:
        """Rows of `bronze/records` and `silver/posts`."""
        lake = self._round.settings.lake.path
        return {"bronze": count_rows(lake / "bronze" / "records"), "silver": count_rows(lake / "silver" / "posts")}

    def sum_counts(self) -> int:
        """Sum of the facts."""
        return read_sum(self._installation, "warehouse.fact_hashtag_minute")

    def read_commits(self) -> pa.Table:
        """From `ops.ledger`."""
        return read_product_commits(self._installation.owner_url)


class Baseline:
    """A script of `baselines/` under spark-submit: the project's jars, the product's master and driver memory."""

    def __init__(self, installation: Installation, round_: Round, name: str) -> None:
        self._installation, self._round, self._name = installation, round_, name
        self.log = round_.children.logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, available_now: bool) -> "subprocess.Popen[bytes]":
        """Makes its tables and starts it."""
        self._installation.execute((_FOLDER / "tables.sql").read_text(encoding="utf-8"))
        spark = self._round.settings.spark
        command = [
            *build_submit_command(self._name, spark.master, spark.driver_memory),
            *("--servers", self._round.settings.kafka.address, "--folder", self._round.folder / "lake"),
            *(["--available-now"] if available_now else []),
        ]
        launch = Launch(log=self.log, environment=self._build_environment())
        self._process = start_process(command, launch)
        return self._process

    def is_running(self) -> bool:
        """Whether it has said so."""
        return "queries started" in _read(self.log)

    def stop(self) -> None:
        """Kills it: it knows no other way."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            kill_session(self._process.pid)

    def read_written(self) -> Written:
        """Rows of its layers, counts of its table."""
        return Written(self.count_layers(), read_counts(self._installation, _BASELINE_COUNTS))

    def count_layers(self) -> dict[str, int]:
        """Rows of its two tables."""
        return {layer: count_rows(self._round.folder / "lake" / layer) for layer in ("bronze", "silver")}

    def sum_counts(self) -> int:
        """Sum of its table."""
        return read_sum(self._installation, "baseline.hashtag_minutes")

    def read_commits(self) -> pa.Table:
        """From its batches in PostgreSQL and the offsets in its checkpoint."""
        rows = self._installation.fetch_rows("SELECT batch_id, committed_at FROM baseline.committed_batches")
        return read_commits(self._round.folder / "lake", dict(rows))

    def _build_environment(self) -> dict[str, str]:
        temporary = self._round.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        own = {"SPARK_HOME": str(_find_spark()), "SPARK_LOCAL_DIRS": str(temporary), "SPARK_LOCAL_IP": "127.0.0.1"}
        python = {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
        return {**kept, **own, **python, "DATABASE_URL": self._installation.owner_url}


CONFIGURATION = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
"""For both baselines: what Delta's quickstart sets, and addresses without which a driver may not start here."""
TUNED = {
    "tutorial": {},
    "by_the_docs": {"spark.sql.shuffle.partitions": "2"},
}
"""What the users of each would set besides; the tutorial keeps Spark's default of 200 shuffle partitions."""


def build_submit_command(name: str, master: str, driver_memory: str) -> list[str | Path]:
    """The words of spark-submit up to the script of a baseline."""
    configuration = {**CONFIGURATION, **TUNED[name]}
    return [
        *(_find_spark() / "bin" / "spark-submit", "--master", master, "--driver-memory", driver_memory),
        *(word for key, value in configuration.items() for word in ("--conf", f"{key}={value}")),
        *("--jars", ",".join(str(jar) for jar in sorted(SPARK_JARS.glob("*.jar")))),
        _FOLDER / f"{name}.py",
    ]


def make_contender(name: str, installation: Installation, round_: Round) -> Contender:
    """The contender of that name."""
    return Product(installation, round_) if name == PRODUCT else Baseline(installation, round_, name)


def read_counts(installation: Installation, query: str) -> list[Count]:
    """Rows of a contender's counts."""
    return [(int(minute), tag, language, int(posts)) for minute, tag, language, posts in installation.fetch_rows(query)]


def read_sum(installation: Installation, table: str) -> int:
    """Sum of the column `posts`."""
    return int(installation.fetch_rows(f"SELECT coalesce(sum(posts), 0) FROM {table}")[0][0])  # noqa: S608 - ours


def _find_spark() -> Path:
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _read(log: Path) -> str:
    return log.read_text(errors="replace") if log.is_file() else ""
