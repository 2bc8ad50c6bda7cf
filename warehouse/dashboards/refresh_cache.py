"""The last good picture, shared by all viewers: however many watch, a refresh asks the database once."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

LOG = logging.getLogger(__name__)
PATIENCE_SECONDS = 0.8  # how long one viewer waits for a refresh under way before it gets the last picture
SHARE = 0.5  # of the time at most that drawing may take: a database under load is asked less often
STALE_SECONDS = 5.0  # a refresh that hangs is trouble too, though nothing has failed yet

Picture = TypeVar("Picture")


@dataclass(frozen=True)
class Shown(Generic[Picture]):
    """A picture (None before the first one) and the trouble, in one sentence, that keeps it from being renewed."""

    picture: Picture | None
    problem: str | None


class RefreshCache(Generic[Picture]):
    """Renews one picture at most every `refresh_seconds`, in the background and only when somebody looks."""

    def __init__(
        self,
        draw: Callable[[Picture | None], Picture],
        explain: Callable[[Exception], str],
        refresh_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`draw` makes a picture, given the one before; what it raises becomes a sentence by `explain`."""
        self._draw, self._explain, self._refresh_seconds, self._now = draw, explain, refresh_seconds, now
        self._lock = Lock()
        self._picture: Picture | None = None
        self._problem: str | None = None
        self._started_at = float("-inf")
        self._lasted = 0.0
        self._done = Event()
        self._done.set()

    def current(self) -> Shown[Picture]:
        """The newest picture; waits a moment for a refresh, never for a database that does not answer."""
        done = self._start_if_due()
        if not self._is_hanging():
            done.wait(PATIENCE_SECONDS)
        with self._lock:
            slow = "The database takes very long to answer." if self._is_hanging() else None
            return Shown(self._picture, slow or self._problem)

    def _start_if_due(self) -> Event:
        with self._lock:
            due_at = self._started_at + max(self._refresh_seconds, self._lasted / SHARE)
            if self._done.is_set() and self._now() >= due_at:
                self._started_at, self._done = self._now(), Event()
                # A daemon: a query that hangs must not keep the process from ending.
                Thread(target=self._renew, args=(self._done,), name="picture", daemon=True).start()
            return self._done

    def _renew(self, done: Event) -> None:
        try:
            picture = self._draw(self._picture)
        except Exception as error:  # whatever it is, viewers keep the last picture and are told why
            self._note(self._explain(error), type(error).__name__)
            self._lasted = 0.0
        else:
            with self._lock:
                self._picture, self._problem = picture, None
            self._lasted = min(self._now() - self._started_at, STALE_SECONDS)
        finally:
            done.set()

    def _note(self, problem: str, error_name: str) -> None:
        with self._lock:
            is_news, self._problem = problem != self._problem, problem
        if is_news:
            LOG.warning("picture not renewed error=%s reason=%s", error_name, problem)

    def _is_hanging(self) -> bool:
        return not self._done.is_set() and self._now() - self._started_at > STALE_SECONDS
