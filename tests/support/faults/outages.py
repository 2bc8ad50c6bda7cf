"""Outages of broker and database, as steps on a running scene: each ends with the service back."""

import signal
from contextlib import closing

from streaming.local.processes import wait_until
from tests.support.faults.proxy import AT_COMMIT, IN_COPY, Trick
from tests.support.faults.running import PATIENCE_SECONDS
from tests.support.faults.scene import Scene
from tests.support.postgres import superuser_url
from warehouse.database.connections import connect, role_url


def lose_broker(scene: Scene, number: int) -> None:
    """The queries wait, each with its own patience; nothing is said but that."""
    noticed = scene.noticed("state=waiting")
    scene.lakehouse.end_service(scene.lakehouse.broker(), number)
    noticed()
    scene.outage(60)
    scene.lakehouse.run("services", "start")


def stop_broker(scene: Scene) -> None:
    """A polite end."""
    lose_broker(scene, signal.SIGTERM)


def kill_broker(scene: Scene) -> None:
    """No end at all: its log is recovered when it starts."""
    lose_broker(scene, signal.SIGKILL)


def lose_database(scene: Scene) -> None:
    """Immediate shutdown; bronze goes on meanwhile."""
    noticed = scene.noticed("database=absent")
    scene.lakehouse.end_service(scene.lakehouse.database(), signal.SIGQUIT)
    noticed()
    scene.lakehouse.wait_for_commits(3, "bronze")
    scene.outage(60)
    scene.lakehouse.run("services", "start")


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
        scene.lakehouse.end_service(scene.lakehouse.database(), signal.SIGQUIT)
    scene.lakehouse.run("services", "start")


def terminate_sessions(scene: Scene) -> None:
    """An administrator ends the driver's sessions, three times in a row."""
    with closing(
        connect(superuser_url(scene.lakehouse.settings.postgres, "afluente"), application_name="tests")
    ) as admin:
        admin.autocommit = True
        for _ in range(3):
            admin.cursor().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'afluente %'"
            )
            scene.lakehouse.wait_for_ledger(1)


def hold_lock(scene: Scene) -> None:
    """Somebody locks a fact table against writers: bronze goes on, readers read."""
    with closing(connect(role_url(scene.lakehouse.settings.postgres, "owner"), application_name="tests")) as session:
        session.cursor().execute("LOCK TABLE warehouse.fact_hashtag_minute IN EXCLUSIVE MODE")
        looks, waiting = scene.poller.looks, "SELECT count(*) FROM pg_locks WHERE NOT granted"
        assert wait_until(lambda: scene.lakehouse.ask(waiting)[0][0] > 0, PATIENCE_SECONDS), "nobody wants the lock"
        scene.lakehouse.wait_for_commits(3, "bronze")
        scene.outage(30)
        assert scene.poller.looks > looks + 10
        session.rollback()
