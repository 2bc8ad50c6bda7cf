"""A job that a test has started as a shell would: its processes, its log, and the ways to end it."""

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

TIMEOUT_SECONDS = 180.0
"""For one event; a shared machine may take several times the usual seconds."""
SPARK = "org.apache.spark.deploy.SparkSubmit"
LAUNCHER = "org.apache.spark.launcher.Main"
"""Main class of the short-lived JVM that builds the driver's command line. It has `SPARK` and the job in its arguments,
and so have the shells around it; none of them is the driver."""
NOISE = re.compile(
    r"^at=|^NOTE: Picked up JDK_JAVA_OPTIONS: |^WARNING: Using incubator modules|UserWarning: |warnings\.warn|^\s*$"
)
"""Lines of a driver's output that are not its final error: its log, and what Java and pyspark print at every start."""


class RunningJob:
    """A job in a session of its own, with all processes that it starts."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)

    def read_log(self) -> str:
        """Its output so far."""
        return self.log.read_text(errors="replace")

    def wait_for_log(self, text: str) -> None:
        """Waits until its output contains `text`."""
        wait_until(lambda: text in self.read_log() or self.process.poll() is not None, TIMEOUT_SECONDS)
        assert text in self.read_log()

    def wait_for_process(self, wanted: str) -> None:
        """Waits until `find(wanted)` finds a process."""
        assert wait_until(lambda: bool(self.find(wanted)), TIMEOUT_SECONDS), f"there is no {wanted}"

    def find(self, wanted: str) -> list[psutil.Process]:
        """Processes of its driver: `jvm`, `python` (the driver script, not the workers) or `both`."""
        return _pick(wanted, find_descendants(self.process.pid))

    def kill(self, wanted: str) -> int:
        """`kill -9` of the wanted processes; returns the job's exit code once all its processes have ended."""
        family = find_descendants(self.process.pid)
        for process in self._find_processes(wanted, family):
            with suppress(psutil.NoSuchProcess):  # without its JVM the Python driver exits by itself
                process.kill()
        code = self.process.wait(TIMEOUT_SECONDS)
        assert wait_until(lambda: not any(map(read_command_line, family)), TIMEOUT_SECONDS), (
            "a process of the job is left"
        )
        return code

    @contextmanager
    def frozen(self, wanted: str) -> Iterator[None]:
        """SIGSTOP of the wanted processes while the block runs."""
        processes = self._find_processes(wanted, find_descendants(self.process.pid))
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def _find_processes(self, wanted: str, family: list[psutil.Process]) -> list[psutil.Process]:
        processes = _pick(wanted, family)
        if not processes:
            seen = [(member.pid, read_command_line(member)[:1]) for member in family]
            raise AssertionError(f"no {wanted} in {seen}, exit code {self.process.poll()}: {self.read_log()[-3000:]}")
        return processes

    def terminate(self) -> tuple[int, float]:
        """SIGTERM; returns the exit code and the seconds until it ended."""
        began = time.monotonic()
        self.process.terminate()
        return self.process.wait(TIMEOUT_SECONDS), time.monotonic() - began

    def stop(self) -> int:
        """SIGINT, like Ctrl-C; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(TIMEOUT_SECONDS)

    def assert_no_stack_trace(self) -> None:
        """Fails if its output has a stack trace of Python or Java."""
        text = self.read_log()
        trace = re.search(r"Traceback|\tat ", text)
        assert trace is None, text[max(0, trace.start() - 1500) :][:6000]

    def assert_fatal(self, expected: str) -> None:
        """Fails unless it ends by itself with code 1, and its output besides the log is one sentence that matches."""
        assert self.process.wait(TIMEOUT_SECONDS) == 1, self.read_log()[-3000:]
        sentences = [line for line in self.read_log().splitlines() if not NOISE.search(line)]
        assert len(sentences) == 1, sentences[:20]
        assert re.search(expected, sentences[0]), sentences[0]


def read_command_line(process: psutil.Process) -> list[str]:
    """Its arguments; [] if it has ended, also while it is still a zombie."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def read_environment(process: psutil.Process) -> dict[str, str]:
    """Its environment; {} if it has ended or belongs to another user."""
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def _pick(wanted: str, family: list[psutil.Process]) -> list[psutil.Process]:
    jvms = {process.pid: process for process in family if _is_driver_jvm(read_command_line(process))}
    drivers = [process for process in family if process.info["ppid"] in jvms and _runs_a_job(process)]
    return {"jvm": [*jvms.values()], "python": drivers, "both": [*jvms.values(), *drivers]}[wanted]


def _is_driver_jvm(command: list[str]) -> bool:
    return SPARK in command and LAUNCHER not in command and Path(command[0]).name == "java"


def _runs_a_job(process: psutil.Process) -> bool:
    return any(word.startswith(str(ROOT / "jobs")) for word in read_command_line(process))
