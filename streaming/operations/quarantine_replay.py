"""Re-drives quarantined records after a fix: the original bytes, the same transforms, written exactly once.

Works beside a running stream: it holds a table's lock while it writes, and no fence. Silver's commit says `by: replay`,
and PostgreSQL and gold follow it as they follow a batch. Three steps, each idempotent: deletions by coordinates, silver
by coordinates, then `replayed_at` in quarantine.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from streaming.operations.quarantine_filter import COORDINATES, is_selected, is_waiting
from streaming.queries.dedup_recovery import read_keys
from streaming.queries.outcomes import REPLAYED, iso
from streaming.queries.runtime import Runtime
from streaming.queries.topic_pipelines import TopicPipeline
from streaming.transforms.staging import select_silver, with_ingestion
from warehouse.lake.commit_metadata import CommitMetadata, Writer
from warehouse.lake.delta_io import append, match_on, read_table, update
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.quarantine_reader import Selection
from warehouse.lake.tables import Table


@dataclass(frozen=True)
class Replayed:
    """What became of the selected records of one topic."""

    topic: str
    used: int = 0  # rows of silver or deletions
    duplicates: int = 0  # valid, but their id was known within the horizon
    still_bad: int = 0
    too_young: int = 0  # the running stream would not recognise a repeat of them
    eligible_at: datetime | None = None  # batch time after which the last of those can be replayed


@dataclass(frozen=True)
class Replay:
    """One topic's replay at one moment, which becomes `replayed_at`."""

    runtime: Runtime
    pipeline: TopicPipeline
    at: datetime

    def run(self, selection: Selection) -> Replayed:
        """Judges the selected records again, writes what is valid now and marks it as replayed."""
        with self.runtime.locks.hold(f"replay/{self.pipeline.name}"):  # one replay at a time
            newest = self._log(self.pipeline.table).newest_metadata()
            if newest is None or self._log(self.pipeline.quarantine).newest_version() < 0:
                return Replayed(self.pipeline.name)
            selected = is_waiting() & is_selected(selection, self.pipeline.name)
            waiting = self._read(self.pipeline.quarantine).where(selected)
            eligible_before = F.lit(datetime.fromisoformat(newest.batch_at) - self._horizon)
            judged = self._judge(waiting.where(F.col("first_seen_at") < eligible_before)).persist()
            try:
                return self._replay(judged, waiting.where(F.col("first_seen_at") >= eligible_before))
            finally:
                judged.unpersist()

    def _replay(self, judged: DataFrame, young: DataFrame) -> Replayed:
        outcomes = {row["outcome"]: int(row["count"]) for row in judged.groupBy("outcome").count().collect()}
        valid = sum(outcomes.get(outcome, 0) for outcome in ("silver", "deletion"))
        used = self._write(judged.where("rule IS NULL")) if valid else 0
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
        """Rows of quarantine -> staged rows, under the present rules and at their own ingestion time."""
        records = waiting.select(*COORDINATES, "kafka_at", "key", "value", "first_seen_at")
        staged = self.pipeline.stage(records, self.runtime.rules)
        return with_ingestion(staged, F.col("first_seen_at")).drop("first_seen_at")

    def _write(self, valid: DataFrame) -> int:
        """Appends to silver and deletions what they lack; returns how many of the rows they hold now.

        Looking up their ids needs no lock: no other job writes rows with ingestion times that old.
        """
        keys = self._read_keys(valid).persist()
        new = self._drop_known(valid, keys).persist()
        used = new.count() + valid.join(keys, COORDINATES, "left_semi").count()
        oldest_deletion = self._append_deletions(valid, new)
        rows = select_silver(new, self.pipeline.table.schema)
        self._append(self.pipeline.table, rows, {REPLAYED: rows.count()}, oldest_deletion)
        self._mark(valid, self._log(self.pipeline.table).newest_version())
        new.unpersist()
        keys.unpersist()
        return used

    def _append_deletions(self, valid: DataFrame, new: DataFrame) -> str | None:
        """The ingestion time of the oldest valid deletion, None without any."""
        deletions = self.pipeline.deletions
        if deletions is None:
            return None
        oldest = valid.where(F.col("outcome") == deletions.kind).agg(F.min("ingested_at")).collect()[0][0]
        if oldest is None:
            return None
        self._append(deletions.table, deletions.select(new), {})
        return iso(oldest)

    def _read_keys(self, valid: DataFrame) -> DataFrame:
        """The ids in the topic's tables around the time when the records were first seen."""
        oldest = valid.agg(F.min("ingested_at")).collect()[0][0] - self._horizon
        tables = [(self._path(table), kind) for table, kind in self.pipeline.tables]
        return read_keys(self.runtime.spark, self.pipeline, tables, F.lit(oldest))

    def _drop_known(self, valid: DataFrame, keys: DataFrame) -> DataFrame:
        """Without rows whose id is known within the horizon (or written already), and without repeats among them."""
        known = keys.select("dedup_key", F.col("ingested_at").alias("known_at"))
        near = (F.abs(F.unix_micros("known_at") - F.unix_micros("ingested_at")) < self._horizon_us) & (
            known["dedup_key"] == valid["dedup_key"]
        )
        before = F.lag("ingested_at").over(Window.partitionBy("dedup_key").orderBy("ingested_at", *COORDINATES))
        is_repeat = F.unix_micros("ingested_at") - F.unix_micros("before") < self._horizon_us
        fresh = valid.join(known, near, "left_anti")
        return fresh.withColumn("before", before).where(F.col("before").isNull() | ~is_repeat)

    def _append(
        self, table: Table, rows: DataFrame, counts: dict[str, int], deletions_since: str | None = None
    ) -> None:
        """One commit that moves no offsets."""
        with self.runtime.locks.hold(table.name):
            newest = self._log(table).newest_metadata()
            metadata = replace(self._carry(newest), counts=counts, deletions_since=deletions_since)
            append(rows, self._path(table), metadata.with_totals(newest))

    def _mark(self, valid: DataFrame, silver_version: int) -> None:
        quarantine = self.pipeline.quarantine
        with self.runtime.locks.hold(quarantine.name):
            carried = self._carry(self._log(quarantine).newest_metadata())
            metadata = replace(carried, replayed_at=iso(self.at), silver_version=silver_version)
            changes = {"replayed_at": F.lit(self.at)}
            update(valid.select(*COORDINATES), self._path(quarantine), match_on(COORDINATES), changes, metadata)

    def _carry(self, newest: CommitMetadata | None) -> CommitMetadata:
        """The newest metadata, for a commit that read no records and has no newer event."""
        rules = self.runtime.rules.fingerprint()
        if newest is None:
            return CommitMetadata(by=Writer.REPLAY, rules=rules)
        return newest.carried(Writer.REPLAY, rules=rules, start=newest.end, counts={}, newest_event_at=None)

    @property
    def _horizon(self) -> timedelta:
        return timedelta(seconds=self.runtime.stream.queries[self.pipeline.name].horizon_seconds)

    @property
    def _horizon_us(self) -> Column:
        return F.lit(self._horizon // timedelta(microseconds=1))

    def _path(self, table: Table) -> Path:
        return self.runtime.lake.path / table.name

    def _log(self, table: Table) -> DeltaLog:
        return DeltaLog(self._path(table))

    def _read(self, table: Table) -> DataFrame:
        return read_table(self.runtime.spark, self._path(table))
