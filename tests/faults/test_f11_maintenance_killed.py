"""F11: `maintain` beside a driver under load is killed with `kill -9` between its commits; the next run finishes it."""

import random

import pytest

from streaming.local.processes import wait_until
from tests.support.faults.fixtures import AssertExact
from tests.support.faults.installation import Installation
from tests.support.faults.running_job import TIMEOUT_SECONDS
from warehouse.lake.maintenance import MAX_FILES, read_files

FAULTY_RECORDS = ("--malformed", "0.05", "--duplicates", "0.05", "--late", "0.05")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.fault("F11", ci=0, full=2)
def test_maintain_runs_beside_a_loaded_stream_and_is_killed_once(
    installation: Installation, chance: random.Random, assert_exact: AssertExact
) -> None:
    short_retention = ("--set", "lake.deleted_file_retention=interval 20 seconds")
    generator = installation.start("generate", "--rate", "60", *FAULTY_RECORDS)
    driver = installation.start("stream", *short_retention)
    try:
        assert wait_until(lambda: max(count_files(installation), default=0) > MAX_FILES, TIMEOUT_SECONDS)
        kill_in_the_middle(installation, optimized_before=chance.randint(0, 1))
        installation.run("maintain", "--open-day")
        installation.wait_for_commits(4)
        assert generator.process.poll() is None
        assert driver.process.poll() is None
    finally:
        generator.stop()
        driver.stop()
    installation.run("stream", "--available-now", *short_retention)
    installation.run("maintain", "--open-day")
    assert_exact(installation.verify())
    assert max(count_files(installation)) <= MAX_FILES


def count_files(installation: Installation) -> list[int]:
    """Files of every partition of every table that has a commit."""
    tables = [commit.parents[1] for commit in installation.folder.glob(f"lake/*/*/_delta_log/{0:020d}.json")]
    return [len(sizes) for table in tables for sizes in read_files(table).values()]


def kill_in_the_middle(installation: Installation, optimized_before: int) -> None:
    """`kill -9` of JVM and Python driver of `maintain`, once there are `optimized_before` OPTIMIZE commits."""

    def count_optimized() -> int:
        logs = installation.folder.glob("lake/*/*/_delta_log/*.json")
        return sum('"operation":"OPTIMIZE"' in log.read_text() for log in logs)

    run = installation.start("maintain", "--open-day")
    assert wait_until(lambda: bool(run.find("python")) and count_optimized() >= optimized_before, TIMEOUT_SECONDS)
    assert run.kill("both") != 0
