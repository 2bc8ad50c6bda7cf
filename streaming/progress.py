"""Metrics of the running queries: every name with what an operator reads from it, and how they get into the log."""

import json
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pyspark.sql.streaming import StreamingQuery

log = logging.getLogger(__name__)

METRICS = {
    "batch_id": "number of the newest micro-batch within its lineage",
    "records": "records that it read; zero for gold, which reads silver's commits itself",
    "seconds": "how long it took; near the trigger's period: the query is at its limit",
    "records_per_second": "records by second of processing",
    "behind": "records of its furthest partition that waited after it; growing: it does not keep up",
    "state_rows": "ids remembered for deduplication",
}
LOG_SECONDS = 10.0
"""One line per query in so many seconds: a line per batch would be 86 400 a day."""


@contextmanager
def timed(query: str, stage: str) -> Iterator[None]:
    """Logs at DEBUG how long a stage of a batch took."""
    start = time.perf_counter()
    try:
        yield
    finally:
        log.debug("query=%s stage=%s seconds=%.3f", query, stage, time.perf_counter() - start)


class ProgressLog:
    """Logs `METRICS` of running queries as key=value, whenever they have a new batch and `LOG_SECONDS` have passed.

    It asks for the newest progress. A listener in Python would be handed every batch's, at the price of some hundred
    calls between the two processes: 13 % of the driver's processor time.
    """

    def __init__(self) -> None:
        self._next = 0.0
        self._told: dict[str, str] = {}

    def report(self, queries: Iterable[StreamingQuery]) -> None:
        """Call it as often as you like."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOG_SECONDS
        for query in queries:
            self._report(query)

    def _report(self, query: StreamingQuery) -> None:
        progress = query.lastProgress
        if progress is None or self._told.get(query.name) == progress.timestamp:
            return
        self._told[query.name] = progress.timestamp
        values = {
            "batch_id": progress.batchId,
            "records": progress.numInputRows,
            "seconds": progress.durationMs.get("triggerExecution", 0) / 1000,
            "records_per_second": round(progress.processedRowsPerSecond),
            "behind": _behind([source.metrics for source in progress.sources]),
            "state_rows": sum(operator.numRowsTotal for operator in progress.stateOperators),
        }
        log.info("query=%s %s", query.name, " ".join(f"{key}={value}" for key, value in values.items()))
        log.debug("query=%s durations_ms=%s", query.name, json.dumps(progress.durationMs))


def _behind(metrics: list[dict[str, str]]) -> int:
    """The furthest partition; Spark reports no sum."""
    return max((round(float(source.get("maxOffsetsBehindLatest", 0))) for source in metrics), default=0)
