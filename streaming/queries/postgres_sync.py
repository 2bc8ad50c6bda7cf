"""PostgreSQL follows silver's commits: usually the one just written, after an outage all that it missed."""

import logging
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from streaming.errors import StreamingError
from streaming.queries.outcomes import minute_of, to_ledger_entry
from streaming.queries.topic_pipelines import TopicPipeline
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence
from streaming.sinks.postgres import Counts, Ledger, LedgerEntry
from streaming.transforms.one_pass import add_up, as_staged
from warehouse.database.copy import Load
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.commit_replay import replay_commits
from warehouse.lake.delta_io import read_added_rows, read_table
from warehouse.lake.delta_log import Commit, RebuildNeeded

log = logging.getLogger(__name__)
COMMITS_AT_ONCE = 200
"""Commits per transaction of a catch-up: some minutes of silver, a few hundred small files."""


class PostgresAheadOfLake(StreamingError):
    """The ledger names a silver version that the lake does not have: restore the lake, or empty the database."""


@dataclass
class PostgresSync:
    """Keeps PostgreSQL at a version of silver: never ahead of it, and behind only while it retries."""

    pipeline: TopicPipeline
    silver: OffsetTrackedTable
    ledger: Ledger
    deletions: OffsetTrackedTable | None
    _version: int | None = field(default=None, init=False)

    @property
    def reached(self) -> int:
        """The silver version that PostgreSQL is known to have; -1 before the first."""
        return -1 if self._version is None else self._version

    def apply(self, fence: Fence, version: int, spark: SparkSession, loads: list[Load]) -> None:
        """Applies all commits up to `version`; `loads` are the increments of that one commit."""
        after = self._read_version(version)
        try:
            pending = self.silver.log.read_new_rows(after, version)
        except RebuildNeeded:
            pending = []
        if [commit.version for commit in pending] == [version]:
            self._write(fence, pending, loads)
        else:
            self.catch_up(fence, spark)

    def catch_up(self, fence: Fence, spark: SparkSession) -> None:
        """Applies all commits up to silver's newest version."""
        self._version = None  # another driver may have written since
        newest = self.silver.log.newest_version()

        def apply(commits: list[Commit]) -> None:
            log.info("query=%s postgres=catching_up commits=%d", self.pipeline.name, len(commits))
            rows = read_added_rows(spark, commits, self.pipeline.table.schema)
            self._write(fence, commits, self._make_loads(rows) + self._read_deletions(spark, commits))

        def rebuild(reason: str) -> None:
            log.warning('query=%s postgres=rebuild reason="%s"', self.pipeline.name, reason)
            self._rebuild(fence, spark, newest)

        replay_commits(self.silver.log, (self._read_version(newest), newest), COMMITS_AT_ONCE, apply, rebuild)

    def _read_version(self, newest: int) -> int:
        """The silver version in the ledger, -1 before the first.

        Raises:
            PostgresAheadOfLake: it lies above `newest`.
        """
        if self._version is None:
            self._version = self.ledger.silver_version()
        if self.reached > newest:
            raise PostgresAheadOfLake(
                f"PostgreSQL has {self.silver.table.name} up to version {self.reached}, but the lake ends at "
                f"{newest}: restore the lake, or start with an empty database"
            )
        return self.reached

    def _write(self, fence: Fence, commits: list[Commit], loads: list[Load]) -> None:
        entry = to_ledger_entry(commits)
        self.ledger.write(loads, entry, fence)
        self._version = entry.silver_version

    def _make_loads(self, silver: DataFrame) -> list[Load]:
        return self.pipeline.loads(add_up(as_staged(silver), self.pipeline.aggregation).toArrow())

    def _read_deletions(self, spark: SparkSession, commits: list[Commit]) -> list[Load]:
        """The deletions that belong to `commits`, whose rows are in a table of their own."""
        deletions = self.pipeline.deletions
        if deletions is None or self.deletions is None:
            return []
        conditions = []
        if any(commit.metadata.counts.get(deletions.kind) for commit in commits):
            first, last = commits[0].metadata, commits[-1].metadata
            at_or_after = self.deletions.beyond(first.start, first.generations)
            conditions.append(at_or_after & ~self.deletions.beyond(last.end, first.generations))
        replayed_since = [commit.metadata.deletions_since for commit in commits if commit.metadata.deletions_since]
        if replayed_since:  # known by time only; deleting too many again has no effect
            conditions.append(F.col("ingested_at") >= F.lit(min(replayed_since)).cast("timestamp"))
        return [deletions.load(read_table(spark, self.deletions.path).where(condition)) for condition in conditions]

    def _rebuild(self, fence: Fence, spark: SparkSession, version: int) -> None:
        """Computes all fact tables again from silver as of `version`, for when the commits in between are gone."""
        newest = self.silver.log.newest_metadata()
        if newest is None:
            return
        silver = read_table(spark, self.silver.path, version)
        rows = silver.count()
        entry = LedgerEntry(
            lineage=newest.lineage,
            silver_version=version,
            start={},
            to=newest.end[newest.query],
            rows=rows,
            newest_event_at=newest.newest_event_at,
            batch_at=newest.batch_at,
            counts=self._count_missing(newest, rows),
        )
        self.ledger.write(self._make_loads(silver), entry, fence, rebuild=True)
        self._version = version

    def _count_missing(self, newest: CommitMetadata, rows: int) -> Counts:
        """What `ops.row_counts` lacks of the totals in the lake; counted in the minute of the newest batch."""
        totals = {"silver": rows} if newest.totals is None else newest.totals
        counted = {outcome: int(total) for outcome, total in self.ledger.execute("sum_counts")}
        minute = minute_of(newest.batch_at)
        return {(minute, outcome): total - counted.get(outcome, 0) for outcome, total in totals.items()}
