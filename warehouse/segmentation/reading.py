"""The gold tables at fixed versions, so that a model can say what it was made from."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from warehouse.lake.delta_io import read_table
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.tables import AUTHOR_DAYS, AUTHOR_HASHTAG_DAYS, AUTHOR_HOURS, Table
from warehouse.segmentation.clustering import NoSegments
from warehouse.segmentation.features import Gold, Window, choose_window

_TABLES = (AUTHOR_DAYS, AUTHOR_HOURS, AUTHOR_HASHTAG_DAYS)
_PATIENCE_SECONDS = 60.0  # gold merges its tables one after the other, within seconds


@dataclass(frozen=True)
class Lake:
    """Gold as features need it. `versions`: the silver version that each table was made from, by name."""

    gold: Gold
    versions: Mapping[str, int]

    def choose_window(self, days: int) -> Window | None:
        """As `features.choose_window`."""
        return choose_window(self.gold.author_days, days)


def open_lake(spark: SparkSession, path: Path) -> Lake:
    """The newest version of each table; waits while the stream has updated some of them and others not yet.

    Raises:
        NoSegments: a table does not exist yet, or they do not come to the same version of silver.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found = {table.name: _find_newest(path, table) for table in _TABLES}
        if len({silver for _, silver in found.values()}) == 1:
            frames = (read_table(spark, path / name, version) for name, (version, _) in found.items())
            return Lake(Gold(*frames), {name: silver for name, (_, silver) in found.items()})
        if time.monotonic() > deadline:
            raise NoSegments("the gold tables are not at the same version: let the stream bring them up to date")
        time.sleep(1)


def _find_newest(path: Path, table: Table) -> tuple[int, int]:
    """The table's version, and the version of silver that it holds."""
    log = DeltaLog(path / table.name)
    while True:
        version, metadata = log.newest_version(), log.newest_metadata()
        if metadata is None:
            raise NoSegments(f"{table.name} has no rows yet: let the stream run first")
        if log.newest_version() == version:  # else a commit came in between
            return version, metadata.silver_version
