"""F1: `kill -9` of the driver under load; every restart continues, and in the end every number is exact."""

import random

import pytest

from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.faults.installation import Installation
from tests.support.faults.invariants import assert_settled
from tests.support.faults.poller import Poller

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.mark.fault("F1", ci=1, full=4)
def test_a_killed_driver_neither_loses_nor_repeats_records(
    installation: Installation,
    chance: random.Random,
    assert_exact: AssertExact,
    count_injection: CountInjection,
    full: bool,
) -> None:
    """Kills JVM, Python driver or both in a random order, each after 0 to 4 commits; after 0 the driver is starting."""
    kills = 25 if full else 5
    with installation.under_load(), Poller(installation):
        for number, process in enumerate(chance.choices(["jvm", "python", "both"], k=kills)):
            job = installation.start("stream")
            job.wait_for_process(process)
            if not number:
                installation.wait_for_ledger()  # from here on the poller reads counts above 0
            installation.wait_for_commits(chance.randint(0, 4))
            assert job.kill(process) != 0
            count_injection()
    assert assert_settled(installation, assert_exact)["one_place"].rows > 1000
