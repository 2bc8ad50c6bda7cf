"""F3: what is left of a checkpoint after files were lost or damaged. Positions decide: nothing is lost or doubled."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.faults.fixtures import Judge, ci_runs
from tests.support.stream import POSTS_CHAIN, StreamBench, send_posts

Damage = Callable[[Path, random.Random], None]
READERS = ("bronze", "posts")
"""Gold leaves its checkpoint behind at every start."""


def newest(folder: Path, count: int = 1) -> list[Path]:
    """The files of the last batches, oldest first."""
    return sorted(folder.iterdir(), key=lambda path: int(path.name))[-count:]


def delete_last(folder: str, count: int) -> Damage:
    def damage(checkpoint: Path, _chance: random.Random) -> None:
        for file in newest(checkpoint / folder, count):
            file.unlink()

    return damage


def truncate_last_offsets(checkpoint: Path, chance: random.Random) -> None:
    (file,) = newest(checkpoint / "offsets")
    content = file.read_bytes()
    file.write_bytes(content[: chance.randrange(len(content))])


def flip_a_byte(checkpoint: Path, chance: random.Random) -> None:
    (file,) = newest(checkpoint / "offsets")
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def empty_last_two(checkpoint: Path, _chance: random.Random) -> None:
    """What a file system may have after a power cut: names without content, of commits as of offsets."""
    for folder in ("offsets", "commits"):
        for file in newest(checkpoint / folder, 2):
            file.write_bytes(b"")


DAMAGES: dict[str, Damage] = {
    "last commit deleted": delete_last("commits", 1),
    "last two commits deleted": delete_last("commits", 2),
    "last two offsets deleted": delete_last("offsets", 2),
    "last offsets truncated": truncate_last_offsets,
    "a byte of the last offsets flipped": flip_a_byte,
    "checkpoint deleted": lambda checkpoint, _chance: shutil.rmtree(checkpoint),
}
IN_CI = ("a byte of the last offsets flipped", "checkpoint deleted")


@pytest.mark.fault("F3", ci=1, full=1)
@pytest.mark.parametrize("damage", ci_runs("F3", DAMAGES, *IN_CI))
def test_a_damaged_checkpoint_costs_nothing(
    bench: StreamBench, chance: random.Random, judge: Judge, damage: str
) -> None:
    damage_and_go_on(bench, chance, judge, DAMAGES[damage])


@pytest.mark.fault("F4", ci=0, full=1)
def test_a_power_cut_costs_nothing(bench: StreamBench, chance: random.Random, judge: Judge) -> None:
    damage_and_go_on(bench, chance, judge, empty_last_two)


def damage_and_go_on(bench: StreamBench, chance: random.Random, judge: Judge, damage: Damage) -> None:
    """Several batches, the damage, and then records half of which repeat what silver holds."""
    for query in READERS:
        bench.cap(query, 25)
    send_posts(bench, 0, 60)
    bench.drain(READERS)
    for query in READERS:
        assert len(list((bench.settings.stream.checkpoints / query / "1" / "offsets").iterdir())) >= 3
        damage(bench.settings.stream.checkpoints / query / "1", chance)
        bench.cap(query, 100)
    send_posts(bench, 40, 40)
    bench.drain(POSTS_CHAIN)
    judge(bench.verify().checks)
    assert bench.count("silver/posts") == 80
