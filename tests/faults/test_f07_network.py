"""F7: a bad network to the database: slow, reset in the middle of a message, no traffic, a COMMIT without an answer."""

import random

import pytest

from tests.support.faults.driver_under_load import driver_under_load
from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.faults.installation import Installation
from tests.support.faults.invariants import assert_settled
from tests.support.faults.network import (
    cut_a_copy,
    cut_an_upsert,
    drop_all_traffic,
    lose_the_answer_to_a_commit,
    slow_down,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.mark.fault("F7", ci=0, full=1)
def test_a_bad_network_to_the_database_changes_no_number(
    installation: Installation, chance: random.Random, assert_exact: AssertExact, count_injection: CountInjection
) -> None:
    """One fault after the other in a random order; the same driver survives all of them."""
    faults = [slow_down, cut_a_copy, cut_an_upsert, lose_the_answer_to_a_commit, drop_all_traffic]
    with driver_under_load(installation, full=True) as driver:
        for fault in chance.sample(faults, len(faults)):
            fault(driver)
            driver.assert_catches_up()
            driver.assert_recovers()
            count_injection()
    assert assert_settled(installation, assert_exact)["one_place"].rows > 1000
