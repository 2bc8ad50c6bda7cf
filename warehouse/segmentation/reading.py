"""The gold tables at fixed versions, so that a model can say what it was made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from warehouse.lake.delta_io import read_table
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.tables import AUTHOR_DAYS, AUTHOR_HASHTAG_DAYS, AUTHOR_HOURS
from warehouse.segmentation.clustering import NoSegments
from warehouse.segmentation.features import Gold, Window, choose_window

_TABLES = (AUTHOR_DAYS, AUTHOR_HOURS, AUTHOR_HASHTAG_DAYS)


@dataclass(frozen=True)
class Lake:
    """Gold as features need it. `versions`: the silver version that each table was made from, by name."""

    gold: Gold
    versions: Mapping[str, int]

    def choose_window(self, days: int) -> Window | None:
        """As `features.choose_window`."""
        return choose_window(self.gold.author_days, days)


def open_lake(spark: SparkSession, path: Path) -> Lake:
    """The newest version of each table.

    Raises:
        NoSegments: a table does not exist yet.
    """
    frames, versions = [], {}
    for table in _TABLES:
        log = DeltaLog(path / table.name)
        newest = log.newest_metadata()
        if newest is None:
            raise NoSegments(f"{table.name} has no rows yet: let the stream run first")
        frames.append(read_table(spark, path / table.name, log.newest_version()))
        versions[table.name] = newest.silver_version
    return Lake(Gold(*frames), versions)
