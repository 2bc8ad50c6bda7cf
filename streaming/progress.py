"""Metrics of the running queries: each name with its operational meaning, and the log lines that report them."""

import json
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

log = logging.getLogger(__name__)

METRICS = {
    "batch_id": "number of the newest micro-batch within its lineage; for gold, of looks at silver since the start",
    "records": "records read; zero for gold, which reads silver's commits itself",
    "seconds": "duration of the batch; near the trigger's period: the query is at its limit",
    "records_per_second": "records per second of processing",
    "behind": "records still unread after it, in the partition that is furthest behind; growing: it does not keep up",
    "state_rows": "ids kept in the state for deduplication",
}
LOG_SECONDS = 10.0
"""At most one line per query in so many seconds: a line per batch would be 86 400 a day."""


@contextmanager
def timed(query: str, stage: str) -> Iterator[None]:
    """Logs at DEBUG how long a stage of a batch took."""
    start = time.perf_counter()
    try:
        yield
    finally:
        log.debug("query=%s stage=%s seconds=%.3f", query, stage, time.perf_counter() - start)


@dataclass(frozen=True)
class Progress:
    """One batch of a query: `METRICS`, when it began, and how long its parts took where Spark measures them."""

    at: str
    batch_id: int
    records: int = 0
    seconds: float = 0.0
    records_per_second: int = 0
    behind: int = 0
    state_rows: int = 0
    durations_ms: dict[str, int] = field(default_factory=dict)


class Reporting(Protocol):
    """A query that tells its newest batch."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def read_progress(self) -> Progress | None:
        """Its newest batch, None before the first."""
        ...


class ProgressLog:
    """Logs `METRICS` of running queries as key=value, whenever they have a new batch and `LOG_SECONDS` have passed.

    It polls. A `StreamingQueryListener` in Python would receive every batch's progress, each with some hundred calls
    between JVM and Python: 13 % of the driver's processor time.
    """

    def __init__(self) -> None:
        self._next = 0.0
        self._reported: dict[str, str] = {}

    def report(self, queries: Iterable[Reporting]) -> None:
        """Logs what is due; cheap when nothing is, so call it in every loop."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOG_SECONDS
        for query in queries:
            self._report(query)

    def _report(self, query: Reporting) -> None:
        progress = query.read_progress()
        if progress is None or self._reported.get(query.name) == progress.at:
            return
        self._reported[query.name] = progress.at
        log.info("query=%s %s", query.name, " ".join(f"{name}={getattr(progress, name)}" for name in METRICS))
        log.debug("query=%s durations_ms=%s", query.name, json.dumps(progress.durations_ms))
