"""Which files one step of maintenance compacts, which files VACUUM can delete, and the metadata of its commits."""

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
    carry_metadata,
    choose_sizes,
    find_unreferenced,
    read_files,
)

MB = 2**20


def compact(sizes: list[int]) -> tuple[list[int], int]:
    """What OPTIMIZE does in the chosen step: writes files below the limit, smallest first, into files up to the target.

    Returns the sizes afterwards, and how many files were read.
    """
    chosen = choose_sizes(sizes)
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
def test_every_step_leaves_fewer_files_until_they_are_few(count: int, largest: int) -> None:
    draw = random.Random(count)  # noqa: S311 - a replayable example
    sizes = [draw.randint(1_000, largest) for _ in range(count)]
    for _ in range(count):
        if choose_sizes(sizes) is None:
            break
        compacted, read = compact(sizes)
        assert len(compacted) < len(sizes)
        assert read <= FILES_AT_ONCE + len(sizes) - len(set(sizes))  # files of one size are in the same step
        sizes = compacted
    assert len(sizes) <= MAX_FILES


def test_a_step_is_bounded_in_bytes_while_the_day_is_small() -> None:
    sizes = [30 * MB + number for number in range(9)]
    smaller_than, target = choose_sizes(sizes) or (0, 0)
    assert target == max(BYTES_AT_ONCE, sum(sizes) // 4)
    assert sum(size for size in sizes if size < smaller_than) <= target


def test_few_files_are_not_compacted() -> None:
    assert choose_sizes([1] * MAX_FILES) is None


def commit(path: Path, metadata: dict[str, Any]) -> None:
    rows = pa.table({"n": [1], "day": pa.array([date(2026, 11, 24)], pa.date32())})
    properties = CommitProperties(custom_metadata={"userMetadata": json.dumps(metadata)})
    write_deltalake(path, rows, mode="append", partition_by=["day"], commit_properties=properties)


def test_maintenance_carries_the_newest_metadata_and_the_version_of_its_rows(tmp_path: Path) -> None:
    commit(tmp_path, {})
    assert json.loads(carry_metadata(tmp_path).to_json()) == {"by": "maintain"}
    commit(tmp_path, {"query": "posts", "to": {"0": 7}})
    kept = {"query": "posts", "to": {"0": 7}, "by": "maintain", "rows_of": 1}
    for _ in range(2):  # its own commits keep the rows of the same version
        assert json.loads(carry_metadata(tmp_path).to_json()) == kept
        commit(tmp_path, kept)
    commit(tmp_path, {**kept, "by": "replay"})  # carries the metadata on, and adds rows
    assert json.loads(carry_metadata(tmp_path).to_json()) == {**kept, "rows_of": 4}


def test_file_sizes_are_read_by_partition(tmp_path: Path) -> None:
    commit(tmp_path, {})
    commit(tmp_path, {})
    (files,) = read_files(tmp_path).items()
    assert files[0] == (("day", date(2026, 11, 24)),)
    assert sorted(files[1]) == sorted(path.stat().st_size for path in tmp_path.glob("day=*/*.parquet"))


def test_only_files_that_left_the_table_can_be_vacuumed(tmp_path: Path) -> None:
    commit(tmp_path, {})
    commit(tmp_path, {})
    assert find_unreferenced(tmp_path) == set()
    DeltaTable(tmp_path).create_checkpoint()
    DeltaTable(tmp_path).optimize.compact()
    assert len(find_unreferenced(tmp_path)) == 2
