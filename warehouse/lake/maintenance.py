"""Maintenance of the lake beside running writers: many small files become few, and files that nobody needs are deleted.

Every commit holds the table's lock and carries the recorded position forward; no fence is taken, so a running stream
goes on. No lock is held for a whole day of files: they are joined in steps, and writers get their turn in between.
A step that is interrupted leaves files that no version names; the next run starts from what the log says.
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

from warehouse.lake.delta_io import compact, find_unneeded, table_path, vacuum, write_checkpoint
from warehouse.lake.delta_log import MAINTENANCE, DeltaLog
from warehouse.lake.locks import TableLocks
from warehouse.lake.tables import Table
from warehouse.settings import LakeSettings

MAX_FILES = 8
"""Files that a partition may keep. A day of bronze has a partition for each of three topics: 24 a table and day."""
FILES_AT_ONCE = 200
BYTES_AT_ONCE = 64 * 2**20
"""Of one step, during which the table's writers wait. On two cores with a load of seven a step of 50, 100, 200 and 500
files took 4.9, 4.9, 5.4 and 7 to 11 s: less would only mean more steps, all in one would be a minute for 2 000."""

Partition = tuple[tuple[str, object], ...]
"""(column, value) of each partition column; empty where a table has none."""


@dataclass(frozen=True)
class Done:
    """What was done for one table, or (`dry_run`) would be: then `files_after` are those that nobody would touch."""

    table: str
    files_before: int = 0
    files_after: int = 0
    deleted: int = 0
    seconds: float = 0.0
    longest_lock_seconds: float = 0.0

    @property
    def is_nothing(self) -> bool:
        """The table is as it should be."""
        return self.files_before == self.files_after and not self.deleted


@dataclass
class Maintenance:
    """One run over the tables of a lake. `open_day`: also the partitions that a stream is still filling."""

    spark: SparkSession
    lake: LakeSettings
    locks: TableLocks
    open_day: bool = False
    _longest: float = field(default=0.0, init=False)

    def plan(self, table: Table) -> Done:
        """Changes nothing."""
        path = table_path(self.lake, table)
        if not is_written(path):
            return Done(table.name)
        files, is_closed = read_files(path), self._closing(path)
        due = [sizes for partition, sizes in files.items() if choose(sizes) and is_closed(partition)]
        before = sum(map(len, files.values()))
        unneeded = find_unneeded(self.spark, path) if find_unnamed(path) else 0
        return Done(table.name, before, before - sum(map(len, due)), unneeded)

    def run(self, table: Table) -> Done:
        """Joins and deletes files of one table."""
        path = table_path(self.lake, table)
        if not is_written(path):
            return Done(table.name)
        self._longest, start = 0.0, time.perf_counter()
        before, is_closed = read_files(path), self._closing(path)
        for partition, sizes in before.items():
            if is_closed(partition):
                self._join(table, partition, rounds=len(sizes))
        after = read_files(path)
        done = Done(table.name, _count(before), _count(after))
        if not done.is_nothing:
            with self._locked(table):
                write_checkpoint(self.spark, path)
        deleted, seconds = self._vacuum(table), time.perf_counter() - start
        return replace(done, deleted=deleted, seconds=seconds, longest_lock_seconds=self._longest)

    def _closing(self, path: Path) -> Callable[[Partition], bool]:
        """Which partitions get no more rows: those of a day before the newest batch's, and what has no days at all."""
        newest = DeltaLog(path).newest_position()
        batch_at = newest.position.get("batch_at") if newest else None
        today = datetime.fromisoformat(batch_at).date() if batch_at else date.min

        def is_closed(partition: Partition) -> bool:
            day = dict(partition).get("ingest_date")
            return day is None or self.open_day or date.fromisoformat(str(day)) < today

        return is_closed

    def _join(self, table: Table, partition: Partition, rounds: int) -> None:
        """Each round makes one file of at least two, so that there are never more rounds than files."""
        path = table_path(self.lake, table)
        for _ in range(rounds):
            sizes = choose(read_files(path).get(partition, []))
            if sizes is None:
                return
            with self._locked(table):
                compact(self.spark, path, dict(partition), sizes, carried_position(path))

    def _vacuum(self, table: Table) -> int:
        """Files deleted. An append that is under way ends first: files of later ones are younger than any retention.

        No lock is held meanwhile, because nothing is committed: it takes longer than a step.
        """
        path = table_path(self.lake, table)
        unnamed = find_unnamed(path)
        if not unnamed:  # seconds of Spark for nothing
            return 0
        with self._locked(table):
            pass
        vacuum(self.spark, path)
        return sum(not Path(file).exists() for file in unnamed)

    @contextmanager
    def _locked(self, table: Table) -> Iterator[None]:
        with self.locks.hold(table.name):
            start = time.perf_counter()
            yield
            self._longest = max(self._longest, time.perf_counter() - start)


def choose(sizes: list[int]) -> tuple[int, int] | None:
    """Of the files of one partition, in bytes: (smaller than this are joined now, into files of up to this size).

    None where the partition has few enough. Beyond 64 MB a file may hold a quarter of the partition: two files of more
    than eight then always fit into one.
    """
    if len(sizes) <= MAX_FILES:
        return None
    target = max(BYTES_AT_ONCE, sum(sizes) // (MAX_FILES // 2))
    smallest = sorted(sizes)[:FILES_AT_ONCE]
    fitting = sum(total <= target for total in accumulate(smallest))
    return smallest[fitting - 1] + 1, target


def carried_position(path: Path) -> dict[str, Any]:
    """What a commit of the upkeep records: the newest position as it is, so that no cleaned log can hide it.

    `rows_of` is the version whose rows it keeps: a recount reads those here once the older files are deleted.
    """
    newest = DeltaLog(path).newest_position()
    if newest is None:
        return {"by": MAINTENANCE}
    kept = newest.position["rows_of"] if newest.position.get("by") == MAINTENANCE else newest.version
    return newest.carried(MAINTENANCE, rows_of=kept)


def is_written(path: Path) -> bool:
    """True once the table has a commit."""
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


def find_unnamed(path: Path) -> set[str]:
    """Data files in the table's folder and its partitions that the newest version does not name."""
    named = {unquote(file.removeprefix("file://")) for file in DeltaTable(str(path)).file_uris()}
    folders = (folder for folder in path.rglob("*") if folder.is_dir() and "_delta_log" not in folder.parts)
    return {str(file) for folder in (path, *folders) for file in folder.glob("*.parquet")} - named
