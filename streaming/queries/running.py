"""A running query as the supervisor sees it: a Spark stream, or a function that a timer calls."""

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, Protocol

from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from streaming.progress import Progress

_STOP_SECONDS = 2.0


class Running(Protocol):
    """A query that was started."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def is_active(self) -> bool:
        """False once it has ended, by itself, by `stop` or by a failure."""
        ...

    def is_busy(self) -> bool:
        """Whether it is in a batch."""
        ...

    def stop(self) -> None:
        """Ends it, a running batch in the middle."""
        ...

    def read_failure(self) -> str | None:
        """The stack trace of why it ended, causes included; None if it ended without an error."""
        ...

    def read_progress(self) -> Progress | None:
        """Its newest batch, None before the first."""
        ...


class RunningStream:
    """A stream of Spark."""

    def __init__(self, spark: SparkSession, query: StreamingQuery) -> None:
        self.name = query.name
        self._spark = spark
        self._query: Any = query

    def is_active(self) -> bool:
        """As `Running`."""
        return bool(self._query.isActive)

    def is_busy(self) -> bool:
        """As `Running`."""
        return bool(self._query.isActive and self._query.status["isTriggerActive"])

    def stop(self) -> None:
        """As `Running`."""
        self._query.stop()

    def read_failure(self) -> str | None:
        """As `Running`; of the JVM."""
        error, jvm = self._query._jsq.exception(), self._spark._jvm
        return None if error.isEmpty() else str(jvm.org.apache.spark.util.Utils.exceptionString(error.get()))  # type: ignore[union-attr]  # the JVM runs

    def read_progress(self) -> Progress | None:
        """As `Running`."""
        progress = self._query.lastProgress
        if progress is None:
            return None
        return Progress(
            at=progress.timestamp,
            batch_id=progress.batchId,
            records=progress.numInputRows,
            seconds=progress.durationMs.get("triggerExecution", 0) / 1000,
            records_per_second=round(progress.processedRowsPerSecond),
            behind=_behind([source.metrics for source in progress.sources]),
            state_rows=sum(operator.numRowsTotal for operator in progress.stateOperators),
            durations_ms=progress.durationMs,
        )


class RunningTimer:
    """A thread that calls `update` now and then every `period_seconds`, once if that is None.

    Spark jobs of the update run in the scheduler pool `pool`.
    """

    def __init__(
        self, spark: SparkSession, name: str, update: Callable[[], None], period_seconds: float | None, pool: str
    ) -> None:
        self.name = name
        self._context = spark.sparkContext
        self._update = update
        self._period_seconds = period_seconds
        self._pool = pool
        self._stopped = threading.Event()
        self._busy = False
        self._failure: str | None = None
        self._progress: Progress | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def is_active(self) -> bool:
        """As `Running`."""
        return self._thread.is_alive()

    def is_busy(self) -> bool:
        """As `Running`."""
        return self._busy and self.is_active()

    def stop(self) -> None:
        """As `Running`; the driver does not wait for what cannot be cancelled."""
        self._stopped.set()
        self._context.cancelJobGroup(self.name)
        self._thread.join(_STOP_SECONDS)

    def read_failure(self) -> str | None:
        """As `Running`; of Python."""
        return self._failure

    def read_progress(self) -> Progress | None:
        """As `Running`."""
        return self._progress

    def _run(self) -> None:
        try:
            self._context.setLocalProperty("spark.scheduler.pool", self._pool)
            self._context.setJobGroup(self.name, self.name)
            number = 0
            while not self._stopped.is_set():
                self._run_once(number)
                number += 1
                if self._period_seconds is None:
                    break
                self._stopped.wait(self._period_seconds)
        except Exception:  # any error ends the query; the supervisor reads it and decides
            self._failure = traceback.format_exc()

    def _run_once(self, number: int) -> None:
        began, self._busy = time.time(), True
        try:
            self._update()
        finally:
            self._busy = False
        self._progress = Progress(at=str(began), batch_id=number, seconds=round(time.time() - began, 3))


def _behind(metrics: list[dict[str, str]]) -> int:
    """Records unread in the partition that is furthest behind; Spark reports no sum."""
    return max((round(float(source.get("maxOffsetsBehindLatest", 0))) for source in metrics), default=0)
