"""F5: two drivers, and a driver that was frozen and resumes: exactly one commits, the other ends with one sentence."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from streaming.local.processes import wait_until
from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.faults.installation import Installation
from tests.support.faults.invariants import assert_settled
from tests.support.faults.proxy import AT_COMMIT, IN_COPY, Disruption, Proxy
from tests.support.faults.running_job import TIMEOUT_SECONDS, RunningJob

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
FENCED = r"^query \w+ is held by a newer driver \(pid \d+\)$"
FROZEN_SECONDS = 30.0
"""Longest wait for a commit of the newer driver: it makes none if the other was frozen while it held a table's lock."""
ANYWHERE = (b"", 0)


@pytest.mark.fault("F5", ci=0, full=1)
@pytest.mark.parametrize(
    ("seconds_apart", "place"),
    [(0.0, ANYWHERE), (4.0, IN_COPY), (0.0, AT_COMMIT)],
    ids=["at once, frozen anywhere", "4 s apart, frozen in a COPY", "at once, frozen at COMMIT"],
)
def test_of_two_drivers_exactly_one_commits(
    installation: Installation,
    chance: random.Random,
    assert_exact: AssertExact,
    count_injection: CountInjection,
    seconds_apart: float,
    place: tuple[bytes, int],
) -> None:
    """Starts two drivers at once or 4 s apart; then freezes the winner and resumes it beside a newer driver."""
    proxy = Proxy(installation.settings.postgres.port)
    with installation.under_load():
        winner = start_twice(installation, proxy, seconds_apart)
        count_injection()
        installation.wait_for_ledger()
        with held_at(proxy, place), winner.frozen(chance.choice(["python", "jvm", "both"])):
            newest = installation.start("stream")
            newest.wait_for_log("state=")  # a query has started, or waits for a lock that the frozen driver holds
            before = installation.count_commits()
            wait_until(lambda: installation.count_commits() > before, FROZEN_SECONDS)
        assert_fenced(winner)
        count_injection()
        installation.wait_for_commits(3)
        installation.wait_for_ledger()
        assert newest.process.poll() is None, newest.read_log()[-3000:]
        newest.terminate()
    proxy.close()
    assert assert_settled(installation, assert_exact)["one_place"].rows > 1000


def start_twice(installation: Installation, proxy: Proxy, seconds_apart: float) -> RunningJob:
    """Starts two drivers; returns the one that still runs once the other has ended."""
    first = installation.start("stream", overrides=[f"postgres.url={proxy.url}"])
    time.sleep(seconds_apart)  # the fault itself: a scheduler that starts the job again
    drivers = [first, installation.start("stream", overrides=[f"postgres.url={proxy.url}"])]
    assert wait_until(lambda: any(d.process.poll() is not None for d in drivers), TIMEOUT_SECONDS), (
        "both drivers still run"
    )
    drivers.sort(key=lambda driver: driver.process.poll() is None)
    assert_fenced(drivers[0])
    return drivers[1]


def assert_fenced(driver: RunningJob) -> None:
    """Fails unless it has ended with the sentence about the newer driver and has logged no other error."""
    driver.assert_fatal(FENCED)
    assert "level=ERROR" not in driver.read_log()


@contextmanager
def held_at(proxy: Proxy, place: tuple[bytes, int]) -> Iterator[None]:
    """Holds the message at `place` while the block runs, which begins once the driver is inside its transaction.

    In the middle of a COPY only its own temp table is locked; before COMMIT fact tables are, until the server ends a
    session that is idle in its transaction.
    """
    marker, after = place
    with proxy.intercept(marker, Disruption.HOLD, after) as interception:
        assert interception.hit.wait(TIMEOUT_SECONDS), f"no message contained {marker!r}"
        yield
