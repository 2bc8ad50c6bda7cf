"""Two drivers, and a driver that was frozen and wakes: exactly one commits, the other leaves with a sentence."""

import random
import time

import pytest

from streaming.processes import wait_until
from tests.faults.invariants import assert_settled
from tests.faults.proxy import AT_COMMIT, IN_COPY, Proxy, Trick
from tests.fixtures_faults import Judge
from tests.fixtures_plant import PATIENCE_SECONDS, Plant, Running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
FENCED = r"^query \w+ was taken over by a newer driver \(pid \d+\)$"
FROZEN_SECONDS = 30.0
"""A driver frozen inside a table's lock makes a newer one wait: then it wakes without anybody else's commit."""


@pytest.mark.fault("F5", ci=1, full=6)
def test_of_two_drivers_exactly_one_commits(plant: Plant, chance: random.Random, judge: Judge) -> None:
    """Started at once or four seconds apart; then the winner is frozen, anywhere, and wakes under a newer driver."""
    with plant.load():
        winner = start_twice(plant, chance.choice([0.0, 4.0]))
        plant.wait_for_commits(3)
        newest = overtake(plant, winner, chance.choice(["python", "jvm", "both"]))
        plant.wait_for_commits(3)
        assert newest.process.poll() is None, newest.text()[-3000:]
        newest.terminate()
    assert assert_settled(plant, judge)["one_place"].rows > 1000


@pytest.mark.fault("F5", ci=1, full=4)
def test_a_driver_frozen_inside_its_transaction_blocks_nobody(
    plant: Plant, chance: random.Random, judge: Judge
) -> None:
    """In the middle of a COPY only its own temp table is locked; before COMMIT the server ends the session."""
    marker, after = chance.choice([IN_COPY, AT_COMMIT])
    proxy = Proxy(plant.settings.postgres.port)
    with plant.load():
        older = plant.start("stream", overrides=[f"postgres.url={proxy.url}"])
        plant.wait_for_ledger()
        with proxy.trap(marker, Trick.HOLD, after) as trap:
            assert trap.sprung.wait(PATIENCE_SECONDS), f"there was no {marker!r}"
            with older.frozen(chance.choice(["python", "both"])):
                newer = plant.start("stream")
                plant.wait_for_ledger(4)
        older.assert_fatal(FENCED)
        plant.wait_for_commits(3)
        assert newer.process.poll() is None, newer.text()[-3000:]
        newer.terminate()
    proxy.close()
    assert assert_settled(plant, judge)["one_place"].rows > 1000


def start_twice(plant: Plant, seconds_apart: float) -> Running:
    """Two drivers; the one that stays, once the other has left."""
    first = plant.start("stream")
    time.sleep(seconds_apart)  # the fault itself: a scheduler's second try
    drivers = [first, plant.start("stream")]
    assert wait_until(lambda: any(d.process.poll() is not None for d in drivers), PATIENCE_SECONDS), "both stay"
    drivers.sort(key=lambda driver: driver.process.poll() is None)
    drivers[0].assert_fatal(FENCED)
    return drivers[1]


def overtake(plant: Plant, older: Running, victim: str) -> Running:
    """Freezes a part of a driver, starts another one, wakes the first; the newer one, once the older has left."""
    with older.frozen(victim):
        newer = plant.start("stream")
        newer.wait_for("state=")  # a query is open, or waits for a lock that the frozen one holds
        before = plant.commits()
        wait_until(lambda: plant.commits() > before, FROZEN_SECONDS)
    older.assert_fatal(FENCED)
    return newer
