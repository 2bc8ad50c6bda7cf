"""Metrics of the running queries: every name with what an operator reads from it, and the listener that logs them."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql.streaming import StreamingQueryListener
from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
)

log = logging.getLogger(__name__)

METRICS = {
    "batch_id": "number of the micro-batch within its lineage",
    "records": "records read since the last line; zero for gold, which reads silver's commits itself",
    "seconds": "duration of the newest batch; near the trigger's period: the query is at its limit",
    "records_per_second": "records read by second of processing in the newest batch",
    "behind": "records of its furthest partition that wait after the newest batch; growing: it does not keep up",
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


class ProgressLog(StreamingQueryListener):
    """Logs `METRICS` of each query as key=value."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._records: dict[str, int] = {}

    def onQueryStarted(self, event: QueryStartedEvent) -> None:
        """Nothing: the supervisor says it."""

    def onQueryIdle(self, event: QueryIdleEvent) -> None:
        """Nothing: no input, no line."""

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:
        """Nothing: the supervisor says it."""

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        """At most one line per query and `LOG_SECONDS`."""
        progress = event.progress
        name = progress.name or str(progress.id)
        self._records[name] = self._records.get(name, 0) + progress.numInputRows
        if time.monotonic() < self._next.get(name, 0.0):
            return
        self._next[name] = time.monotonic() + LOG_SECONDS
        values = {
            "batch_id": progress.batchId,
            "records": self._records.pop(name),
            "seconds": progress.durationMs.get("triggerExecution", 0) / 1000,
            "records_per_second": round(progress.processedRowsPerSecond),
            "behind": _behind([source.metrics for source in progress.sources]),
            "state_rows": sum(operator.numRowsTotal for operator in progress.stateOperators),
        }
        log.info("query=%s %s", name, " ".join(f"{key}={value}" for key, value in values.items()))
        log.debug("query=%s durations_ms=%s", name, json.dumps(progress.durationMs))


def _behind(metrics: list[dict[str, str]]) -> int:
    """The furthest partition; Spark reports no sum."""
    return max((round(float(source.get("maxOffsetsBehindLatest", 0))) for source in metrics), default=0)
