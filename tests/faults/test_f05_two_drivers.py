"""Two drivers, and a driver that was frozen and wakes: exactly one commits, the other leaves with a sentence."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from streaming.local.processes import wait_until
from tests.support.faults.fixtures import Injected, Judge
from tests.support.faults.invariants import assert_settled
from tests.support.faults.lakehouse import Lakehouse
from tests.support.faults.proxy import AT_COMMIT, IN_COPY, Proxy, Trick
from tests.support.faults.running import PATIENCE_SECONDS, Running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
FENCED = r"^query \w+ was taken over by a newer driver \(pid \d+\)$"
FROZEN_SECONDS = 30.0
"""A driver frozen inside a table's lock makes a newer one wait: then it wakes without anybody else's commit."""
ANYWHERE = (b"", 0)


@pytest.mark.fault("F5", ci=0, full=1)
@pytest.mark.parametrize(
    ("seconds_apart", "place"),
    [(0.0, ANYWHERE), (4.0, IN_COPY), (0.0, AT_COMMIT)],
    ids=["at once, frozen anywhere", "4 s apart, frozen in a COPY", "at once, frozen at COMMIT"],
)
def test_of_two_drivers_exactly_one_commits(
    lakehouse: Lakehouse,
    chance: random.Random,
    judge: Judge,
    injected: Injected,
    seconds_apart: float,
    place: tuple[bytes, int],
) -> None:
    """Started at once or four seconds apart; then the winner is frozen, and wakes under a newer driver."""
    proxy = Proxy(lakehouse.settings.postgres.port)
    with lakehouse.load():
        winner = start_twice(lakehouse, proxy, seconds_apart)
        injected()
        lakehouse.wait_for_ledger()
        with held_at(proxy, place), winner.frozen(chance.choice(["python", "jvm", "both"])):
            newest = lakehouse.start("stream")
            newest.wait_for("state=")  # a query is open, or waits for a lock that the frozen one holds
            before = lakehouse.commits()
            wait_until(lambda: lakehouse.commits() > before, FROZEN_SECONDS)
        assert_fenced(winner)
        injected()
        lakehouse.wait_for_commits(3)
        lakehouse.wait_for_ledger()
        assert newest.process.poll() is None, newest.text()[-3000:]
        newest.terminate()
    proxy.close()
    assert assert_settled(lakehouse, judge)["one_place"].rows > 1000


def start_twice(lakehouse: Lakehouse, proxy: Proxy, seconds_apart: float) -> Running:
    """Two drivers; the one that stays, once the other has left."""
    first = lakehouse.start("stream", overrides=[f"postgres.url={proxy.url}"])
    time.sleep(seconds_apart)  # the fault itself: a scheduler's second try
    drivers = [first, lakehouse.start("stream", overrides=[f"postgres.url={proxy.url}"])]
    assert wait_until(lambda: any(d.process.poll() is not None for d in drivers), PATIENCE_SECONDS), "both stay"
    drivers.sort(key=lambda driver: driver.process.poll() is None)
    assert_fenced(drivers[0])
    return drivers[1]


def assert_fenced(driver: Running) -> None:
    """It leaves with the sentence, and nothing else went wrong."""
    driver.assert_fatal(FENCED)
    assert "level=ERROR" not in driver.text()


@contextmanager
def held_at(proxy: Proxy, place: tuple[bytes, int]) -> Iterator[None]:
    """The block begins when the driver is inside its transaction: in the middle of a COPY only its own temp table is
    locked; before COMMIT facts are, until the server ends a session that is silent."""
    marker, after = place
    with proxy.trap(marker, Trick.HOLD, after) as trap:
        assert trap.sprung.wait(PATIENCE_SECONDS), f"there was no {marker!r}"
        yield
