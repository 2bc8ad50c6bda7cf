"""A value read from the database and shared by all viewers: however many there are, a refresh reads it once."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

LOG = logging.getLogger(__name__)
WAIT_SECONDS = 0.8  # how long a viewer waits for a running refresh before it gets the previous value
MAX_BUSY_SHARE = 0.5  # of the time at most that refreshing may take: a slow database is asked less often
SLOW_REFRESH_SECONDS = 5.0  # a refresh that runs longer is reported as a problem, although nothing has failed yet

Value = TypeVar("Value")


@dataclass(frozen=True)
class CachedValue(Generic[Value]):
    """The newest value, None before the first one, and why it could not be refreshed: one sentence, None if it was."""

    value: Value | None
    problem: str | None


class RefreshCache(Generic[Value]):
    """Refreshes one value at most every `refresh_seconds`, in a background thread and only when it is asked for.

    A refresh that fails keeps the previous value and records the problem; the next one that succeeds clears it.
    """

    def __init__(
        self,
        load: Callable[[Value | None], Value],
        explain: Callable[[Exception], str],
        refresh_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`load` makes the new value, given the previous one; `explain` turns what it raises into one sentence."""
        self._load, self._explain, self._refresh_seconds, self._now = load, explain, refresh_seconds, now
        self._lock = Lock()
        self._value: Value | None = None
        self._problem: str | None = None
        self._started_at = float("-inf")
        self._last_duration = 0.0
        self._done = Event()
        self._done.set()

    def current(self) -> CachedValue[Value]:
        """The newest value; waits at most `WAIT_SECONDS` for a running refresh, and not at all for a slow one."""
        done = self._start_if_due()
        if not self._is_slow():
            done.wait(WAIT_SECONDS)
        with self._lock:
            slow = "The database takes very long to answer." if self._is_slow() else None
            return CachedValue(self._value, slow or self._problem)

    def _start_if_due(self) -> Event:
        with self._lock:
            due_at = self._started_at + max(self._refresh_seconds, self._last_duration / MAX_BUSY_SHARE)
            if self._done.is_set() and self._now() >= due_at:
                self._started_at, self._done = self._now(), Event()
                # A daemon thread: a query that hangs must not keep the process from ending.
                Thread(target=self._refresh, args=(self._done,), name="page-refresh", daemon=True).start()
            return self._done

    def _refresh(self, done: Event) -> None:
        try:
            value = self._load(self._value)
        except Exception as error:  # whatever it is, viewers keep the previous value and see the reason
            self._record_problem(self._explain(error), type(error).__name__)
            self._last_duration = 0.0
        else:
            with self._lock:
                self._value, self._problem = value, None
            self._last_duration = min(self._now() - self._started_at, SLOW_REFRESH_SECONDS)
        finally:
            done.set()

    def _record_problem(self, problem: str, error_name: str) -> None:
        with self._lock:
            is_new, self._problem = problem != self._problem, problem
        if is_new:
            LOG.warning("page refresh failed error=%s reason=%s", error_name, problem)

    def _is_slow(self) -> bool:
        return not self._done.is_set() and self._now() - self._started_at > SLOW_REFRESH_SECONDS
