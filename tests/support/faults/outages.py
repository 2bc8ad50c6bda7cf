"""Outages of broker and database under a driver; every function returns with the service running again."""

import signal
from contextlib import closing

from streaming.local.processes import wait_until
from tests.support.faults.driver_under_load import DriverUnderLoad
from tests.support.faults.proxy import AT_COMMIT, IN_COPY, Disruption
from tests.support.faults.running_job import TIMEOUT_SECONDS
from tests.support.postgres import superuser_url
from warehouse.database.connections import connect, role_url


def lose_broker(driver: DriverUnderLoad, number: int) -> None:
    """Ends the broker with signal `number`; the queries wait, each with its own timeout, and log only that."""
    wait_until_logged = driver.make_log_wait("state=waiting")
    driver.installation.end_service(driver.installation.find_broker(), number)
    wait_until_logged()
    driver.wait_out(60)
    driver.installation.run("services", "start")


def stop_broker(driver: DriverUnderLoad) -> None:
    """An orderly shutdown."""
    lose_broker(driver, signal.SIGTERM)


def kill_broker(driver: DriverUnderLoad) -> None:
    """No shutdown at all: the broker recovers its log when it starts."""
    lose_broker(driver, signal.SIGKILL)


def lose_database(driver: DriverUnderLoad) -> None:
    """Immediate shutdown; bronze goes on meanwhile."""
    wait_until_logged = driver.make_log_wait("database=absent")
    driver.installation.end_service(driver.installation.find_database(), signal.SIGQUIT)
    wait_until_logged()
    driver.installation.wait_for_commits(3, "bronze")
    driver.wait_out(60)
    driver.installation.run("services", "start")


def lose_database_in_copy(driver: DriverUnderLoad) -> None:
    """The server dies before it has received the rows of a COPY."""
    lose_database_at(driver, *IN_COPY)


def lose_database_at_commit(driver: DriverUnderLoad) -> None:
    """The server dies before COMMIT reaches it."""
    lose_database_at(driver, *AT_COMMIT)


def lose_database_at(driver: DriverUnderLoad, marker: bytes, after: int) -> None:
    """Immediate shutdown while the proxy holds a message; the message is released once the server has ended."""
    with driver.proxy.intercept(marker, Disruption.HOLD, after) as interception:
        assert interception.hit.wait(TIMEOUT_SECONDS)
        driver.installation.end_service(driver.installation.find_database(), signal.SIGQUIT)
    driver.installation.run("services", "start")


def terminate_sessions(driver: DriverUnderLoad) -> None:
    """An administrator terminates the driver's sessions, three times in a row."""
    with closing(
        connect(superuser_url(driver.installation.settings.postgres, "afluente"), application_name="tests")
    ) as admin:
        admin.autocommit = True
        for _ in range(3):
            admin.cursor().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'afluente %'"
            )
            driver.installation.wait_for_ledger(1)


def hold_lock(driver: DriverUnderLoad) -> None:
    """Another session locks a fact table against writers: bronze goes on, readers read."""
    settings = driver.installation.settings.postgres
    with closing(connect(role_url(settings, "owner"), application_name="tests")) as session:
        session.cursor().execute("LOCK TABLE warehouse.fact_hashtag_minute IN EXCLUSIVE MODE")
        reads, waiting = driver.poller.reads, "SELECT count(*) FROM pg_locks WHERE NOT granted"
        assert wait_until(lambda: driver.installation.fetch_rows(waiting)[0][0] > 0, TIMEOUT_SECONDS), (
            "no session waits for the lock"
        )
        driver.installation.wait_for_commits(3, "bronze")
        driver.wait_out(30)
        assert driver.poller.reads > reads + 10
        session.rollback()
