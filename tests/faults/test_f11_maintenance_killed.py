"""The real `maintain` beside the real stream under load, killed with -9 in the middle: the next run finishes it."""

import random

import pytest

from streaming.local.processes import wait_until
from tests.support.faults.fixtures import Judge
from tests.support.faults.lakehouse import Lakehouse
from tests.support.faults.running import PATIENCE_SECONDS
from warehouse.lake.maintenance import MAX_FILES, read_files

MIXTURE = ("--malformed", "0.05", "--duplicates", "0.05", "--late", "0.05")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.fault("F11", ci=0, full=2)
def test_maintain_runs_beside_a_loaded_stream_and_is_killed_once(
    lakehouse: Lakehouse, chance: random.Random, judge: Judge
) -> None:
    forget = ("--set", "lake.deleted_file_retention=interval 20 seconds")
    generator = lakehouse.start("generate", "--rate", "60", *MIXTURE)
    stream = lakehouse.start("stream", *forget)
    try:
        assert wait_until(lambda: max(count_files(lakehouse), default=0) > MAX_FILES, PATIENCE_SECONDS)
        kill_in_the_middle(lakehouse, joined_before=chance.randint(0, 1))
        lakehouse.run("maintain", "--open-day")
        lakehouse.wait_for_commits(4)
        assert generator.process.poll() is None
        assert stream.process.poll() is None
    finally:
        generator.stop()
        stream.stop()
    lakehouse.run("stream", "--available-now", *forget)
    lakehouse.run("maintain", "--open-day")
    judge(lakehouse.verify())
    assert max(count_files(lakehouse)) <= MAX_FILES


def count_files(lakehouse: Lakehouse) -> list[int]:
    """Of every partition of every table that has a commit."""
    tables = [commit.parents[1] for commit in lakehouse.folder.glob(f"lake/*/*/_delta_log/{0:020d}.json")]
    return [len(sizes) for table in tables for sizes in read_files(table).values()]


def kill_in_the_middle(lakehouse: Lakehouse, joined_before: int) -> None:
    """`kill -9` of both its processes, with some OPTIMIZE committed and another one under way or next."""

    def joined() -> int:
        logs = lakehouse.folder.glob("lake/*/*/_delta_log/*.json")
        return sum('"operation":"OPTIMIZE"' in log.read_text() for log in logs)

    run = lakehouse.start("maintain", "--open-day")
    assert wait_until(lambda: bool(run.find("python")) and joined() >= joined_before, PATIENCE_SECONDS)
    assert run.kill("both") != 0
