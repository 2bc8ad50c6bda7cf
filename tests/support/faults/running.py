"""A job that a test has started as a shell would: its processes, what it says, and the ways to end it."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from jobs.settings import ROOT
from streaming.local.processes import find_descendants, wait_until

PATIENCE_SECONDS = 180.0
"""For one thing to happen; a shared machine may take several times its usual seconds."""
SPARK = "org.apache.spark.deploy.SparkSubmit"
LAUNCHER = "org.apache.spark.launcher.Main"
"""Another JVM, with `SPARK` and the job among its words: for a moment it puts the command line of the first together.
So do the shells around it; none of them is the driver, and whoever looks twice finds them gone."""
NOISE = re.compile(
    r"^at=|^NOTE: Picked up JDK_JAVA_OPTIONS: |^WARNING: Using incubator modules|UserWarning: |warnings\.warn|^\s*$"
)
"""Lines of a driver that are not its last word: its log, and what Java and pyspark say at every start."""


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

    def wait_for_process(self, wanted: str) -> None:
        """Waits until that part of it is there."""
        assert wait_until(lambda: bool(self.find(wanted)), PATIENCE_SECONDS), f"there is no {wanted}"

    def find(self, wanted: str) -> list[psutil.Process]:
        """Its `jvm`, its `python` driver (workers are not meant), or `both`."""
        return _pick(wanted, find_descendants(self.process.pid))

    def kill(self, wanted: str) -> int:
        """`kill -9` of a part; returns the exit code of the job once nothing of it is left."""
        family = find_descendants(self.process.pid)
        for victim in self._find_victims(wanted, family):
            with suppress(psutil.NoSuchProcess):  # without its JVM the Python driver leaves by itself
                victim.kill()
        code = self.process.wait(PATIENCE_SECONDS)
        assert wait_until(lambda: not any(map(words_of, family)), PATIENCE_SECONDS), "something is left behind"
        return code

    @contextmanager
    def frozen(self, wanted: str) -> Iterator[None]:
        """SIGSTOP of a part while the block runs."""
        victims = self._find_victims(wanted, find_descendants(self.process.pid))
        for victim in victims:
            victim.suspend()
        try:
            yield
        finally:
            for victim in victims:
                with suppress(psutil.NoSuchProcess):
                    victim.resume()

    def _find_victims(self, wanted: str, family: list[psutil.Process]) -> list[psutil.Process]:
        victims = _pick(wanted, family)
        if not victims:
            seen = [(member.pid, words_of(member)[:1]) for member in family]
            raise AssertionError(f"no {wanted} in {seen}, exit code {self.process.poll()}: {self.text()[-3000:]}")
        return victims

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

    def assert_no_trace(self) -> None:
        """Nothing that it has said is a stack trace, of Python or of Java."""
        text = self.text()
        trace = re.search(r"Traceback|\tat ", text)
        assert trace is None, text[max(0, trace.start() - 1500) :][:6000]

    def assert_fatal(self, expected: str) -> None:
        """It ends by itself, not as a success, and its last word is one sentence: no stack trace, nothing else."""
        assert self.process.wait(PATIENCE_SECONDS) == 1, self.text()[-3000:]
        sentences = [line for line in self.text().splitlines() if not NOISE.search(line)]
        assert len(sentences) == 1, sentences[:20]
        assert re.search(expected, sentences[0]), sentences[0]


def words_of(process: psutil.Process) -> list[str]:
    """Its command line; none where it has ended, though nobody may have asked for its exit code yet."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def environment_of(process: psutil.Process) -> dict[str, str]:
    """Its environment; nothing where it has ended or is somebody else's."""
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def _pick(wanted: str, family: list[psutil.Process]) -> list[psutil.Process]:
    jvms = {process.pid: process for process in family if _is_driver_jvm(words_of(process))}
    drivers = [process for process in family if process.info["ppid"] in jvms and _runs_a_job(process)]
    return {"jvm": [*jvms.values()], "python": drivers, "both": [*jvms.values(), *drivers]}[wanted]


def _is_driver_jvm(words: list[str]) -> bool:
    return SPARK in words and LAUNCHER not in words and Path(words[0]).name == "java"


def _runs_a_job(process: psutil.Process) -> bool:
    return any(word.startswith(str(ROOT / "jobs")) for word in words_of(process))
