"""A bad way to the database: slow, cut in the middle of a message, silent, and a COMMIT without an answer."""

import random

import pytest

from tests.support.faults.fixtures import Injected, Judge
from tests.support.faults.invariants import assert_settled
from tests.support.faults.lakehouse import Lakehouse
from tests.support.faults.network import cut_a_copy, cut_an_upsert, fall_silent, slow_down, swallow_a_commit
from tests.support.faults.scene import open_scene

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.mark.fault("F7", ci=0, full=1)
def test_a_bad_way_to_the_database_costs_time_and_no_row(
    lakehouse: Lakehouse, chance: random.Random, judge: Judge, injected: Injected
) -> None:
    """One fault after the other, in an order that the seed decides; the same driver lives through all."""
    faults = [slow_down, cut_a_copy, cut_an_upsert, swallow_a_commit, fall_silent]
    with open_scene(lakehouse, full=True) as scene:
        for fault in chance.sample(faults, len(faults)):
            fault(scene)
            scene.assert_catches_up()
            scene.assert_recovers()
            injected()
    assert assert_settled(lakehouse, judge)["one_place"].rows > 1000
