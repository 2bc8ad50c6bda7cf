"""F13: fifty random faults in a row, because the state after one fault is where the next one begins."""

import random
import shutil
from collections.abc import Callable

import pytest

from tests.support.faults import network, outages
from tests.support.faults.driver_under_load import DriverUnderLoad, driver_under_load
from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.faults.installation import Installation
from tests.support.faults.invariants import assert_settled, assert_stops

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * 3600)]
STEPS = 50


def kill_jvm(driver: DriverUnderLoad) -> None:
    """F1: the JVM."""
    kill(driver, "jvm")


def kill_python(driver: DriverUnderLoad) -> None:
    """F1: the Python driver."""
    kill(driver, "python")


def kill(driver: DriverUnderLoad, process: str) -> None:
    """`kill -9` and a restart."""
    assert driver.job.kill(process) != 0
    driver.start_another()


def stop(driver: DriverUnderLoad) -> None:
    """F12: SIGTERM and a restart."""
    assert_stops(driver.job)
    driver.start_another()


def lose_checkpoint(driver: DriverUnderLoad) -> None:
    """F3: a whole checkpoint is missing when the next driver starts."""
    assert_stops(driver.job)
    shutil.rmtree(driver.installation.settings.stream.checkpoints / "posts")
    driver.start_another()


def replace_driver(driver: DriverUnderLoad) -> None:
    """F5: a second driver acquires every fence; the first ends with one sentence."""
    old = driver.job
    driver.start_another()
    old.assert_fatal("held by a newer driver")


def maintain(driver: DriverUnderLoad) -> None:
    """F11: `maintain` beside the stream."""
    driver.installation.run("maintain", "--open-day")


ACTIONS: tuple[Callable[[DriverUnderLoad], None], ...] = (
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
    network.lose_the_answer_to_a_commit,
    network.drop_all_traffic,
)


@pytest.mark.fault("F13", ci=0, full=1)
def test_a_random_walk_of_faults_changes_no_number(
    installation: Installation, chance: random.Random, assert_exact: AssertExact, count_injection: CountInjection
) -> None:
    """After every fault the driver must commit to lake and database again before the next one."""
    with driver_under_load(installation, full=False) as driver:
        for action in chance.choices(ACTIONS, k=STEPS):
            action(driver)
            driver.assert_recovers()
            count_injection()
    assert assert_settled(installation, assert_exact)["one_place"].rows > 1000
