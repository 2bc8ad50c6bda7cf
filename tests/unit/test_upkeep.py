"""Which files are joined next: in bounded steps, down to the few that a partition may keep; and what is recorded."""

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake

from warehouse.lake.maintenance import (
    BYTES_AT_ONCE,
    FILES_AT_ONCE,
    MAX_FILES,
    carried_position,
    choose,
    find_unnamed,
    read_files,
)

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


def commit(path: Path, position: dict[str, Any]) -> None:
    rows = pa.table({"n": [1], "day": pa.array([date(2026, 11, 24)], pa.date32())})
    properties = CommitProperties(custom_metadata={"userMetadata": json.dumps(position)})
    write_deltalake(path, rows, mode="append", partition_by=["day"], commit_properties=properties)


def test_upkeep_records_the_newest_position_and_whose_rows_it_keeps(tmp_path: Path) -> None:
    commit(tmp_path, {})
    assert carried_position(tmp_path) == {"by": "maintain"}
    commit(tmp_path, {"query": "posts", "to": {"0": 7}})
    kept = {"query": "posts", "to": {"0": 7}, "by": "maintain", "rows_of": 1}
    for _ in range(2):  # its own commits keep the rows of the same version
        assert carried_position(tmp_path) == kept
        commit(tmp_path, kept)
    commit(tmp_path, {**kept, "by": "replay"})  # carries what it found, and brings rows
    assert carried_position(tmp_path) == {**kept, "rows_of": 4}


def test_files_are_known_by_partition(tmp_path: Path) -> None:
    commit(tmp_path, {})
    commit(tmp_path, {})
    (files,) = read_files(tmp_path).items()
    assert files[0] == (("day", date(2026, 11, 24)),)
    assert sorted(files[1]) == sorted(path.stat().st_size for path in tmp_path.glob("day=*/*.parquet"))


def test_only_files_that_no_longer_belong_to_the_table_are_worth_a_vacuum(tmp_path: Path) -> None:
    commit(tmp_path, {})
    commit(tmp_path, {})
    assert find_unnamed(tmp_path) == set()
    DeltaTable(tmp_path).create_checkpoint()
    DeltaTable(tmp_path).optimize.compact()
    assert len(find_unnamed(tmp_path)) == 2
