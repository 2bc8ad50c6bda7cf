"""The warehouse follows silver's commits: usually the one just written, after an outage all that it missed."""

import logging
from collections.abc import Iterator
from itertools import groupby

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from streaming.errors import StreamingError
from streaming.queries.outcomes import minute_of, to_ledger_entry
from streaming.queries.topic_pipelines import TopicPipeline
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence
from streaming.sinks.postgres import Counts, Ledger, LedgerEntry, Load
from streaming.transforms.one_pass import add_up, as_staged
from warehouse.lake.delta_io import read_added_rows, read_table, rebuild_if_file_gone
from warehouse.lake.delta_log import Commit, RebuildNeeded

log = logging.getLogger(__name__)
COMMITS_AT_ONCE = 200
"""Commits per transaction of a catch-up: some minutes of silver, a few hundred small files."""


class WarehouseAhead(StreamingError):
    """The ledger knows a silver version that the lake does not have: restore the lake, or empty the warehouse."""


class PostgresSync:
    """Keeps PostgreSQL at a silver version; never ahead, behind only while it waits."""

    def __init__(
        self, pipeline: TopicPipeline, silver: OffsetTrackedTable, ledger: Ledger, deletions: OffsetTrackedTable | None
    ) -> None:
        self._domain = pipeline
        self._silver = silver
        self._deletions = deletions
        self._ledger = ledger
        self._position: int | None = None

    @property
    def reached(self) -> int:
        """The silver version that the warehouse is known to be at; -1 before the first."""
        return -1 if self._position is None else self._position

    def follow(self, fence: Fence, version: int, spark: SparkSession, loads: list[Load]) -> None:
        """Applies all commits up to `version`; `loads` are what that one commit brings."""
        try:
            pending = self._pending(version)
        except RebuildNeeded:
            pending = []
        if [commit.version for commit in pending] == [version]:
            self._write(fence, pending, loads)
        else:
            self.catch_up(fence, spark)

    def catch_up(self, fence: Fence, spark: SparkSession) -> None:
        """Applies all commits up to silver's newest version."""
        self._position = None  # somebody else may have written since
        version = self._silver.log.newest_version()
        try:
            with rebuild_if_file_gone():
                self._catch_up(fence, spark, self._pending(version))
        except RebuildNeeded as need:
            log.warning('query=%s warehouse=rebuild reason="%s"', self._domain.name, need)
            self._rebuild(fence, spark, version)

    def _pending(self, version: int) -> list[Commit]:
        if self._position is None:
            self._position = self._ledger.position()
        start = self.reached
        if start > version:
            raise WarehouseAhead(
                f"the warehouse follows {self._silver.table.name} up to version {start}, but the lake ends at "
                f"{version}: restore the lake, or start with an empty database"
            )
        return self._silver.log.read_new_rows(start, version)

    def _catch_up(self, fence: Fence, spark: SparkSession, pending: list[Commit]) -> None:
        for group in _groups(pending):
            log.info("query=%s warehouse=catching_up commits=%d", self._domain.name, len(group))
            rows = read_added_rows(spark, group, self._domain.table.schema)
            self._write(fence, group, self._loads(rows) + self._deletions_of(spark, group))

    def _write(self, fence: Fence, commits: list[Commit], loads: list[Load]) -> None:
        entry = to_ledger_entry(commits)
        self._ledger.write(loads, entry, fence)
        self._position = entry.silver_version

    def _loads(self, silver: DataFrame) -> list[Load]:
        return self._domain.loads(add_up(as_staged(silver), self._domain.facts).toArrow())

    def _deletions_of(self, spark: SparkSession, commits: list[Commit]) -> list[Load]:
        return [*self._streamed_deletions(spark, commits), *self._replayed_deletions(spark, commits)]

    def _replayed_deletions(self, spark: SparkSession, commits: list[Commit]) -> list[Load]:
        """Those of a replay are known by their time; to take out too many again does no harm."""
        oldest = min(filter(None, (commit.position.get("deletions_since") for commit in commits)), default=None)
        if self._deletions is None or oldest is None:
            return []
        rows = read_table(spark, self._deletions.path).where(F.col("ingested_at") >= F.lit(oldest).cast("timestamp"))
        return [_load_deletions(rows)]

    def _streamed_deletions(self, spark: SparkSession, commits: list[Commit]) -> list[Load]:
        if self._deletions is None or not any(commit.position["counts"].get("deletion") for commit in commits):
            return []
        topic, generation = self._domain.name, _generation_of(commits[0])
        start, to = (
            self._deletions.beyond({topic: commits[i].position[key]}, {topic: generation})
            for i, key in ((0, "from"), (-1, "to"))
        )
        return [_load_deletions(read_table(spark, self._deletions.path).where(start & ~to))]

    def _rebuild(self, fence: Fence, spark: SparkSession, version: int) -> None:
        """From silver as of one version: the way back when the commits in between are gone."""
        newest = self._silver.log.newest_position()
        if newest is None:
            return
        silver = read_table(spark, self._silver.path, version)
        rows = silver.count()
        entry = LedgerEntry(
            lineage=int(newest.position["lineage"]),
            silver_version=version,
            start={},
            to=newest.position["to"],
            rows=rows,
            newest_event_at=newest.position.get("newest_event_at"),
            batch_at=newest.position["batch_at"],
            counts=self._count_missing(newest, rows),
        )
        self._ledger.write(self._loads(silver), entry, fence, rebuild=True)
        self._position = version

    def _count_missing(self, newest: Commit, rows: int) -> Counts:
        """What the counts lack of the totals in the lake, in the minute of the newest batch."""
        totals = newest.position.get("totals", {"silver": rows})
        known = {outcome: int(total) for outcome, total in self._ledger.ask("sum_counts")}
        minute = minute_of(newest.position["batch_at"])
        return {(minute, outcome): total - known.get(outcome, 0) for outcome, total in totals.items()}


def _load_deletions(rows: DataFrame) -> Load:
    return Load("post_deletion_rows", rows.select("source", "post_id").toArrow())


def _groups(commits: list[Commit]) -> Iterator[list[Commit]]:
    """Never across generations: offsets of two of them cannot be compared."""
    for _, same in groupby(commits, _generation_of):
        run = list(same)
        for start in range(0, len(run), COMMITS_AT_ONCE):
            yield run[start : start + COMMITS_AT_ONCE]


def _generation_of(commit: Commit) -> int:
    return int(commit.position["generation"])
