"""F4: a power cut leaves a checkpoint whose newest files are older than the tables: they have names and no content."""

import random
from pathlib import Path

import pytest

from tests.support.faults.checkpoint_damage import damage_and_resume, find_newest
from tests.support.faults.fixtures import AssertExact
from tests.support.stream import InProcessStream


def empty_last_two(checkpoint: Path, _chance: random.Random) -> None:
    """What a file system may have after a power cut: names without content, of commits as of offsets."""
    for folder in ("offsets", "commits"):
        for file in find_newest(checkpoint / folder, 2):
            file.write_bytes(b"")


@pytest.mark.fault("F4", ci=0, full=1)
def test_a_power_cut_changes_no_number(
    stream: InProcessStream, chance: random.Random, assert_exact: AssertExact
) -> None:
    damage_and_resume(stream, chance, assert_exact, empty_last_two)
