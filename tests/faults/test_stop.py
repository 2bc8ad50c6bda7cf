"""TERM at any moment: the driver is gone within ten seconds, the next start goes on, nothing is lost."""

import random
from contextlib import nullcontext

import pytest

from tests.faults.invariants import assert_settled
from tests.faults.running import Running
from tests.fixtures_faults import Injected, Judge
from tests.fixtures_plant import Plant

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
LEAVE_SECONDS = 10.0
STARTING = ("jvm", "python", "query=bronze state=started")


@pytest.mark.fault("F12")
def test_a_stopped_driver_leaves_at_once_and_loses_nothing(
    plant: Plant, chance: random.Random, judge: Judge, injected: Injected, full: bool
) -> None:
    """In turns between or inside its batches, while the driver starts, and while a part of it is frozen; in CI once."""
    with plant.load():
        for number in range(10 if full else 1):
            stream = plant.start("stream")
            if number % 3 == 1:
                wait_for_stage(stream, chance.choice(STARTING))
            else:
                plant.wait_for_commits(chance.randint(1, 12))
            with stream.frozen(chance.choice(["python", "jvm", "both"])) if number % 3 == 2 else nullcontext():
                assert_leaves(stream)
            injected()
    assert assert_settled(plant, judge)["one_place"].rows > 1000


def wait_for_stage(stream: Running, stage: str) -> None:
    """Waits until a process is there, or until the driver has said something."""
    if stage.startswith("query="):
        stream.wait_for(stage)
    else:
        stream.wait_for_process(stage)


def assert_leaves(stream: Running) -> None:
    """In time, as asked (0, or 143 where it had begun nothing or had to be killed), without a stack trace."""
    code, seconds = stream.terminate()
    assert code in (0, 143), stream.text()[-3000:]
    assert seconds < LEAVE_SECONDS
    stream.assert_no_trace()
