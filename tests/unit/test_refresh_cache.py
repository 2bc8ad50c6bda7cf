"""The refresh cache: one refresh for all viewers, the last value kept while refreshes fail, no wait for slow ones."""

import threading
import time
from collections.abc import Callable

from warehouse.dashboards.refresh_cache import SLOW_REFRESH_SECONDS, RefreshCache


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Loader:
    """Returns 1, 2, 3, ...; raises `error` while it is set."""

    def __init__(self) -> None:
        self.loaded = 0
        self.error: Exception | None = None

    def __call__(self, previous: int | None) -> int:
        if self.error is not None:
            raise self.error
        self.loaded += 1
        return self.loaded


def make_cache(load: Callable[[int | None], int]) -> tuple[RefreshCache[int], Clock]:
    clock = Clock()
    return RefreshCache(load, lambda error: f"sorry: {error}", refresh_seconds=1, now=clock), clock


def test_many_viewers_cost_one_load_per_refresh() -> None:
    loader = Loader()
    cache, clock = make_cache(loader)

    seen = [cache.current().value for _ in range(20)]
    clock.now += 1
    later = [cache.current().value for _ in range(20)]

    assert (set(seen), set(later), loader.loaded) == ({1}, {2}, 2)


def test_a_failed_refresh_keeps_the_last_value_until_one_succeeds() -> None:
    loader = Loader()
    cache, clock = make_cache(loader)
    cache.current()

    loader.error = OSError("away")
    clock.now += 1
    during = cache.current()
    loader.error = None
    clock.now += 1
    after = cache.current()

    assert (during.value, during.problem) == (1, "sorry: away")
    assert (after.value, after.problem) == (2, None)


def test_there_is_no_value_if_the_first_refresh_fails() -> None:
    loader = Loader()
    loader.error = OSError("away")
    cache, _ = make_cache(loader)

    cached = cache.current()

    assert (cached.value, cached.problem) == (None, "sorry: away")


def test_a_refresh_that_hangs_blocks_no_viewer_and_is_reported() -> None:
    gate = threading.Event()

    def load(previous: int | None) -> int:
        if previous is not None:
            gate.wait(30)
        return (previous or 0) + 1

    cache, clock = make_cache(load)
    cache.current()
    clock.now += 1
    cache.current()
    clock.now += SLOW_REFRESH_SECONDS + 1

    started = time.monotonic()
    hanging = cache.current()
    waited = time.monotonic() - started
    gate.set()

    assert hanging.value == 1
    assert "very long" in str(hanging.problem)
    assert waited < 0.5
