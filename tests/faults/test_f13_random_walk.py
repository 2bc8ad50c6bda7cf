"""Fifty faults in a row, drawn by the seed: what one of them leaves behind must not make the next one worse."""

import random
import shutil
from collections.abc import Callable

import pytest

from tests.support.faults import network, outages
from tests.support.faults.fixtures import Injected, Judge
from tests.support.faults.invariants import assert_leaves, assert_settled
from tests.support.faults.lakehouse import Lakehouse
from tests.support.faults.scene import Scene, open_scene

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
    shutil.rmtree(scene.lakehouse.settings.stream.checkpoints / "posts")
    scene.start_driver()


def replace_driver(scene: Scene) -> None:
    """F5: a second driver takes over; the first leaves with a sentence."""
    old = scene.stream
    scene.start_driver()
    old.assert_fatal("taken over by a newer driver")


def maintain(scene: Scene) -> None:
    """F11: beside the stream."""
    scene.lakehouse.run("maintain", "--open-day")


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
    lakehouse: Lakehouse, chance: random.Random, judge: Judge, injected: Injected
) -> None:
    """Every step waits until both sides of the driver move on again."""
    with open_scene(lakehouse, full=False) as scene:
        for action in chance.choices(ACTIONS, k=STEPS):
            action(scene)
            scene.assert_recovers()
            injected()
    assert assert_settled(lakehouse, judge)["one_place"].rows > 1000
