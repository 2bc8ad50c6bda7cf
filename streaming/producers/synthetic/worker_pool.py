"""Runs the worker processes of `generate`, adds up their counts, stops them."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from streaming.producers.synthetic.worker import STOP_SIGNALS, WorkerPlan, run_worker

_RECEIVE_SECONDS = 0.25
_STOP_TIMEOUT_SECONDS = 8.0  # then a worker is killed; it waits 4 s for its last answers


@dataclass
class RunTotals:
    """Records of all producers together; `pending` ones have no answer yet. `errors` are sentences."""

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    pending: int = 0
    is_stuck: bool = False
    errors: list[str] = field(default_factory=list)


class WorkerPool:
    """The worker processes of one run. `report` gets sentences for the operator, `show_progress` the totals so far."""

    def __init__(
        self, plans: Sequence[WorkerPlan], report: Callable[[str], None], show_progress: Callable[[RunTotals], None]
    ) -> None:
        self._plans = plans
        self._report = report
        self._show_progress = show_progress
        self._counts: dict[int, tuple[int, int, int, int, bool]] = {}  # the last message per pipe
        self._errors: list[str] = []
        self._was_stuck = False
        self._stop_by: float | None = None
        self._signalled: set[int] = set()

    def run(self) -> RunTotals:
        """Starts the workers; returns when all have ended, by themselves or after SIGINT, SIGTERM or `stop`."""
        workers = self._start()
        previous = {number: signal.signal(number, self._stop_on_signal) for number in STOP_SIGNALS}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        try:
            while workers:
                self._receive(workers)
                self._stop_if_asked(workers)
        finally:
            for process in workers.values():
                process.kill()
            for number, handler in previous.items():
                signal.signal(number, handler)
        return self._total()

    def stop(self) -> None:
        """Asks the workers to end, and kills those that have not ended after 8 seconds; does not wait for them."""
        self._stop_by = self._stop_by or time.monotonic() + _STOP_TIMEOUT_SECONDS

    def _start(self) -> dict[Pipe, SpawnProcess]:
        # Spawned children inherit the blocked signals, so a Ctrl-C cannot interrupt their imports. Starting the
        # standard library's resource tracker unblocks them, so it is started first.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        context = multiprocessing.get_context("spawn")
        workers = {}
        for plan in self._plans:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=run_worker, args=(plan, theirs), name=plan.sources[0].name)
            process.start()
            theirs.close()
            workers[ours] = process
        return workers

    def _receive(self, workers: dict[Pipe, SpawnProcess]) -> None:
        for pipe in wait(list(workers), timeout=_RECEIVE_SECONDS):
            if not isinstance(pipe, Pipe):
                continue
            try:
                kind, *rest = pipe.recv()
            except EOFError:
                self._handle_exit(workers.pop(pipe))
                continue
            if kind == "error":
                self._errors.append(rest[0])
                self.stop()
            else:
                self._counts[id(pipe)] = (rest[0], rest[1], rest[2], rest[3], rest[4])
        total = self._total()
        self._report_broker_state(total)
        self._show_progress(total)

    def _handle_exit(self, process: SpawnProcess) -> None:
        process.join()
        if process.exitcode and not self._errors:
            self._errors.append(f"producer {process.name} ended with code {process.exitcode}; its journal is kept")
        if self._errors:
            self.stop()

    def _stop_if_asked(self, workers: dict[Pipe, SpawnProcess]) -> None:
        if self._stop_by is None:
            return
        for process in workers.values():
            if time.monotonic() > self._stop_by:
                process.kill()
            elif process.pid and process.pid not in self._signalled:
                self._signalled.add(process.pid)
                process.terminate()

    def _report_broker_state(self, total: RunTotals) -> None:
        if total.is_stuck and not self._was_stuck:
            self._report(f"the broker does not answer; at least {total.pending} records wait for it")
        if self._was_stuck and not total.is_stuck:
            self._report("the broker answers again")
        self._was_stuck = total.is_stuck

    def _stop_on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        self.stop()

    def _total(self) -> RunTotals:
        rows = list(self._counts.values())
        sums = [sum(row[column] for row in rows) for column in range(4)]
        is_stuck = any(row[4] for row in rows)
        return RunTotals(sums[0], sums[1], sums[2], sums[3], is_stuck, self._errors)
