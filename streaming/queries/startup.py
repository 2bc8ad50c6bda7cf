"""Start-up agreement: before a query's first batch, its fence, tables, topic, warehouse and checkpoint must agree."""

import logging
import shutil
from collections.abc import Mapping
from datetime import datetime

from pyspark.sql import functions as F

from streaming.errors import StreamingError
from streaming.queries.access import acquire_fence, ask_broker, ask_latest, open_ledger, open_table
from streaming.queries.bronze import BronzeQuery
from streaming.queries.dedup_recovery import KnownIds
from streaming.queries.external_commits import ExternalCommits
from streaming.queries.gold import GoldPipeline, GoldQuery
from streaming.queries.postgres_sync import PostgresSync
from streaming.queries.quality_gate import QualityGate
from streaming.queries.runtime import Runtime
from streaming.queries.schema_drift import SchemaDriftLog
from streaming.queries.topic_pipelines import TopicPipeline
from streaming.queries.topic_query import TopicQuery, TopicTables
from streaming.recovery.checkpoint import Lineage, planned_start
from streaming.recovery.lineage import TableState, TopicState, open_lineage
from streaming.recovery.offsets import Offsets, find_lost
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence
from streaming.sinks.quarantine import delete_beyond
from warehouse.lake.delta_io import read_table
from warehouse.lake.tables import BRONZE, POST_DELETIONS

log = logging.getLogger(__name__)


class RecordsLost(StreamingError):
    """The broker no longer has records that the lake has not read: restore them, or accept the loss."""


class LakeAheadOfTopic(StreamingError):
    """The topic ends before the lake's position: it is not the topic that filled this lake."""


def open_topic_query(runtime: Runtime, pipeline: TopicPipeline) -> TopicQuery:
    """Settles everything a topic query needs; raises what an operator must decide, retries nothing."""
    ledger = open_ledger(runtime, pipeline.name)
    begin, generations = ask_broker(runtime, (pipeline.name,))
    tables = TopicTables(
        silver=open_table(runtime, pipeline.table, generations),
        quarantine=open_table(runtime, pipeline.quarantine, generations),
        deletions=open_table(runtime, POST_DELETIONS, generations) if pipeline.name == "posts" else None,
    )
    fence = acquire_fence(runtime, pipeline.name, ledger)
    state = _read_state(runtime, tables.silver, fence, generations)
    topic = TopicState(begin, ask_latest(runtime, (pipeline.name,)))
    _check_reachable(runtime, pipeline.name, state.end, topic)
    lineage, is_new = _open_lineage(runtime, pipeline.name, state, topic)
    if is_new and state.end is not None:
        _void_undecided(runtime, tables, fence, state.end)
    postgres_sync = PostgresSync(pipeline, tables.silver, ledger, tables.deletions)
    foreign = ExternalCommits(tables.silver.path, lambda commit: commit.brings_rows or commit.changes_rows)
    postgres_sync.catch_up(fence, runtime.spark)
    holders = [(tables.silver, pipeline.kind)] + ([(tables.deletions, "deletion")] if tables.deletions else [])
    known = KnownIds(pipeline, holders, lineage, runtime.stream.queries[pipeline.name].horizon_seconds)
    generation = generations[pipeline.name]
    gate = QualityGate(pipeline.name, tables.silver, ledger, runtime.rules)
    drift = SchemaDriftLog(pipeline.name, generation, ledger)
    return TopicQuery(pipeline, runtime, tables, fence, lineage, generation, postgres_sync, foreign, known, gate, drift)


def open_bronze_query(runtime: Runtime) -> BronzeQuery:
    """The same agreement for bronze, which has nothing to do with PostgreSQL or quality rules."""
    topics = tuple(sorted(runtime.kafka.partitions))
    begin, generations = ask_broker(runtime, topics)
    table = open_table(runtime, BRONZE, generations)
    fence = acquire_fence(runtime, "bronze", None)
    state = _read_state(runtime, table, fence, generations)
    reach = TopicState(begin, ask_latest(runtime, topics))
    _check_reachable(runtime, "bronze", state.end, reach)
    lineage, _ = _open_lineage(runtime, "bronze", state, reach)
    return BronzeQuery(runtime, table, fence, lineage, generations)


