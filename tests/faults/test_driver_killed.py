"""`kill -9` of the real driver while real producers send: each start goes on, and in the end every number is right."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.plant import Plant
from tests.fixtures_broker import free_port_overrides

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SEED = 20261124


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    plant = Plant(tmp_path, [f"var={tmp_path}", *free_port_overrides()])
    plant.run("services", "start")
    try:
        plant.run("create_topics")
        plant.run("migrate")
        yield plant
    finally:
        plant.run("services", "stop")


def test_a_killed_driver_loses_and_doubles_nothing(plant: Plant) -> None:
    """JVM, Python driver and both are killed, in an order and after a number of commits that the seed decides."""
    chance = random.Random(SEED)  # noqa: S311 - a replayable choice
    victims = chance.sample(["jvm", "python", "both"], 3)
    mixture = ("--malformed", "0.02", "--duplicates", "0.05", "--late", "0.05")
    generator = plant.start("generate", "--rate", "150", *mixture)
    try:
        for victim in victims:
            stream = plant.start("stream")
            plant.wait_for_commits(chance.randint(2, 8))
            assert stream.kill(victim) != 0
        assert generator.process.poll() is None
    finally:
        generator.stop()
    plant.run("stream", "--available-now")
    report = plant.prove()
    assert report["exact"], [check for check in report["checks"] if check["differences"]]
    assert next(check["rows"] for check in report["checks"] if check["name"] == "one_place") > 1000
