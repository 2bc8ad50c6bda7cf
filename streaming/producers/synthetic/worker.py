"""A worker process: a thread with its own producer for each of its sources, until all are done or stopped."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from types import FrameType

from streaming.errors import StartBroker, StreamingError
from streaming.local.processes import die_with_parent
from streaming.producers.cursor import Cursor
from streaming.producers.journal import Journal
from streaming.producers.producer import MAX_PENDING_RECORDS, BrokerConnection, Producer
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.sources import SourcePlan, SyntheticSource, make_source

log = logging.getLogger(__name__)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_TICK_SECONDS = 0.05  # events of this time span are sent together: far below a micro-batch, and no busy loop
_MAX_PAUSE_SECONDS = 0.25
_MAX_INDEXES_PER_SEND = 200
_RESERVED_SECONDS = 5.0  # the cursor file reserves the events of this time span at once
_CLOSE_TIMEOUT_SECONDS = 4.0  # wait for the last answers, also while the broker is absent


@dataclass(frozen=True)
class WorkerPlan:
    """Everything that a worker process needs; picklable. `journal` is the folder, `parent` a process id."""

    sources: tuple[SourcePlan, ...]
    config: GeneratorConfig
    connection: BrokerConnection
    journal: Path
    run: str
    parent: int


@dataclass
class WorkerCounts:
    """Counts of one source: written by its thread, read by the main thread."""

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    pending: int = 0
    is_stuck: bool = False


def run_worker(plan: WorkerPlan, pipe: Pipe) -> None:
    """Entry point of the process; it ends when all sources have ended.

    Messages to the parent: ("counts", sent, acknowledged, failed, pending, is stuck) or ("error", sentence).
    """
    die_with_parent(plan.parent)
    stop = threading.Event()

    def stop_on_signal(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in STOP_SIGNALS:
        signal.signal(number, stop_on_signal)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    counts_by_source = [WorkerCounts() for _ in plan.sources]
    errors: list[str] = []
    work = [
        partial(run_source, plan, source_plan, counts, stop)
        for source_plan, counts in zip(plan.sources, counts_by_source, strict=True)
    ]
    threads = [
        threading.Thread(target=_make_thread_target(run, stop, errors), name=source_plan.name)
        for run, source_plan in zip(work, plan.sources, strict=True)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        _send_counts(pipe, counts_by_source)
        threads[0].join(_MAX_PAUSE_SECONDS) if threads[0].is_alive() else time.sleep(_MAX_PAUSE_SECONDS)
    _send_counts(pipe, counts_by_source)
    for error in errors[:1]:
        pipe.send(("error", error))
    for number in STOP_SIGNALS:  # the interpreter is about to end: a signal now would only change the exit code
        signal.signal(number, signal.SIG_IGN)


def run_source(plan: WorkerPlan, source_plan: SourcePlan, counts: WorkerCounts, stop: threading.Event) -> None:
    """Sends the events of a source from its cursor on until its count is reached or `stop` is set."""
    cursor = Cursor(plan.journal, source_plan.seed, source_plan.name)
    producer = _open_producer(plan, source_plan, counts, stop)
    if producer is None:
        return
    try:
        source = make_source(source_plan, plan.config, cursor.read())
        first_unused = _send_due_events(source, source_plan, producer, (cursor, counts, stop))
        while producer.pending and not stop.wait(_TICK_SECONDS):
            producer.settle()
            _update_counts(counts, producer)
        cursor.release_from(first_unused)  # not after an error: then the reserved indexes count as used
    finally:
        producer.close(_CLOSE_TIMEOUT_SECONDS)
        _update_counts(counts, producer)


def _open_producer(
    plan: WorkerPlan, source_plan: SourcePlan, counts: WorkerCounts, stop: threading.Event
) -> Producer | None:
    """Opens the producer, trying again while no broker answers; None when stopped."""
    kind = "posts" if source_plan.kind == "posts" else "machines"
    journal = Journal(plan.journal / f"{kind}-{source_plan.name}-{plan.run}.jsonl")
    while not stop.is_set():
        try:
            return Producer(plan.connection, journal, source_plan.topics)
        except StartBroker:
            counts.is_stuck = True
            stop.wait(_MAX_PAUSE_SECONDS)
    return None


def _send_due_events(
    source: SyntheticSource,
    source_plan: SourcePlan,
    producer: Producer,
    run: tuple[Cursor, WorkerCounts, threading.Event],
) -> int:
    """Sends due events until the count is reached or `stop` is set; returns the first index not sent."""
    cursor, counts, stop = run
    first = index = cursor.read()
    last = None if source_plan.count is None else first + source_plan.count
    block = max(
        1,
        int(source_plan.pace.per_second * _RESERVED_SECONDS),
        0 if source_plan.pace.is_paced else 5 * _MAX_INDEXES_PER_SEND,
    )
    while not stop.is_set() and index != last:
        until = _find_due_end(source_plan, first, index, last) if producer.pending < MAX_PENDING_RECORDS else index
        if until > index:
            cursor.reserve(until - 1, block)
            producer.send([event for i in range(index, until) for event in source.events(i)])
            index = until
        producer.settle()
        _update_counts(counts, producer)
        stop.wait(_pause_seconds(source_plan, first, index, producer))
    return index


def _find_due_end(source_plan: SourcePlan, first: int, index: int, last: int | None) -> int:
    """The end (exclusive) of the indexes that are due now."""
    until = index + _MAX_INDEXES_PER_SEND
    if source_plan.pace.is_paced:
        elapsed = time.time() - source_plan.pace.start_ms / 1000
        until = min(
            until, max(index, first + 1 + int(elapsed * source_plan.pace.per_second) if elapsed >= 0 else index)
        )
    return until if last is None else min(until, last)


def _pause_seconds(source_plan: SourcePlan, first: int, index: int, producer: Producer) -> float:
    """Seconds to wait before the next look at due events and answers."""
    if producer.pending >= MAX_PENDING_RECORDS:
        return _TICK_SECONDS
    if not source_plan.pace.is_paced:
        return 0.0
    next_at = source_plan.pace.start_ms / 1000 + (index - first) / source_plan.pace.per_second
    return min(
        _MAX_PAUSE_SECONDS, max(_TICK_SECONDS if producer.pending else 0.001, next_at - time.time(), _TICK_SECONDS)
    )


def _update_counts(counts: WorkerCounts, producer: Producer) -> None:
    counts.sent, counts.acknowledged, counts.failed = producer.sent, producer.acknowledged, producer.failed
    counts.pending, counts.is_stuck = producer.pending, producer.is_stuck


def _send_counts(pipe: Pipe, counts_by_source: list[WorkerCounts]) -> None:
    names = ("sent", "acknowledged", "failed", "pending")
    totals = [sum(getattr(counts, name) for counts in counts_by_source) for name in names]
    pipe.send(("counts", *totals, any(counts.is_stuck for counts in counts_by_source)))


def _make_thread_target(work: Callable[[], None], stop: threading.Event, errors: list[str]) -> Callable[[], None]:
    """Wraps `work`: an error is appended to `errors` as one sentence and stops the other threads."""

    def run() -> None:
        try:
            work()
        except StreamingError as error:
            errors.append(str(error))
            stop.set()
        except Exception as error:
            log.exception("source=%s", threading.current_thread().name)
            errors.append(f"producer {threading.current_thread().name} ended: {type(error).__name__}: {error}")
            stop.set()

    return run
