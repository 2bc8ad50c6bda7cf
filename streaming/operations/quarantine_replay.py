"""Gives quarantined records a second chance after a fix: the original bytes, the same transforms, exactly once.

Works beside a running stream: it holds a table's lock while it writes, never the query's fence. Silver's commit says
`by: replay`, and PostgreSQL and gold follow it as they follow a batch. Three steps, each of which changes nothing when
it is repeated: deletions by coordinates, silver by coordinates, then the mark in quarantine.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from streaming.operations.quarantine_filter import PLACE, is_selected, is_waiting
from streaming.queries.dedup_recovery import read_keys
from streaming.queries.outcomes import REPLAYED, iso
from streaming.queries.runtime import Runtime
from streaming.queries.topic_pipelines import TopicPipeline
from streaming.sinks.delta import add_totals
from streaming.transforms.parsing import select_silver
from streaming.transforms.posts import select_deletions
from warehouse.lake.delta_io import append, match_on, read_table, update
from warehouse.lake.delta_log import REPLAY, Commit, DeltaLog
from warehouse.lake.quarantine_reader import Selection
from warehouse.lake.tables import POST_DELETIONS, Table


@dataclass(frozen=True)
class Replayed:
    """What became of the chosen records of one topic."""

    topic: str
    used: int = 0  # rows of silver or deletions
    duplicates: int = 0  # valid, but their id was known within the horizon
    still_bad: int = 0
    too_young: int = 0  # the live stream would not know their repeats
    eligible_at: datetime | None = None  # batch time after which the last of those can be replayed


@dataclass(frozen=True)
class Replay:
    """One topic's replay at one moment, which becomes `replayed_at`."""

    runtime: Runtime
    pipeline: TopicPipeline
    at: datetime

    def run(self, selection: Selection) -> Replayed:
        """Judges the chosen records again, lands what is valid now and marks it."""
        with self.runtime.locks.hold(f"replay/{self.pipeline.name}"):  # one replay at a time
            newest = self._log(self.pipeline.table).newest_position()
            if newest is None or self._log(self.pipeline.quarantine).newest_version() < 0:
                return Replayed(self.pipeline.name)
            chosen = is_waiting() & is_selected(selection, self.pipeline.name)
            waiting = self._read(self.pipeline.quarantine).where(chosen)
            eligible_before = F.lit(datetime.fromisoformat(newest.position["batch_at"]) - self._horizon)
            judged = self._judge(waiting.where(F.col("first_seen_at") < eligible_before)).persist()
            try:
                return self._settle(judged, waiting.where(F.col("first_seen_at") >= eligible_before))
            finally:
                judged.unpersist()

    def _settle(self, judged: DataFrame, young: DataFrame) -> Replayed:
        outcomes = {row["outcome"]: int(row["count"]) for row in judged.groupBy("outcome").count().collect()}
        valid = outcomes.get("silver", 0) + outcomes.get("deletion", 0)
        used = self._land(judged.where("rule IS NULL")) if valid else 0
        too_young, youngest = young.agg(F.count("*"), F.max("first_seen_at")).collect()[0]
        return Replayed(
            topic=self.pipeline.name,
            used=used,
            duplicates=valid - used,
            still_bad=sum(outcomes.values()) - valid,
            too_young=int(too_young),
            eligible_at=None if youngest is None else youngest + self._horizon,
        )

    def _judge(self, waiting: DataFrame) -> DataFrame:
        """Rows of quarantine -> staged rows, as if they came now under the rules of now, but at their own time."""
        records = waiting.select(*PLACE, "kafka_at", "key", "value", F.col("first_seen_at").alias("ingested_at"))
        rules = self.runtime.rules
        return self.pipeline.parse(records, rules).transform(self.pipeline.stage, rules.late_seconds)

    def _land(self, valid: DataFrame) -> int:
        """Silver and deletions take what they do not hold; returns how many of the rows they hold now.

        No lock is needed to find out: nobody else writes rows of that time any more.
        """
        keys = self._read_keys(valid).persist()
        new = self._drop_known(valid, keys).persist()
        used = new.count() + valid.join(keys, PLACE, "left_semi").count()
        oldest_deletion = valid.where("outcome = 'deletion'").agg(F.min("ingested_at")).collect()[0][0]
        if oldest_deletion is not None:
            self._append(POST_DELETIONS, select_deletions(new), {})
        rows = select_silver(new, self.pipeline.table.schema)
        facts = {"counts": {REPLAYED: rows.count()}, "deletions_since": oldest_deletion and iso(oldest_deletion)}
        self._append(self.pipeline.table, rows, facts)
        self._mark(valid, self._log(self.pipeline.table).newest_version())
        new.unpersist()
        keys.unpersist()
        return used

    def _read_keys(self, valid: DataFrame) -> DataFrame:
        """What is known around the time when the records came."""
        oldest = valid.agg(F.min("ingested_at")).collect()[0][0] - self._horizon
        holders = [(self._path(table), kind) for table, kind in self._holders]
        return read_keys(self.runtime.spark, self.pipeline, holders, F.lit(oldest))

    def _drop_known(self, valid: DataFrame, keys: DataFrame) -> DataFrame:
        """Without rows whose id is known within the horizon (theirs, once they landed), and repeats among them."""
        known = keys.select("dedup_key", F.col("ingested_at").alias("known_at"))
        near = (F.abs(F.unix_micros("known_at") - F.unix_micros("ingested_at")) < self._horizon_us) & (
            known["dedup_key"] == valid["dedup_key"]
        )
        before = F.lag("ingested_at").over(Window.partitionBy("dedup_key").orderBy("ingested_at", *PLACE))
        again = F.unix_micros("ingested_at") - F.unix_micros("before") < self._horizon_us
        fresh = valid.join(known, near, "left_anti")
        return fresh.withColumn("before", before).where(F.col("before").isNull() | ~again)

    def _append(self, table: Table, rows: DataFrame, facts: dict[str, Any]) -> None:
        """One commit that moves no position."""
        rules = {"rules": self.runtime.rules.fingerprint()}
        with self.runtime.locks.hold(table.name):
            newest = self._log(table).newest_position()
            append(rows, self._path(table), {**_carried(newest), **rules, **facts, **add_totals(newest, facts)})

    def _mark(self, valid: DataFrame, silver_version: int) -> None:
        quarantine = self.pipeline.quarantine
        with self.runtime.locks.hold(quarantine.name):
            position = {
                **_carried(self._log(quarantine).newest_position()),
                "rules": self.runtime.rules.fingerprint(),
                "replayed_at": iso(self.at),
                "silver_version": silver_version,
            }
            changes = {"replayed_at": F.lit(self.at)}
            update(valid.select(*PLACE), self._path(quarantine), match_on(PLACE), changes, position)

    @property
    def _holders(self) -> list[tuple[Table, str]]:
        """Tables with the topic's valid records, and the kind of each."""
        deletions = [(POST_DELETIONS, "deletion")] if self.pipeline.name == "posts" else []
        return [(self.pipeline.table, self.pipeline.kind), *deletions]

    @property
    def _horizon(self) -> timedelta:
        return timedelta(seconds=self.runtime.stream.queries[self.pipeline.name].horizon_seconds)

    @property
    def _horizon_us(self) -> Column:
        return F.lit(self._horizon // timedelta(microseconds=1))

    def _path(self, table: Table) -> Any:
        return self.runtime.lake.path / table.name

    def _log(self, table: Table) -> DeltaLog:
        return DeltaLog(self._path(table))

    def _read(self, table: Table) -> DataFrame:
        return read_table(self.runtime.spark, self._path(table))


def _carried(newest: Commit | None) -> dict[str, Any]:
    """The position of the newest commit, as a replay records it: nothing was read, nothing is newer."""
    if newest is None:
        return {"by": REPLAY}
    stays = {"from": newest.position["to"], "counts": {}, "newest_event_at": None}
    return newest.carried(REPLAY, **stays)
