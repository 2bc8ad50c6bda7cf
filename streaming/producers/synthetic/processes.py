"""Runs the worker processes of a generator, listens to them, stops them."""

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

_LISTEN_SECONDS = 0.25
_GRACE_SECONDS = 8.0  # a worker waits 4 s for its last answers


@dataclass
class Outcome:
    """What all producers together did. `pending` are records without an answer."""

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    pending: int = 0
    is_stuck: bool = False
    errors: list[str] = field(default_factory=list)


class Generator:
    """The workers of one run. `say` gets sentences for the operator, `show` the running totals."""

    def __init__(
        self, plans: Sequence[WorkerPlan], say: Callable[[str], None], show: Callable[[Outcome], None]
    ) -> None:
        self._plans = plans
        self._say = say
        self._show = show
        self._tallies: dict[int, tuple[int, int, int, int, bool]] = {}
        self._errors: list[str] = []
        self._was_stuck = False
        self._stop_by: float | None = None
        self._signalled: set[int] = set()

    def run(self) -> Outcome:
        """Starts the workers and returns when all have ended: by themselves, or after SIGINT or SIGTERM."""
        workers = self._start()
        previous = {number: signal.signal(number, self._ask_to_stop) for number in STOP_SIGNALS}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        try:
            while workers:
                self._listen(workers)
                self._stop_if_asked(workers)
        finally:
            for process in workers.values():
                process.kill()
            for number, handler in previous.items():
                signal.signal(number, handler)
        return self._total()

    def stop(self) -> None:
        """Asks the workers to end; `run` returns when they have."""
        self._stop_by = self._stop_by or time.monotonic() + _GRACE_SECONDS

    def _start(self) -> dict[Pipe, SpawnProcess]:
        # Spawned children inherit the block, so a Ctrl-C while they import cannot surprise them. Starting the
        # standard library's tracker would lift it, so that comes first.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        context = multiprocessing.get_context("spawn")
        workers = {}
        for plan in self._plans:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=run_worker, args=(plan, theirs), name=plan.feeds[0].name)
            process.start()
            theirs.close()
            workers[ours] = process
        return workers

    def _listen(self, workers: dict[Pipe, SpawnProcess]) -> None:
        for pipe in wait(list(workers), timeout=_LISTEN_SECONDS):
            if not isinstance(pipe, Pipe):
                continue
            try:
                kind, *rest = pipe.recv()
            except EOFError:
                self._bury(workers.pop(pipe))
                continue
            if kind == "error":
                self._errors.append(rest[0])
                self.stop()
            else:
                self._tallies[id(pipe)] = (rest[0], rest[1], rest[2], rest[3], rest[4])
        total = self._total()
        self._tell_of_broker(total)
        self._show(total)

    def _bury(self, process: SpawnProcess) -> None:
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

    def _tell_of_broker(self, total: Outcome) -> None:
        if total.is_stuck and not self._was_stuck:
            self._say(f"the broker does not answer; {total.pending} records or more wait until it is back")
        if self._was_stuck and not total.is_stuck:
            self._say("the broker answers again")
        self._was_stuck = total.is_stuck

    def _ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stop()

    def _total(self) -> Outcome:
        tallies = list(self._tallies.values())
        sums = [sum(tally[place] for tally in tallies) for place in range(4)]
        is_stuck = any(tally[4] for tally in tallies)
        return Outcome(sums[0], sums[1], sums[2], sums[3], is_stuck, self._errors)