def _open_lineage(runtime: Runtime, query: str, state: TableState, topics: TopicState) -> tuple[Lineage, bool]:
    rules = "" if query == "bronze" else runtime.rules.fingerprint()

    def claim(number: int) -> bool:
        return runtime.locks.keep(f"checkpoints/{query}/{number}")

    return open_lineage(runtime.stream.checkpoints / query, state, topics, rules, claim)


def _read_state(
    runtime: Runtime, table: OffsetTrackedTable, fence: Fence, generations: Mapping[str, int]
) -> TableState:
    """The table's end, read inside its lock: a commit that an older driver had begun is waited for."""
    with table.held(fence):
        newest = table.log.newest_position()
        if newest is not None:
            at = datetime.fromisoformat(newest.position["batch_at"])
            return TableState(table.end(), int(newest.position["lineage"]), int(at.timestamp() * 1000))
        return TableState(_highest_coordinates(runtime, table, generations), 0, 0)


def _highest_coordinates(runtime: Runtime, table: OffsetTrackedTable, generations: Mapping[str, int]) -> Offsets | None:
    """The end of a table whose log was cleaned past its last position: highest offset + 1 of each partition."""
    topic = F.col("topic") if len(generations) > 1 else F.lit(next(iter(generations)))
    present = F.create_map(*(F.lit(part) for pair in generations.items() for part in pair))[topic]
    rows = read_table(runtime.spark, table.path).where(F.col("generation") == present)
    found = rows.groupBy(topic.alias("topic"), "partition").agg(F.max("offset").alias("offset")).collect()
    ends: dict[str, dict[str, int]] = {}
    for row in found:
        ends.setdefault(row["topic"], {})[str(row["partition"])] = int(row["offset"]) + 1
    return ends or None


def _check_reachable(runtime: Runtime, query: str, end: Offsets | None, topics: TopicState) -> None:
    """Between the table's end and the broker's oldest record nothing may be missing.

    A table without an end may have a batch planned: then that begins at the lineage's start.
    """
    if end is not None:
        _check_same_topics(query, end, topics.latest)
    reached = planned_start(runtime.stream.checkpoints / query) if end is None else end
    if reached is None:
        return
    for topic, partition, at, oldest in find_lost(reached, topics.begin):
        raise RecordsLost(
            f"query {query}: {topic} partition {partition} lost {oldest - at} records to retention (the lake "
            f"ends at {at}, the broker begins at {oldest}); restore the broker's data, or accept the loss: "
            "./spark-submit.sh repair --skip-lost"
        )


def _check_same_topics(query: str, end: Offsets, topics: Offsets) -> None:
    for topic, partitions in topics.items():
        for number, latest in partitions.items():
            at = end.get(topic, {}).get(number, 0)
            if at > latest:
                raise LakeAheadOfTopic(
                    f"query {query}: the lake is at {at} of {topic} partition {number}, but the topic ends at "
                    f"{latest}: this is not the topic that filled the lake"
                )


def _void_undecided(runtime: Runtime, tables: TopicTables, fence: Fence, end: Offsets) -> None:
    """A new lineage decides again about records beyond silver's end: what was landed by coordinates there is void."""
    for table in (tables.quarantine, tables.deletions):
        if table is not None:
            delete_beyond(table, fence, read_table(runtime.spark, table.path), end)


def open_gold_query(runtime: Runtime, pipeline: GoldPipeline) -> GoldQuery:
    """Gold agrees with silver by the version its tables record; its checkpoint only rings the bell."""
    open_table(runtime, pipeline.silver, {})
    tables = tuple(open_table(runtime, aggregate.table, {}) for aggregate in pipeline.aggregates)
    fence = acquire_fence(runtime, pipeline.name, None)
    shutil.rmtree(runtime.stream.checkpoints / pipeline.name, ignore_errors=True)
    foreign = ExternalCommits(runtime.lake.path / pipeline.silver.name, lambda commit: commit.changes_rows)
    return GoldQuery(pipeline, runtime, fence, tables, foreign)
