"""Metrics of the running queries: each name with its operational meaning, and the log lines that report them."""

import json
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pyspark.sql.streaming import StreamingQuery

log = logging.getLogger(__name__)

METRICS = {
    "batch_id": "number of the newest micro-batch within its lineage",
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


class ProgressLog:
    """Logs `METRICS` of running queries as key=value, whenever they have a new batch and `LOG_SECONDS` have passed.

    It polls `lastProgress`. A `StreamingQueryListener` in Python would receive every batch's progress, each with some
    hundred calls between JVM and Python: 13 % of the driver's processor time.
    """

    def __init__(self) -> None:
        self._next = 0.0
        self._reported: dict[str, str] = {}

    def report(self, queries: Iterable[StreamingQuery]) -> None:
        """Logs what is due; cheap when nothing is, so call it in every loop."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOG_SECONDS
        for query in queries:
            self._report(query)

    def _report(self, query: StreamingQuery) -> None:
        progress = query.lastProgress
        if progress is None or self._reported.get(query.name) == progress.timestamp:
            return
        self._reported[query.name] = progress.timestamp
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
    """Records unread in the partition that is furthest behind; Spark reports no sum."""
    return max((round(float(source.get("maxOffsetsBehindLatest", 0))) for source in metrics), default=0)
