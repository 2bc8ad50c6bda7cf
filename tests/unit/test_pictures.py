"""The last good picture: shared, kept through trouble, renewed after it, never waited for."""

import threading
import time
from collections.abc import Callable

from warehouse.dashboards.refresh_cache import STALE_SECONDS, RefreshCache


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Painter:
    """Draws 1, 2, 3, ...; fails while `trouble` is set."""

    def __init__(self) -> None:
        self.drawn = 0
        self.trouble: Exception | None = None

    def __call__(self, before: int | None) -> int:
        if self.trouble is not None:
            raise self.trouble
        self.drawn += 1
        return self.drawn


def album(draw: Callable[[int | None], int]) -> tuple[RefreshCache[int], Clock]:
    clock = Clock()
    return RefreshCache(draw, lambda error: f"sorry: {error}", refresh_seconds=1, now=clock), clock


def test_many_viewers_cost_one_drawing_per_refresh() -> None:
    painter = Painter()
    pictures, clock = album(painter)

    seen = [pictures.current().picture for _ in range(20)]
    clock.now += 1
    later = [pictures.current().picture for _ in range(20)]

    assert (set(seen), set(later), painter.drawn) == ({1}, {2}, 2)


def test_trouble_keeps_the_last_picture_and_ends_by_itself() -> None:
    painter = Painter()
    pictures, clock = album(painter)
    pictures.current()

    painter.trouble = OSError("away")
    clock.now += 1
    during = pictures.current()
    painter.trouble = None
    clock.now += 1
    after = pictures.current()

    assert (during.picture, during.problem) == (1, "sorry: away")
    assert (after.picture, after.problem) == (2, None)


def test_trouble_from_the_start_has_no_picture() -> None:
    painter = Painter()
    painter.trouble = OSError("away")
    pictures, _ = album(painter)

    shown = pictures.current()

    assert (shown.picture, shown.problem) == (None, "sorry: away")


def test_a_drawing_that_hangs_blocks_nobody_and_is_said() -> None:
    gate = threading.Event()

    def draw(before: int | None) -> int:
        if before is not None:
            gate.wait(30)
        return (before or 0) + 1

    pictures, clock = album(draw)
    pictures.current()
    clock.now += 1
    pictures.current()
    clock.now += STALE_SECONDS + 1

    started = time.monotonic()
    hanging = pictures.current()
    waited = time.monotonic() - started
    gate.set()

    assert hanging.picture == 1
    assert "very long" in str(hanging.problem)
    assert waited < 0.5
