"""`kill -9` of the real driver while real producers send: each start goes on, and in the end every number is right."""

import random

import pytest

from tests.support.faults.fixtures import Injected, Judge
from tests.support.faults.invariants import assert_settled
from tests.support.faults.lakehouse import Lakehouse
from tests.support.faults.poller import Poller

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.mark.fault("F1", ci=1, full=4)
def test_a_killed_driver_loses_and_doubles_nothing(
    lakehouse: Lakehouse, chance: random.Random, judge: Judge, injected: Injected, full: bool
) -> None:
    """JVM, Python driver and both are killed, in an order and after a number of commits that the seed decides; after
    none means while the driver starts."""
    kills = 25 if full else 5
    with lakehouse.load(), Poller(lakehouse):
        for number, victim in enumerate(chance.choices(["jvm", "python", "both"], k=kills)):
            stream = lakehouse.start("stream")
            stream.wait_for_process(victim)
            if not number:
                lakehouse.wait_for_ledger()  # from here on readers see numbers
            lakehouse.wait_for_commits(chance.randint(0, 4))
            assert stream.kill(victim) != 0
            injected()
    assert assert_settled(lakehouse, judge)["one_place"].rows > 1000
