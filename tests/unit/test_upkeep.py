"""Which files are joined next: in bounded steps, and always down to the few that a partition may keep."""

import random

import pytest

from warehouse.upkeep import BYTES_AT_ONCE, FILES_AT_ONCE, MAX_FILES, choose

MB = 2**20


def join(sizes: list[int]) -> tuple[list[int], int]:
    """What OPTIMIZE does with a choice: files below the limit, smallest first, fill files up to the target."""
    chosen = choose(sizes)
    assert chosen is not None
    smaller_than, target = chosen
    kept = [size for size in sizes if size >= smaller_than]
    bins: list[int] = []
    for size in sorted(size for size in sizes if size < smaller_than):
        if bins and bins[-1] + size <= target:
            bins[-1] += size
        else:
            bins.append(size)
    return kept + bins, len(sizes) - len(kept)


@pytest.mark.parametrize(("count", "largest"), [(9, 3 * 1024 * MB), (2_000, 30_000), (20_000, 40_000), (3_000, 5 * MB)])
def test_every_round_leaves_fewer_files_until_they_are_few(count: int, largest: int) -> None:
    draw = random.Random(count)  # noqa: S311 - a replayable example
    sizes = [draw.randint(1_000, largest) for _ in range(count)]
    for _ in range(count):
        if choose(sizes) is None:
            break
        joined, read = join(sizes)
        assert len(joined) < len(sizes)
        assert read <= FILES_AT_ONCE + len(sizes) - len(set(sizes))  # equal sizes go together
        sizes = joined
    assert len(sizes) <= MAX_FILES


def test_a_step_is_bounded_in_bytes_while_the_day_is_small() -> None:
    sizes = [30 * MB + number for number in range(9)]
    smaller_than, target = choose(sizes) or (0, 0)
    assert target == max(BYTES_AT_ONCE, sum(sizes) // 4)
    assert sum(size for size in sizes if size < smaller_than) <= target


def test_few_files_are_left_alone() -> None:
    assert choose([1] * MAX_FILES) is None
