"""The stream on a standalone master with two workers: executors in processes of their own read, judge and write."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jobs.settings import CONF, load_settings
from streaming.local.processes import Launch, is_port_free, start_process, stop_process, wait_until
from tests.support.ports import find_free_ports

if TYPE_CHECKING:
    from tests.support.faults.installation import Installation

POSTS = 30_000
CLASSES = "org.apache.spark.deploy"


def start_daemon(folder: Path, name: str, *words: str) -> "subprocess.Popen[bytes]":
    """A master or worker of Spark."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    environment = {**os.environ, "SPARK_CONF_DIR": str(CONF), "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [Path(spec.origin).parent / "bin" / "spark-class", f"{CLASSES}.{name}", "--host", "127.0.0.1", *words]
    return start_process(
        command, Launch(log=folder / f"spark-{words[-1].rpartition('/')[2]}.log", environment=environment)
    )


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The master's URL, while it and two workers of one core run."""
    (port,) = find_free_ports(1)
    url = f"spark://127.0.0.1:{port}"
    daemons = [start_daemon(folder, "master.Master", "--webui-port", "0", "--port", str(port))]
    try:
        assert wait_until(lambda: not is_port_free(port, "127.0.0.1"), 60)
        for number in range(2):
            place = ("--webui-port", "0", "--work-dir", str(folder / f"worker{number}"))
            daemons.append(start_daemon(folder, "worker.Worker", "--cores", "1", "--memory", "1g", *place, url))
        yield url
    finally:
        for daemon in reversed(daemons):
            stop_process(daemon, 20)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_large_batches_on_a_cluster_are_exact(installation: "Installation") -> None:
    installation.run(
        "generate", "posts", "--count", str(POSTS), "--unpaced", "--malformed", "0.02", "--duplicates", "0.05"
    )
    with cluster(installation.folder) as url:
        drain = installation.start("stream", "--available-now", overrides=[f"spark.master={url}", *caps()])
        assert drain.process.wait(400) == 0, drain.read_log()[-3000:]
        applications = list(installation.folder.glob("worker*/app-*/*"))
    assert len(applications) == 2  # an executor on each worker
    commits = sorted((installation.lake / "silver/posts/_delta_log").glob("*.json"))
    engines = [
        json.loads(line)["commitInfo"]["engineInfo"] for path in commits for line in path.open() if "commitInfo" in line
    ]
    assert engines[-1].startswith("Apache-Spark")
    assert {check.name: check.differences for check in installation.verify() if check.differences} == {}


def caps() -> list[str]:
    """The caps of the profile `cluster`, as overrides: jobs of an installation have the profile `test`."""
    queries = load_settings("cluster", []).stream.queries
    return [
        f"stream.queries.{name}.max_offsets_per_trigger={queries[name].max_offsets_per_trigger}"
        for name in ("bronze", "posts")
    ]
