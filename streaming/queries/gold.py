"""Gold: aggregates of silver up to one of its versions, merged in slow, large steps.

A timer looks whether silver has a new version. What is merged are the rows of silver's commits after the version that
each gold table records: there is no checkpoint that could be lost, and a look without new commits writes nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from streaming.queries.running import RunningTimer
from streaming.queries.runtime import Runtime
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence
from streaming.transforms import gold_arrow
from streaming.transforms.gold_aggregates import (
    count_by_author_day,
    count_by_author_hashtag_day,
    count_by_author_hour,
    count_by_hashtag_minute,
    count_by_mention_edge,
    measure_by_machine_minute,
)
from warehouse.lake.arrow_io import read_rows
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.commit_replay import replay_commits
from warehouse.lake.delta_io import match_on, merge, overwrite, read_added_rows, read_table
from warehouse.lake.delta_log import Commit, DeltaLog
from warehouse.lake.schemas.silver import SENSORS
from warehouse.lake.tables import (
    AUTHOR_DAYS,
    AUTHOR_HASHTAG_DAYS,
    AUTHOR_HOURS,
    HASHTAG_MINUTES,
    MACHINE_MINUTES,
    MENTION_EDGES,
    POSTS,
    READINGS,
    Table,
)

log = logging.getLogger(__name__)
COMMITS_AT_ONCE = 500
SMALL_BYTES = 32 * 2**20
"""Of the data files of a chunk: up to so many it is aggregated in the driver, without Spark."""
LEAST, GREATEST = {"lowest"}, {"highest"}


@dataclass(frozen=True)
class Aggregate:
    """One gold table, and how silver rows become its increments.

    The first column of the key is the event time. Columns outside the key add up, but `LEAST` and `GREATEST`.
    """

    table: Table
    count: Callable[[DataFrame], DataFrame]
    count_in_arrow: Callable[[pa.Table], pa.Table]  # the same
    columns: tuple[str, ...]  # of silver, that it reads


@dataclass(frozen=True)
class GoldPipeline:
    """One gold query: its silver table and its aggregates."""

    name: str
    silver: Table
    aggregates: tuple[Aggregate, ...]


GOLD = (
    GoldPipeline(
        "gold_posts",
        POSTS,
        (
            Aggregate(
                HASHTAG_MINUTES,
                count_by_hashtag_minute,
                gold_arrow.count_by_hashtag_minute,
                ("created_at", "counted_hashtags", "lang"),
            ),
            Aggregate(
                AUTHOR_DAYS,
                count_by_author_day,
                gold_arrow.count_by_author_day,
                ("created_at", "author_pseudonym", "in_reply_to", "mention_pseudonyms"),
            ),
            Aggregate(
                MENTION_EDGES,
                count_by_mention_edge,
                gold_arrow.count_by_mention_edge,
                ("created_at", "author_pseudonym", "mention_pseudonyms"),
            ),
            Aggregate(
                AUTHOR_HOURS,
                count_by_author_hour,
                gold_arrow.count_by_author_hour,
                ("created_at", "author_pseudonym", "counted_hashtags"),
            ),
            Aggregate(
                AUTHOR_HASHTAG_DAYS,
                count_by_author_hashtag_day,
                gold_arrow.count_by_author_hashtag_day,
                ("created_at", "author_pseudonym", "counted_hashtags"),
            ),
        ),
    ),
    GoldPipeline(
        "gold_machines",
        READINGS,
        (
            Aggregate(
                MACHINE_MINUTES,
                measure_by_machine_minute,
                gold_arrow.measure_by_machine_minute,
                ("measured_at", "machine_id", *SENSORS),
            ),
        ),
    ),
)


@dataclass
class GoldQuery:
    """The running query. `tables` are in the order of the pipeline's aggregates."""

    pipeline: GoldPipeline
    runtime: Runtime
    fence: Fence
    tables: tuple[OffsetTrackedTable, ...]
    _reached: int = -1  # silver's version that all tables are known to have

    def start(self) -> RunningTimer:
        """Starts the timer."""
        runtime, name = self.runtime, self.pipeline.name
        session = runtime.spark.newSession()  # a merge's metadata is a setting of its session
        period = None if runtime.available_now else runtime.trigger_seconds(name)
        return RunningTimer(session, name, lambda: self.update(session), period, runtime.stream.queries[name].pool)

    def is_behind(self) -> bool:
        """Always False: an update notices what other jobs did to silver."""
        return False

    def update(self, spark: SparkSession) -> None:
        """Updates each gold table to silver's newest version."""
        silver = DeltaLog(self.runtime.lake.path / self.pipeline.silver.name)
        upto = silver.newest_version()
        if upto == self._reached:
            return
        for aggregate, table in zip(self.pipeline.aggregates, self.tables, strict=True):
            self._update(spark, aggregate, table, (silver, upto))
        self._reached = upto

    def _update(
        self, spark: SparkSession, aggregate: Aggregate, table: OffsetTrackedTable, silver: tuple[DeltaLog, int]
    ) -> None:
        silver_log, upto = silver
        with table.locked_in_python(self.fence):  # waits for a merge that an older driver had begun
            newest = table.log.newest_metadata()
        reached = -1 if newest is None else newest.silver_version

        def apply(commits: list[Commit]) -> None:
            self.runtime.check_stop()
            if sum(Path(file).stat().st_size for file in list_files(commits)) <= SMALL_BYTES:
                self._merge_in_arrow(aggregate, table, commits)
            else:
                self._merge(spark, aggregate, table, commits)

        def rebuild(reason: str) -> None:
            log.warning('query=%s table=%s gold=rebuild reason="%s"', self.pipeline.name, table.table.name, reason)
            with table.locked(self.fence):
                self._rebuild(spark, aggregate, table, upto)

        if reached > upto:
            rebuild("gold is ahead of silver")
        else:
            replay_commits(silver_log, (reached, upto), COMMITS_AT_ONCE, apply, rebuild)

    def _merge_in_arrow(self, aggregate: Aggregate, table: OffsetTrackedTable, commits: list[Commit]) -> None:
        files, metadata = list_files(commits), self._metadata(commits[-1].version)
        increments = self._aggregate(aggregate, files) if files else None
        with table.locked_in_python(self.fence):
            if increments is None:  # batches of nothing but duplicates or rejected records
                table.commit_in_arrow(metadata)
            else:
                table.merge_in_arrow(increments, combine_columns(aggregate.table), metadata)

    def _aggregate(self, aggregate: Aggregate, files: list[str]) -> pa.Table:
        return aggregate.count_in_arrow(read_rows(files, self.pipeline.silver, aggregate.columns))

    def _merge(
        self, spark: SparkSession, aggregate: Aggregate, table: OffsetTrackedTable, commits: list[Commit]
    ) -> None:
        rows = read_added_rows(spark, commits, self.pipeline.silver.schema)
        increments = rows.transform(aggregate.count).persist()
        changes = {name: F.expr(combined) for name, combined in combine_columns(aggregate.table).items()}
        try:
            match = _match(aggregate.table, increments)
            with table.locked(self.fence):
                merge(increments, table.path, match, changes, self._metadata(commits[-1].version))
        finally:
            increments.unpersist()

    def _rebuild(self, spark: SparkSession, aggregate: Aggregate, table: OffsetTrackedTable, version: int) -> None:
        silver = read_table(spark, self.runtime.lake.path / self.pipeline.silver.name, version)
        rows = silver.transform(aggregate.count)
        overwrite(rows.select(*aggregate.table.schema.names), table.path, self._metadata(version))

    def _metadata(self, silver_version: int) -> CommitMetadata:
        return CommitMetadata(self.pipeline.name, self.fence.number, silver_version=silver_version)


def list_files(commits: list[Commit]) -> list[str]:
    """The data files that the commits added."""
    return [file for commit in commits for file in commit.added]


def _match(table: Table, increments: DataFrame) -> Column:
    """Equality of the key, plus the range of its first column as literals: files outside it are never opened."""
    first = table.key[0]
    low, high = increments.agg(F.min(first), F.max(first)).collect()[0]
    keys = match_on(table.key)
    return keys if low is None else keys & F.col(f"old.{first}").between(F.lit(low), F.lit(high))


def combine_columns(table: Table) -> dict[str, str]:
    """Column -> SQL expression of its value after a merge of `new` into `old`, for Spark as for delta-rs."""
    return {name: _combined(name) for name in table.schema.names if name not in table.key}


def _combined(name: str) -> str:
    if name in LEAST:
        return f"least(old.{name}, new.{name})"
    if name in GREATEST:
        return f"greatest(old.{name}, new.{name})"
    return f"old.{name} + new.{name}"
