"""What every workload needs: the installation, the scale, and one protocol for a contender's run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console

from streaming.local.child_jobs import read_last_meaningful_line
from streaming.local.processes import wait_until
from tests.benchmark.contenders import Contender
from tests.benchmark.cpu import CpuSampler
from tests.benchmark.installation import Installation
from tests.benchmark.machine import IDLE_SHARE, wait_until_idle
from tests.benchmark.report import Profile
from tests.benchmark.results import Run
from tests.benchmark.scale import Scale

CONTENDER, GENERATOR = "contender", "generator"
START_SECONDS = 300.0


class ContenderFailed(Exception):
    """A contender ended or did not get so far; its log says why."""


@dataclass
class Bench:
    """One benchmark: its results so far, and where they come from. `console`: standard error, for progress."""

    installation: Installation
    scale: Scale
    console: Console
    runs: list[Run] = field(default_factory=list)
    profile: Profile | None = None
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def watch(self) -> Iterator[CpuSampler]:
        """Samples processor time and memory of broker, database and what is added inside the block."""
        sampler = CpuSampler(self.installation.find_pids())
        try:
            yield sampler
        finally:
            sampler.stop()

    def wait_until_idle(self) -> bool:
        """Waits for the machine; returns whether it is still busy."""
        is_busy = not wait_until_idle(self.scale.idle_wait_seconds)
        if is_busy:
            self.console.print(f"other programs use more than {IDLE_SHARE:.0%} of the machine: the figure is marked")
        return is_busy

    def add(self, run: Run) -> None:
        """Keeps a run and shows it."""
        self.runs.append(run)
        measures = ", ".join(f"{name} {value:.2f}" for name, value in run.measures.items())
        self.console.print(f"{run.workload}, {run.contender}: {measures}", markup=False)
        for difference in run.differences:
            self.console.print(f"{run.workload}, {run.contender}: {difference}", style="red", markup=False)


def wait_for(condition: Callable[[], bool], seconds: float, is_alive: Callable[[], bool]) -> bool:
    """Polls until the condition holds; False when the time is over or the contender has ended."""
    return wait_until(lambda: condition() or not is_alive(), seconds, poll_seconds=0.2) and condition()


def start_running(contender: Contender, sampler: CpuSampler) -> float:
    """Starts a contender for ever; returns the seconds until all its queries ran.

    Raises:
        ContenderFailed: it ended, or did not get so far in time.
    """
    began = time.monotonic()
    process = contender.start(available_now=False)
    sampler.add(CONTENDER, process.pid)
    if not wait_for(contender.is_running, START_SECONDS, lambda: process.poll() is None):
        raise ContenderFailed(f"its queries do not run: {read_last_meaningful_line(contender.log)}")
    return time.monotonic() - began


def run_to_end(contender: Contender, sampler: CpuSampler) -> float:
    """Lets a contender read what is waiting; returns the seconds from its start to its end.

    Raises:
        ContenderFailed: its exit code is not 0.
    """
    began = time.monotonic()
    process = contender.start(available_now=True)
    sampler.add(CONTENDER, process.pid)
    code = process.wait()
    if code != 0:
        raise ContenderFailed(f"exit code {code}: {read_last_meaningful_line(contender.log)}")
    return time.monotonic() - began
