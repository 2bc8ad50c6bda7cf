"""Broker and database leave, are killed, hang and come back: the driver stays, and all catches up by itself."""

import random
import signal
from contextlib import closing

import pytest

from streaming.processes import wait_until
from tests.faults.invariants import assert_settled
from tests.faults.proxy import AT_COMMIT, IN_COPY, Trick
from tests.faults.running import PATIENCE_SECONDS
from tests.faults.scene import Scene, open_scene
from tests.fixtures_faults import Injected, Judge
from tests.fixtures_plant import Plant
from tests.fixtures_postgres import superuser_url
from warehouse.postgres import connect, role_url

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.mark.fault("F6", ci=0, full=1)
def test_broker_and_database_come_back(plant: Plant, chance: random.Random, judge: Judge, injected: Injected) -> None:
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
    with open_scene(plant, full=True) as scene:
        for outage in chance.sample(outages, len(outages)):
            outage(scene)
            scene.assert_catches_up()
            scene.assert_recovers()
            injected()
    assert assert_settled(plant, judge)["one_place"].rows > 1000


def lose_broker(scene: Scene, number: int) -> None:
    """The queries wait, each with its own patience; nothing is said but that."""
    noticed = scene.noticed("state=waiting")
    scene.plant.end_service(scene.plant.broker(), number)
    noticed()
    scene.outage(60)
    scene.plant.run("services", "start")


def stop_broker(scene: Scene) -> None:
    """A polite end."""
    lose_broker(scene, signal.SIGTERM)


def kill_broker(scene: Scene) -> None:
    """No end at all: its log is recovered when it starts."""
    lose_broker(scene, signal.SIGKILL)


def lose_database(scene: Scene) -> None:
    """Immediate shutdown; bronze goes on meanwhile."""
    noticed = scene.noticed("database=absent")
    scene.plant.end_service(scene.plant.database(), signal.SIGQUIT)
    noticed()
    scene.plant.wait_for_commits(3, "bronze")
    scene.outage(60)
    scene.plant.run("services", "start")


def lose_database_in_copy(scene: Scene) -> None:
    """The server dies while the rows of a COPY are on their way."""
    lose_database_at(scene, *IN_COPY)


def lose_database_at_commit(scene: Scene) -> None:
    """The server dies before COMMIT reaches it."""
    lose_database_at(scene, *AT_COMMIT)


def lose_database_at(scene: Scene, marker: bytes, after: int) -> None:
    """At a message that the proxy holds back until the server is gone."""
    with scene.proxy.trap(marker, Trick.HOLD, after) as trap:
        assert trap.sprung.wait(PATIENCE_SECONDS)
        scene.plant.end_service(scene.plant.database(), signal.SIGQUIT)
    scene.plant.run("services", "start")


def terminate_sessions(scene: Scene) -> None:
    """An administrator ends the driver's sessions, three times in a row."""
    with closing(connect(superuser_url(scene.plant.settings.postgres, "afluente"), application_name="tests")) as admin:
        admin.autocommit = True
        for _ in range(3):
            admin.cursor().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'afluente %'"
            )
            scene.plant.wait_for_ledger(1)


def hold_lock(scene: Scene) -> None:
    """Somebody locks a fact table against writers: bronze goes on, readers read."""
    with closing(connect(role_url(scene.plant.settings.postgres, "owner"), application_name="tests")) as session:
        session.cursor().execute("LOCK TABLE warehouse.fact_hashtag_minute IN EXCLUSIVE MODE")
        looks, waiting = scene.poller.looks, "SELECT count(*) FROM pg_locks WHERE NOT granted"
        assert wait_until(lambda: scene.plant.ask(waiting)[0][0] > 0, PATIENCE_SECONDS), "nobody wants the lock"
        scene.plant.wait_for_commits(3, "bronze")
        scene.outage(30)
        assert scene.poller.looks > looks + 10
        session.rollback()
