"""Fifty faults in a row, drawn by the seed: what one of them leaves behind must not make the next one worse."""

import random
import shutil
from collections.abc import Callable

import pytest

from tests.faults import test_network as network
from tests.faults import test_outages as outages
from tests.faults.invariants import assert_settled
from tests.faults.scene import Scene, open_scene
from tests.faults.test_stop import assert_leaves
from tests.fixtures_faults import Injected, Judge
from tests.fixtures_plant import Plant

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * 3600)]
STEPS = 50


def kill_jvm(scene: Scene) -> None:
    """F1."""
    kill(scene, "jvm")


def kill_python(scene: Scene) -> None:
    """F1, the other half."""
    kill(scene, "python")


def kill(scene: Scene, victim: str) -> None:
    """`kill -9`, and the next start."""
    assert scene.stream.kill(victim) != 0
    scene.start_driver()


def stop(scene: Scene) -> None:
    """F12."""
    assert_leaves(scene.stream)
    scene.start_driver()


def lose_checkpoint(scene: Scene) -> None:
    """F3: a whole checkpoint is gone when the next driver starts."""
    assert_leaves(scene.stream)
    shutil.rmtree(scene.plant.settings.stream.checkpoints / "posts")
    scene.start_driver()


def replace_driver(scene: Scene) -> None:
    """F5: a second driver takes over; the first leaves with a sentence."""
    old = scene.stream
    scene.start_driver()
    old.assert_fatal("taken over by a newer driver")


def maintain(scene: Scene) -> None:
    """F11: beside the stream."""
    scene.plant.run("maintain", "--open-day")


ACTIONS: tuple[Callable[[Scene], None], ...] = (
    kill_jvm,
    kill_python,
    stop,
    lose_checkpoint,
    replace_driver,
    maintain,
    outages.stop_broker,
    outages.kill_broker,
    outages.lose_database,
    outages.lose_database_in_copy,
    outages.lose_database_at_commit,
    outages.terminate_sessions,
    outages.hold_lock,
    network.slow_down,
    network.cut_a_copy,
    network.cut_an_upsert,
    network.swallow_a_commit,
    network.fall_silent,
)


@pytest.mark.fault("F13", ci=0, full=1)
def test_a_random_walk_ends_where_the_numbers_say(
    plant: Plant, chance: random.Random, judge: Judge, injected: Injected
) -> None:
    """Every step waits until both sides of the driver move on again."""
    with open_scene(plant, full=False) as scene:
        for action in chance.choices(ACTIONS, k=STEPS):
            action(scene)
            scene.assert_recovers()
            injected()
    assert assert_settled(plant, judge)["one_place"].rows > 1000
