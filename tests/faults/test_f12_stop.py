"""F12: SIGTERM at any moment ends the driver within ten seconds; the next start continues, with exact numbers."""

import random
import signal
from contextlib import nullcontext

import pytest

from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.faults.installation import Installation
from tests.support.faults.invariants import assert_settled, assert_stops
from tests.support.faults.running_job import TIMEOUT_SECONDS, RunningJob

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
STARTING = ("jvm", "python", "query=bronze state=started")


@pytest.mark.fault("F12")
def test_a_driver_stops_within_ten_seconds_and_loses_nothing(
    installation: Installation,
    chance: random.Random,
    assert_exact: AssertExact,
    count_injection: CountInjection,
    full: bool,
) -> None:
    """In turns while it runs, while it starts, and while its JVM, its Python process or both are frozen; in CI once."""
    with installation.under_load():
        for number in range(10 if full else 1):
            job = installation.start("stream")
            if number % 3 == 1:
                wait_for_stage(job, chance.choice(STARTING))
            else:
                installation.wait_for_commits(chance.randint(1, 12))
            with job.frozen(chance.choice(["python", "jvm", "both"])) if number % 3 == 2 else nullcontext():
                assert_stops(job)
            count_injection()
    assert assert_settled(installation, assert_exact)["one_place"].rows > 1000


@pytest.mark.fault("F12")
def test_a_driver_that_is_asked_to_finish_reads_all_that_is_waiting(
    installation: Installation, assert_exact: AssertExact
) -> None:
    """SIGUSR1 twice under load, then while nothing is sent: exit code 0, and gold and bronze have everything."""
    with installation.under_load():
        job = installation.start("stream")
        installation.wait_for_commits(6)
        job.process.send_signal(signal.SIGUSR1)
        job.process.send_signal(signal.SIGUSR1)
        assert job.process.wait(TIMEOUT_SECONDS) == 0, job.read_log()[-3000:]
        job = installation.start("stream")
        installation.wait_for_commits(6)
    job.process.send_signal(signal.SIGUSR1)
    assert job.process.wait(TIMEOUT_SECONDS) == 0, job.read_log()[-3000:]
    assert_exact(installation.verify())


@pytest.mark.fault("F12", ci=0)
def test_a_drain_that_is_asked_to_finish_goes_on(installation: Installation, assert_exact: AssertExact) -> None:
    with installation.under_load():
        installation.start("stream").wait_for_log("query=posts state=started")
    drain = installation.start("stream", "--available-now")
    drain.wait_for_process("jvm")
    drain.process.send_signal(signal.SIGUSR1)  # before the driver has a handler: it is passed on later
    assert drain.process.wait(TIMEOUT_SECONDS) == 0, drain.read_log()[-3000:]
    assert_exact(installation.verify())


def wait_for_stage(job: RunningJob, stage: str) -> None:
    """Waits until a process runs, or until the driver has logged a line."""
    if stage.startswith("query="):
        job.wait_for_log(stage)
    else:
        job.wait_for_process(stage)
