"""Broker and database leave, are killed, hang and come back: the driver stays, and all catches up by itself."""

import random

import pytest

from tests.support.faults.fixtures import Injected, Judge
from tests.support.faults.invariants import assert_settled
from tests.support.faults.lakehouse import Lakehouse
from tests.support.faults.outages import (
    hold_lock,
    kill_broker,
    lose_database,
    lose_database_at_commit,
    lose_database_in_copy,
    stop_broker,
    terminate_sessions,
)
from tests.support.faults.scene import open_scene

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.mark.fault("F6", ci=0, full=1)
def test_broker_and_database_come_back(
    lakehouse: Lakehouse, chance: random.Random, judge: Judge, injected: Injected
) -> None:
    """One outage after the other, in an order that the seed decides; the same driver lives through all of them."""
    outages = [
        stop_broker,
        kill_broker,
        lose_database,
        lose_database_in_copy,
        lose_database_at_commit,
        terminate_sessions,
        hold_lock,
    ]
    with open_scene(lakehouse, full=True) as scene:
        for outage in chance.sample(outages, len(outages)):
            outage(scene)
            scene.assert_catches_up()
            scene.assert_recovers()
            injected()
    assert assert_settled(lakehouse, judge)["one_place"].rows > 1000
