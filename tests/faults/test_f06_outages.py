"""F6: broker and database are stopped, killed or locked and come back: the driver keeps running and catches up."""

import random

import pytest

from tests.support.faults.driver_under_load import driver_under_load
from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.faults.installation import Installation
from tests.support.faults.invariants import assert_settled
from tests.support.faults.outages import (
    hold_lock,
    kill_broker,
    lose_database,
    lose_database_at_commit,
    lose_database_in_copy,
    stop_broker,
    terminate_sessions,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.mark.fault("F6", ci=0, full=1)
def test_the_driver_survives_outages_of_broker_and_database(
    installation: Installation, chance: random.Random, assert_exact: AssertExact, count_injection: CountInjection
) -> None:
    """One outage after the other in a random order; the same driver survives all of them."""
    outages = [
        stop_broker,
        kill_broker,
        lose_database,
        lose_database_in_copy,
        lose_database_at_commit,
        terminate_sessions,
        hold_lock,
    ]
    with driver_under_load(installation, full=True) as driver:
        for outage in chance.sample(outages, len(outages)):
            outage(driver)
            driver.assert_catches_up()
            driver.assert_recovers()
            count_injection()
    assert assert_settled(installation, assert_exact)["one_place"].rows > 1000
