"""Network faults between driver and database; every function returns with the network working again."""

from tests.support.faults.driver_under_load import DriverUnderLoad
from tests.support.faults.proxy import AT_COMMIT, IN_COPY, Disruption
from tests.support.faults.running_job import TIMEOUT_SECONDS


def slow_down(driver: DriverUnderLoad) -> None:
    """Half a second more for every message, in both directions, until the ledger has grown."""
    driver.proxy.delay_seconds = 0.5
    driver.installation.wait_for_ledger()
    driver.proxy.delay_seconds = 0.0


def cut_a_copy(driver: DriverUnderLoad) -> None:
    """Half of the rows of a COPY arrive, then a reset."""
    disrupt(driver, *IN_COPY, Disruption.CUT)


def cut_an_upsert(driver: DriverUnderLoad) -> None:
    """Half of a statement arrives, then a reset."""
    disrupt(driver, b"INSERT INTO warehouse.", 0, Disruption.CUT)


def lose_the_answer_to_a_commit(driver: DriverUnderLoad) -> None:
    """The server commits, and the driver gets a reset instead of the answer."""
    disrupt(driver, *AT_COMMIT, Disruption.DROP_ANSWER)


def drop_all_traffic(driver: DriverUnderLoad) -> None:
    """A black hole: nothing passes, neither side gets an error; bronze goes on."""
    with driver.proxy.black_hole():
        driver.installation.wait_for_commits(3, "bronze")
        driver.wait_out(20)


def disrupt(driver: DriverUnderLoad, marker: bytes, after: int, disruption: Disruption) -> None:
    """Disrupts one message of the driver and returns once that has happened."""
    with driver.proxy.intercept(marker, disruption, after) as interception:
        assert interception.hit.wait(TIMEOUT_SECONDS), f"no message contained {marker!r}"
