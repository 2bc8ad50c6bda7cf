"""A bad way to the database: slow, cut in the middle of a message, silent, and a COMMIT without an answer."""

import random

import pytest

from tests.faults.invariants import assert_settled
from tests.faults.proxy import AT_COMMIT, IN_COPY, Trick
from tests.faults.running import PATIENCE_SECONDS
from tests.faults.scene import Scene, open_scene
from tests.fixtures_faults import Injected, Judge
from tests.fixtures_plant import Plant

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.mark.fault("F7", ci=0, full=1)
def test_a_bad_way_to_the_database_costs_time_and_no_row(
    plant: Plant, chance: random.Random, judge: Judge, injected: Injected
) -> None:
    """One fault after the other, in an order that the seed decides; the same driver lives through all."""
    faults = [slow_down, cut_a_copy, cut_an_upsert, swallow_a_commit, fall_silent]
    with open_scene(plant, full=True) as scene:
        for fault in chance.sample(faults, len(faults)):
            fault(scene)
            scene.assert_catches_up()
            scene.assert_recovers()
            injected()
    assert assert_settled(plant, judge)["one_place"].rows > 1000


def slow_down(scene: Scene) -> None:
    """Half a second more for every message, both ways."""
    scene.proxy.delay_seconds = 0.5
    scene.plant.wait_for_ledger()
    scene.proxy.delay_seconds = 0.0


def cut_a_copy(scene: Scene) -> None:
    """Half of the rows arrive, then a reset."""
    spring(scene, *IN_COPY, Trick.CUT)


def cut_an_upsert(scene: Scene) -> None:
    """Half of a statement arrives, then a reset."""
    spring(scene, b"INSERT INTO warehouse.", 0, Trick.CUT)


def swallow_a_commit(scene: Scene) -> None:
    """The transaction is there, and the driver is not told."""
    spring(scene, *AT_COMMIT, Trick.SWALLOW)


def fall_silent(scene: Scene) -> None:
    """A black hole: nothing passes, nobody is told; bronze goes on."""
    with scene.proxy.black_hole():
        scene.plant.wait_for_commits(3, "bronze")
        scene.outage(20)


def spring(scene: Scene, marker: bytes, after: int, trick: Trick) -> None:
    """Waits until the fault has hit."""
    with scene.proxy.trap(marker, trick, after) as trap:
        assert trap.sprung.wait(PATIENCE_SECONDS), f"no message with {marker!r} came by"
