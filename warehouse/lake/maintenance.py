"""Maintenance beside running writers: compacts small files, deletes files that no retained version needs.

Every commit holds the table's lock and carries the newest metadata on. It takes no fence, so a running stream goes on.
Compaction goes in steps, so that writers get the lock in between. An interrupted step leaves files that no version
names; the next run starts from the log.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from deltalake import DeltaTable
from pyspark.sql import SparkSession

from warehouse.lake.commit_metadata import CommitMetadata, Writer
from warehouse.lake.delta_io import compact, count_vacuumable, table_path, vacuum, write_checkpoint
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.locks import TableLocks
from warehouse.lake.tables import Table
from warehouse.settings import LakeSettings

MAX_FILES = 8
"""Files that a partition may keep. A day of bronze has a partition for each of three topics: 24 files a day."""
FILES_AT_ONCE = 200
BYTES_AT_ONCE = 64 * 2**20
"""Limits of one step, during which the table's writers wait. On two cores with a load of seven a step of 50, 100, 200
and 500 files took 4.9, 4.9, 5.4 and 7 to 11 s: less only makes more steps, 2 000 files in one step take a minute."""

Partition = tuple[tuple[str, object], ...]
"""(column, value) of each partition column; empty where a table has none."""


@dataclass(frozen=True)
class TableReport:
    """What was done for one table, or planned: then `files_after` counts the files that compaction would not touch."""

    table: str
    files_before: int = 0
    files_after: int = 0
    deleted: int = 0
    seconds: float = 0.0
    longest_lock_seconds: float = 0.0

    @property
    def is_unchanged(self) -> bool:
        """There was nothing to compact or to delete."""
        return self.files_before == self.files_after and not self.deleted


@dataclass
class Maintenance:
    """One run over the tables of a lake. `open_day`: also compact partitions that a stream is still filling."""

    spark: SparkSession
    lake: LakeSettings
    locks: TableLocks
    open_day: bool = False
    _longest: float = field(default=0.0, init=False)

    def plan(self, table: Table) -> TableReport:
        """What `run` would do; changes nothing."""
        path = table_path(self.lake, table)
        if not is_written(path):
            return TableReport(table.name)
        files, is_closed = read_files(path), self._find_closed(path)
        due = [sizes for partition, sizes in files.items() if choose_sizes(sizes) and is_closed(partition)]
        before = sum(map(len, files.values()))
        deletable = count_vacuumable(self.spark, path) if find_unreferenced(path) else 0
        return TableReport(table.name, before, before - sum(map(len, due)), deletable)

    def run(self, table: Table) -> TableReport:
        """Compacts one table and deletes files that it does not need any more."""
        path = table_path(self.lake, table)
        if not is_written(path):
            return TableReport(table.name)
        self._longest, start = 0.0, time.perf_counter()
        before, is_closed = read_files(path), self._find_closed(path)
        for partition, sizes in before.items():
            if is_closed(partition):
                self._compact(table, partition, rounds=len(sizes))
        after = read_files(path)
        report = TableReport(table.name, _count(before), _count(after))
        if not report.is_unchanged:
            with self._locked(table):
                write_checkpoint(self.spark, path)
        deleted, seconds = self._vacuum(table), time.perf_counter() - start
        return replace(report, deleted=deleted, seconds=seconds, longest_lock_seconds=self._longest)

    def _find_closed(self, path: Path) -> Callable[[Partition], bool]:
        """Which partitions get no more rows: days before the newest batch's day, and tables without days."""
        newest = DeltaLog(path).newest_metadata()
        batch_at = newest.batch_at if newest else ""
        today = datetime.fromisoformat(batch_at).date() if batch_at else date.min

        def is_closed(partition: Partition) -> bool:
            day = dict(partition).get("ingest_date")
            return day is None or self.open_day or date.fromisoformat(str(day)) < today

        return is_closed

    def _compact(self, table: Table, partition: Partition, rounds: int) -> None:
        """In rounds of one step; each makes one file of at least two, so there are never more rounds than files."""
        path = table_path(self.lake, table)
        for _ in range(rounds):
            sizes = choose_sizes(read_files(path).get(partition, []))
            if sizes is None:
                return
            with self._locked(table):
                compact(self.spark, path, dict(partition), sizes, carry_metadata(path))

    def _vacuum(self, table: Table) -> int:
        """Returns how many files were deleted. Takes the lock once, so that an append under way has ended first.

        Files of later appends are younger than any retention, so no lock is held during VACUUM, which takes longer
        than a step and makes no commit.
        """
        path = table_path(self.lake, table)
        unreferenced = find_unreferenced(path)
        if not unreferenced:  # VACUUM alone would take Spark some seconds
            return 0
        with self._locked(table):
            pass
        vacuum(self.spark, path)
        return sum(not Path(file).exists() for file in unreferenced)

    @contextmanager
    def _locked(self, table: Table) -> Iterator[None]:
        with self.locks.hold(table.name):
            start = time.perf_counter()
            yield
            self._longest = max(self._longest, time.perf_counter() - start)


def choose_sizes(sizes: list[int]) -> tuple[int, int] | None:
    """Sizes of a partition's files, in bytes -> (compact files smaller than this, into files of up to this size).

    None where the partition has few enough files. Beyond 256 MB the target is a quarter of the partition, so that of
    more than eight files the two smallest always fit into one.
    """
    if len(sizes) <= MAX_FILES:
        return None
    target = max(BYTES_AT_ONCE, sum(sizes) // (MAX_FILES // 2))
    smallest = sorted(sizes)[:FILES_AT_ONCE]
    fitting = sum(total <= target for total in accumulate(smallest))
    return smallest[fitting - 1] + 1, target


def carry_metadata(path: Path) -> CommitMetadata:
    """The newest metadata, for a commit of maintenance: offsets stay readable where older log files are deleted.

    `rows_of` is the version whose rows the commit holds: a recount reads them here once the older files are deleted.
    """
    newest = DeltaLog(path).newest_commit()
    if newest is None:
        return CommitMetadata(by=Writer.MAINTENANCE)
    carried = newest.metadata
    rows_of = carried.rows_of if carried.by == Writer.MAINTENANCE else newest.version
    return carried.carried(Writer.MAINTENANCE, rows_of=rows_of)


def is_written(path: Path) -> bool:
    """Whether the table has a commit."""
    return DeltaLog(path).newest_version() >= 0


def read_files(path: Path) -> dict[Partition, list[int]]:
    """Sizes in bytes of a table's files, by partition."""
    delta = DeltaTable(str(path))
    columns = delta.metadata().partition_columns
    files: dict[Partition, list[int]] = {}
    for row in _rows(delta.get_add_actions(flatten=True), ["size_bytes", *(f"partition.{name}" for name in columns)]):
        partition = tuple((name, row[f"partition.{name}"]) for name in columns)
        files.setdefault(partition, []).append(int(row["size_bytes"]))
    return files


def _rows(actions: Any, names: list[str]) -> Iterator[Mapping[str, Any]]:
    columns = [actions.column(name).to_pylist() for name in names]
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def _count(files: dict[Partition, list[int]]) -> int:
    return sum(map(len, files.values()))


def find_unreferenced(path: Path) -> set[str]:
    """Data files in the table's folder and its partitions that the newest version does not reference."""
    referenced = {unquote(file.removeprefix("file://")) for file in DeltaTable(str(path)).file_uris()}
    folders = (folder for folder in path.rglob("*") if folder.is_dir() and "_delta_log" not in folder.parts)
    return {str(file) for folder in (path, *folders) for file in folder.glob("*.parquet")} - referenced
