"""The real `maintain` beside the real stream under load, killed with -9 in the middle: the next run finishes it."""

import random

import pytest

from streaming.processes import wait_until
from tests.faults.running import PATIENCE_SECONDS
from tests.fixtures_faults import Judge
from tests.fixtures_plant import Plant
from warehouse.upkeep import MAX_FILES, read_files

MIXTURE = ("--malformed", "0.05", "--duplicates", "0.05", "--late", "0.05")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.fault("F11", ci=0, full=2)
def test_maintain_runs_beside_a_loaded_stream_and_is_killed_once(
    plant: Plant, chance: random.Random, judge: Judge
) -> None:
    forget = ("--set", "lake.deleted_file_retention=interval 20 seconds")
    generator = plant.start("generate", "--rate", "60", *MIXTURE)
    stream = plant.start("stream", *forget)
    try:
        assert wait_until(lambda: max(count_files(plant), default=0) > MAX_FILES, PATIENCE_SECONDS)
        kill_in_the_middle(plant, joined_before=chance.randint(0, 1))
        plant.run("maintain", "--open-day")
        plant.wait_for_commits(4)
        assert generator.process.poll() is None
        assert stream.process.poll() is None
    finally:
        generator.stop()
        stream.stop()
    plant.run("stream", "--available-now", *forget)
    plant.run("maintain", "--open-day")
    judge(plant.prove())
    assert max(count_files(plant)) <= MAX_FILES


def count_files(plant: Plant) -> list[int]:
    """Of every partition of every table that has a commit."""
    tables = [commit.parents[1] for commit in plant.folder.glob(f"lake/*/*/_delta_log/{0:020d}.json")]
    return [len(sizes) for table in tables for sizes in read_files(table).values()]


def kill_in_the_middle(plant: Plant, joined_before: int) -> None:
    """`kill -9` of both its processes, with some OPTIMIZE committed and another one under way or next."""

    def joined() -> int:
        logs = plant.folder.glob("lake/*/*/_delta_log/*.json")
        return sum('"operation":"OPTIMIZE"' in log.read_text() for log in logs)

    run = plant.start("maintain", "--open-day")
    assert wait_until(lambda: bool(run.find("python")) and joined() >= joined_before, PATIENCE_SECONDS)
    assert run.kill("both") != 0
