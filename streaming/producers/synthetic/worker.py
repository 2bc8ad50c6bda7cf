"""A worker process: one producer (posts) or one thread with its own producer per machine, until done or stopped."""

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
from streaming.producers.producer import MOST_PENDING, Connection, Producer
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.feeds import Feed, FeedPlan, make_feed

log = logging.getLogger(__name__)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_TICK_SECONDS = 0.05  # posts of so long go out together: far below a micro-batch, and no busy loop
_LONGEST_NAP = 0.25
_MOST_AT_ONCE = 200
_RESERVED_SECONDS = 5.0  # of events; the cursor is written that often
_PATIENCE_SECONDS = 4.0  # for the last answers, also when the broker is away


@dataclass(frozen=True)
class WorkerPlan:
    """All that a worker needs; picklable."""

    feeds: tuple[FeedPlan, ...]
    config: GeneratorConfig
    connection: Connection
    journal: Path
    run: str
    parent: int


@dataclass
class WorkerCounts:
    """Counts of one feed, read by other threads."""

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    pending: int = 0
    is_stuck: bool = False


def run_worker(plan: WorkerPlan, pipe: Pipe) -> None:
    """Entry of the process.

    Messages to the parent: ("tally", sent, acknowledged, failed, pending, is stuck) or ("error", sentence).
    """
    die_with_parent(plan.parent)
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in STOP_SIGNALS:
        signal.signal(number, ask_to_stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    tallies = [WorkerCounts() for _ in plan.feeds]
    errors: list[str] = []
    threads = [
        threading.Thread(target=_guarded(partial(run_feed, plan, feed, tally, stop), stop, errors), name=feed.name)
        for feed, tally in zip(plan.feeds, tallies, strict=True)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        _report(pipe, tallies)
        threads[0].join(_LONGEST_NAP) if threads[0].is_alive() else time.sleep(_LONGEST_NAP)
    _report(pipe, tallies)
    for error in errors[:1]:
        pipe.send(("error", error))
    for number in STOP_SIGNALS:  # the interpreter is about to end: too late for a second thought
        signal.signal(number, signal.SIG_IGN)


def run_feed(plan: WorkerPlan, feed: FeedPlan, tally: WorkerCounts, stop: threading.Event) -> None:
    """Sends a feed from its cursor on until its count is reached or `stop` is set."""
    cursor = Cursor(plan.journal, feed.seed, feed.name)
    sender = _open_sender(plan, feed, tally, stop)
    if sender is None:
        return
    try:
        first_unused = _send_feed(make_feed(feed, plan.config, cursor.read()), feed, sender, (cursor, tally, stop))
        while sender.pending and not stop.wait(_TICK_SECONDS):
            sender.settle()
            _tell(tally, sender)
        cursor.settle(first_unused)  # not after an error: then what was reserved stays reserved
    finally:
        sender.close(_PATIENCE_SECONDS)
        _tell(tally, sender)


def _open_sender(plan: WorkerPlan, feed: FeedPlan, tally: WorkerCounts, stop: threading.Event) -> Producer | None:
    """Opens the producer; a broker that went away since the run was asked for is waited for. None when stopped."""
    kind = "posts" if feed.kind == "posts" else "machines"
    journal = Journal(plan.journal / f"{kind}-{feed.name}-{plan.run}.jsonl")
    while not stop.is_set():
        try:
            return Producer(plan.connection, journal, feed.topics)
        except StartBroker:
            tally.is_stuck = True
            stop.wait(_LONGEST_NAP)
    return None


def _send_feed(
    source: Feed, feed: FeedPlan, sender: Producer, run: tuple[Cursor, WorkerCounts, threading.Event]
) -> int:
    """Sends what is due until the count is reached or a stop is asked for; returns the first index not sent."""
    cursor, tally, stop = run
    first = index = cursor.read()
    last = None if feed.count is None else first + feed.count
    block = max(1, int(feed.pace.per_second * _RESERVED_SECONDS), 0 if feed.pace.is_paced else 5 * _MOST_AT_ONCE)
    while not stop.is_set() and index != last:
        until = _due(feed, first, index, last) if sender.pending < MOST_PENDING else index
        if until > index:
            cursor.reserve(until - 1, block)
            sender.send([event for i in range(index, until) for event in source.events(i)])
            index = until
        sender.settle()
        _tell(tally, sender)
        stop.wait(_nap(feed, first, index, sender))
    return index


def _due(feed: FeedPlan, first: int, index: int, last: int | None) -> int:
    """The index up to which events are to be sent now."""
    until = index + _MOST_AT_ONCE
    if feed.pace.is_paced:
        elapsed = time.time() - feed.pace.start_ms / 1000
        until = min(until, max(index, first + 1 + int(elapsed * feed.pace.per_second) if elapsed >= 0 else index))
    return until if last is None else min(until, last)


def _nap(feed: FeedPlan, first: int, index: int, sender: Producer) -> float:
    """Seconds until there is something to do again."""
    if sender.pending >= MOST_PENDING:
        return _TICK_SECONDS
    if not feed.pace.is_paced:
        return 0.0
    next_at = feed.pace.start_ms / 1000 + (index - first) / feed.pace.per_second
    return min(_LONGEST_NAP, max(_TICK_SECONDS if sender.pending else 0.001, next_at - time.time(), _TICK_SECONDS))


def _tell(tally: WorkerCounts, sender: Producer) -> None:
    tally.sent, tally.acknowledged, tally.failed = sender.sent, sender.acknowledged, sender.failed
    tally.pending, tally.is_stuck = sender.pending, sender.is_stuck


def _report(pipe: Pipe, tallies: list[WorkerCounts]) -> None:
    totals = [sum(getattr(tally, name) for tally in tallies) for name in ("sent", "acknowledged", "failed", "pending")]
    pipe.send(("tally", *totals, any(tally.is_stuck for tally in tallies)))


def _guarded(work: Callable[[], None], stop: threading.Event, errors: list[str]) -> Callable[[], None]:
    """Runs work in a thread; an error ends the other threads too and is told in one sentence."""

    def run() -> None:
        try:
            work()
        except StreamingError as error:
            errors.append(str(error))
            stop.set()
        except Exception as error:
            log.exception("producer=%s", threading.current_thread().name)
            errors.append(f"producer {threading.current_thread().name} ended: {type(error).__name__}: {error}")
            stop.set()

    return run
