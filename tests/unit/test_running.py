"""A query that a timer calls, without Spark."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from streaming.queries.running import RunningTimer


class Context:
    """What the timer asks of a SparkContext."""

    def __init__(self, cancel: Callable[[], None] = lambda: None) -> None:
        self.properties: dict[str, str] = {}
        self._cancel = cancel

    def setLocalProperty(self, name: str, value: str) -> None:
        self.properties[name] = value

    def setJobGroup(self, group: str, _: str) -> None:
        self.properties["group"] = group

    def cancelJobGroup(self, group: str) -> None:
        assert group == self.properties["group"]
        self._cancel()


def start(update: Callable[[], None], period: float | None, context: Context | None = None) -> RunningTimer:
    session: Any = SimpleNamespace(sparkContext=context or Context())
    return RunningTimer(session, "gold", update, period, "slow")


def wait_for_end(timer: RunningTimer) -> None:
    timer._thread.join(30)
    assert not timer.is_active()


def test_it_calls_again_and_again_until_it_is_stopped() -> None:
    context, called = Context(), threading.Semaphore(0)
    timer = start(called.release, 0.001, context)
    for _ in range(3):
        assert called.acquire(timeout=30)
    assert timer.is_active()
    timer.stop()
    wait_for_end(timer)
    assert timer.read_failure() is None
    progress = timer.read_progress()
    assert progress is not None
    assert progress.batch_id >= 1
    assert context.properties == {"spark.scheduler.pool": "slow", "group": "gold"}


def test_without_a_period_it_calls_once() -> None:
    calls: list[int] = []
    timer = start(lambda: calls.append(1), None)
    wait_for_end(timer)
    assert calls == [1]
    assert timer.read_failure() is None


def test_an_error_ends_it_and_is_kept_with_its_causes() -> None:
    def fail() -> None:
        try:
            raise ValueError("deep")
        except ValueError as error:
            raise RuntimeError("shallow") from error

    timer = start(fail, 0.001)
    wait_for_end(timer)
    failure = timer.read_failure()
    assert failure is not None
    assert "ValueError: deep" in failure
    assert failure.splitlines()[-1] == "RuntimeError: shallow"
    assert timer.read_progress() is None


def test_a_stop_cancels_the_jobs_of_an_update() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    def update() -> None:
        begun.set()
        assert cancelled.wait(30)

    timer = start(update, 0.001, Context(cancelled.set))
    assert begun.wait(30)
    assert timer.is_busy()
    timer.stop()
    wait_for_end(timer)
    assert not timer.is_busy()
