"""A job under real spark-submit: its code comes from the zip, a stop reaches only the driver, no process is left."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.settings import ROOT
from streaming.local.processes import find_descendants, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

JOB = '''"""A job that waits for a stop signal and then finishes its work."""

import signal
import sys
import threading

GROUP = "run"
NEEDS_SPARK = True

if __name__ == "__main__":
    import jobs
    from jobs.session import open_session
    from pyspark.sql.functions import udf
    from streaming.queries.shutdown import silence_stack_traces

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with open_session("stub") as spark:
        print("code", jobs.__file__, flush=True)
        print("zone", spark.conf.get("spark.sql.session.timeZone"), flush=True)
        print("ready", sys.argv[-1], flush=True)
        while not stop.wait(0.1):
            pass
        silence_stack_traces(spark)
        spark._jvm.java.lang.Exception("cut off").printStackTrace()
        plus_one = udf(lambda value: value + 1, "long")
        print("drained", spark.range(5).select(plus_one("id")).collect()[-1][0], flush=True)
    sys.exit(7)
'''


class Running:
    """The stub job, started by `python -m jobs`."""

    def __init__(self, home: Path) -> None:
        self.log = home / "log"
        environment = {**os.environ, "AFLUENTE_HOME": str(home), "PYTHONPATH": str(home)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "jobs", "stub", "last word"],
                cwd=home,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert wait_until(lambda: self.is_ready() or self.process.poll() is not None, 120)
        assert self.is_ready(), self.log.read_text()[-2000:]
        self.family = find_descendants(self.process.pid)

    def is_ready(self) -> bool:
        return "ready last word" in self.log.read_text()

    def has_left_nothing(self) -> bool:
        return wait_until(lambda: not any(is_alive(process) for process in self.family), 20)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    for name in ("jobs", "streaming", "warehouse", "conf"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "jobs" / "stub.py").write_text(JOB)
    running = Running(tmp_path)
    yield running
    for process in [running.process, *running.family]:
        if psutil.pid_exists(process.pid):
            process.kill()


def test_a_stop_drains_and_the_exit_code_is_the_drivers(running: Running) -> None:
    assert f"code {running.log.parent}/var/code/afluente-" in running.log.read_text()
    assert "zone UTC" in running.log.read_text()
    os.kill(running.process.pid, signal.SIGINT)
    assert running.process.wait(60) == 7
    assert "drained 5" in running.log.read_text()
    assert "cut off" not in running.log.read_text()
    assert running.has_left_nothing()


def test_the_job_ends_when_its_launcher_is_killed(running: Running) -> None:
    assert len(running.family) >= 2  # the JVM and the driver
    running.process.kill()
    running.process.wait()
    assert running.has_left_nothing()
    assert "drained" not in running.log.read_text()
