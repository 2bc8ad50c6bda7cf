"""F12: SIGTERM at any moment ends the driver within ten seconds; the next start continues, with exact numbers."""

import random
from contextlib import nullcontext

import pytest

from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.faults.installation import Installation
from tests.support.faults.invariants import assert_settled, assert_stops
from tests.support.faults.running_job import RunningJob

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


def wait_for_stage(job: RunningJob, stage: str) -> None:
    """Waits until a process runs, or until the driver has logged a line."""
    if stage.startswith("query="):
        job.wait_for_log(stage)
    else:
        job.wait_for_process(stage)
