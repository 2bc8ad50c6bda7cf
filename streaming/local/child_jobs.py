"""Jobs as child processes of another job: started, watched, stopped together; each has a log of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streaming.errors import ReadTheLog
from streaming.local.processes import Launch, kill_session, start_process

_NOT_MEANINGFUL = re.compile(
    r"^\s|^at (org|java|scala|py4j|jdk)\.|level=(DEBUG|INFO|WARN)|Warning:|^Traceback|^\.\.\. \d+ more"
)


_POLL_SECONDS = 0.1


class JobEnded(ReadTheLog):
    """A job that had to go on ended by itself."""


@dataclass(frozen=True)
class ChildJob:
    """One running job."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def describe_end(self) -> str:
        """One sentence: which job, its exit code, the last meaningful line of its log, the log's path."""
        last_line = read_last_meaningful_line(self.log)
        code = self.process.returncode
        number = -code if code < 0 else code - 128  # of the signal: subprocess's form, or that of a shell and ours
        if number == signal.SIGKILL:
            return f"{self.name} was killed (kill -9, or the machine ran out of memory); log: {self.log}"
        return f"{self.name} ended with exit code {code}: {last_line or 'its log is empty'} (log: {self.log})"


@dataclass
class ChildJobs:
    """The child jobs of one job. `settings_words` (--profile, --set) are passed to each: all have the same settings."""

    home: Path
    logs: Path
    settings_words: Sequence[str]
    _running: dict[str, ChildJob] = field(default_factory=dict)

    def start(self, name: str, *words: str, output: Path | None = None) -> ChildJob:
        """Starts a job; `output` gets its standard output, its log all else. Call it from the main thread."""
        log = self.logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))  # so that a log is of one run
        environment = {**os.environ, "AFLUENTE_HOME": str(self.home), "PYTHONPATH": str(self.home)}
        command = [sys.executable, "-P", "-m", "jobs", name, *words, *self.settings_words]
        process = start_process(command, Launch(log=log, output=output, environment=environment))
        self._running[name] = ChildJob(name, process, log)
        return self._running[name]

    def run(self, name: str, *words: str, output: Path | None = None, codes: Sequence[int] = (0,)) -> int:
        """Runs a job to its end.

        Raises:
            JobEnded: its exit code is none of `codes`.
        """
        child = self.start(name, *words, output=output)
        code = child.process.wait()
        del self._running[name]
        if code not in codes:
            raise JobEnded(child.describe_end())
        return code

    def finish(self, name: str, number: signal.Signals, patience_seconds: float) -> None:
        """Sends a running job the signal that asks it to end when its work is done, and waits.

        Raises:
            JobEnded: its exit code is not 0, it does not end in time, or another job has ended meanwhile.
        """
        child = self._running[name]
        child.process.send_signal(number)
        deadline = time.monotonic() + patience_seconds
        while child.process.poll() is None:
            if time.monotonic() > deadline:
                raise JobEnded(f"{name} did not end within {patience_seconds:.0f} s; its log: {child.log}")
            self.check()
            time.sleep(_POLL_SECONDS)
        del self._running[name]
        if child.process.returncode != 0:
            raise JobEnded(child.describe_end())

    def check(self) -> None:
        """Raises JobEnded when a running child has ended."""
        for child in self._running.values():
            if child.process.poll() is not None:
                raise JobEnded(child.describe_end())

    def find(self, name: str) -> ChildJob | None:
        """The running job of that name."""
        return self._running.get(name)

    def stop(self, *names: str, grace_seconds: float) -> None:
        """TERM to all at once, KILL of what is left after the grace. Without names: all jobs. Idempotent."""
        stopping = [self._running.pop(name) for name in names or list(self._running) if name in self._running]
        for child in stopping:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + grace_seconds
        for child in stopping:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill_session(child.process.pid)
            child.process.wait()


def read_last_meaningful_line(log: Path) -> str:
    """The last line that is no log line below ERROR and no part of a stack trace; empty where there is none."""
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    meaningful = (line.strip() for line in reversed(lines[-400:]) if line.strip() and not _NOT_MEANINGFUL.search(line))
    return next(meaningful, "")[:400]
