"""Damage to the checkpoints of queries that read topics, between two drains."""

import random
from collections.abc import Callable
from pathlib import Path

from tests.support.faults.fixtures import AssertExact
from tests.support.stream import POSTS_CHAIN, InProcessStream, send_posts

Damage = Callable[[Path, random.Random], None]
READERS = ("bronze", "posts")
"""Queries whose checkpoint is continued; gold has none."""


def find_newest(folder: Path, count: int = 1) -> list[Path]:
    """The files of the last batches in a folder of a checkpoint, oldest first."""
    return sorted(folder.iterdir(), key=lambda path: int(path.name))[-count:]


def damage_and_resume(
    stream: InProcessStream, chance: random.Random, assert_exact: AssertExact, damage: Damage
) -> None:
    """Several batches, the damage, then records half of which are repeats; fails unless every number is exact."""
    for query in READERS:
        stream.cap(query, 25)
    send_posts(stream, 0, 60)
    stream.drain(READERS)
    for query in READERS:
        assert len(list((stream.settings.stream.checkpoints / query / "1" / "offsets").iterdir())) >= 3
        damage(stream.settings.stream.checkpoints / query / "1", chance)
        stream.cap(query, 100)
    send_posts(stream, 40, 40)
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)
    assert stream.count("silver/posts") == 80
