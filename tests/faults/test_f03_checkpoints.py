"""F3: files of a checkpoint are lost or damaged. The offsets in the tables decide where a query continues."""

import random
import shutil
from pathlib import Path

import pytest

from tests.support.faults.checkpoint_damage import Damage, damage_and_resume, find_newest
from tests.support.faults.fixtures import AssertExact, ci_runs
from tests.support.stream import InProcessStream


def delete_last(folder: str, count: int) -> Damage:
    def damage(checkpoint: Path, _chance: random.Random) -> None:
        for file in find_newest(checkpoint / folder, count):
            file.unlink()

    return damage


def truncate_last_offsets(checkpoint: Path, chance: random.Random) -> None:
    (file,) = find_newest(checkpoint / "offsets")
    content = file.read_bytes()
    file.write_bytes(content[: chance.randrange(len(content))])


def flip_a_bit(checkpoint: Path, chance: random.Random) -> None:
    (file,) = find_newest(checkpoint / "offsets")
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


DAMAGES: dict[str, Damage] = {
    "last commit deleted": delete_last("commits", 1),
    "last two commits deleted": delete_last("commits", 2),
    "last two offsets deleted": delete_last("offsets", 2),
    "last offsets truncated": truncate_last_offsets,
    "a bit of the last offsets flipped": flip_a_bit,
    "checkpoint deleted": lambda checkpoint, _chance: shutil.rmtree(checkpoint),
}
IN_CI = ("a bit of the last offsets flipped", "checkpoint deleted")


@pytest.mark.fault("F3", ci=1, full=1)
@pytest.mark.parametrize("damage", ci_runs("F3", DAMAGES, *IN_CI))
def test_a_damaged_checkpoint_changes_no_number(
    stream: InProcessStream, chance: random.Random, assert_exact: AssertExact, damage: str
) -> None:
    damage_and_resume(stream, chance, assert_exact, DAMAGES[damage])
