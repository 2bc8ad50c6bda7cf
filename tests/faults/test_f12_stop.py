"""TERM at any moment: the driver is gone within ten seconds, the next start goes on, nothing is lost."""

import random
from contextlib import nullcontext

import pytest

from tests.support.faults.fixtures import Injected, Judge
from tests.support.faults.invariants import assert_leaves, assert_settled
from tests.support.faults.lakehouse import Lakehouse
from tests.support.faults.running import Running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
STARTING = ("jvm", "python", "query=bronze state=started")


@pytest.mark.fault("F12")
def test_a_stopped_driver_leaves_at_once_and_loses_nothing(
    lakehouse: Lakehouse, chance: random.Random, judge: Judge, injected: Injected, full: bool
) -> None:
    """In turns between or inside its batches, while the driver starts, and while a part of it is frozen; in CI once."""
    with lakehouse.load():
        for number in range(10 if full else 1):
            stream = lakehouse.start("stream")
            if number % 3 == 1:
                wait_for_stage(stream, chance.choice(STARTING))
            else:
                lakehouse.wait_for_commits(chance.randint(1, 12))
            with stream.frozen(chance.choice(["python", "jvm", "both"])) if number % 3 == 2 else nullcontext():
                assert_leaves(stream)
            injected()
    assert assert_settled(lakehouse, judge)["one_place"].rows > 1000


def wait_for_stage(stream: Running, stage: str) -> None:
    """Waits until a process is there, or until the driver has said something."""
    if stage.startswith("query="):
        stream.wait_for(stage)
    else:
        stream.wait_for_process(stage)
