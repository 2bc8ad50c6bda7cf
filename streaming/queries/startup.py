"""Before a query's first batch: its fence, tables, topic, PostgreSQL and checkpoint must agree."""

from collections.abc import Mapping
from datetime import datetime

from pyspark.sql import functions as F

from streaming.errors import StreamingError
from streaming.queries.batch_size import BatchSize
from streaming.queries.bronze import BronzeQuery
from streaming.queries.dedup_recovery import DedupRecovery
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
from warehouse.lake.tables import BRONZE


class RecordsLost(StreamingError):
    """The broker no longer has records that the lake has not read: restore them, or accept the loss."""


class LakeAheadOfTopic(StreamingError):
    """The topic ends before the lake's position: it is not the topic that filled this lake."""


def open_topic_query(runtime: Runtime, pipeline: TopicPipeline) -> TopicQuery:
    """Assembles a topic query that may start; raises what an operator must decide."""
    name = pipeline.name
    ledger = runtime.open_ledger(name)
    begin, generations = runtime.read_topics((name,))
    deletions = pipeline.deletions
    tables = TopicTables(
        silver=runtime.open_table(pipeline.table, generations),
        quarantine=runtime.open_table(pipeline.quarantine, generations),
        deletions=runtime.open_table(deletions.table, generations) if deletions else None,
    )
    fence = runtime.acquire_fence(name, ledger)
    state = _read_state(runtime, tables.silver, fence, generations)
    topic = TopicState(begin, runtime.read_latest_offsets((name,)))
    _check_reachable(runtime, name, state.end, topic)
    lineage, is_new = _open_lineage(runtime, name, state, topic)
    if is_new and state.end is not None:
        _delete_undecided(runtime, tables, fence, state.end)
    postgres_sync = PostgresSync(pipeline, tables.silver, ledger, tables.deletions)
    external = ExternalCommits(tables.silver.path)
    postgres_sync.catch_up(fence, runtime.spark)
    return TopicQuery(
        pipeline,
        runtime,
        tables,
        fence,
        lineage,
        generations[name],
        postgres_sync,
        external,
        _make_dedup_recovery(runtime, pipeline, tables, lineage),
        QualityGate(name, tables.silver, ledger, runtime.rules),
        SchemaDriftLog(name, generations[name], ledger),
        BatchSize(runtime.watch, (name,)),
    )


def open_bronze_query(runtime: Runtime) -> BronzeQuery:
    """The same for bronze, which depends on neither PostgreSQL nor quality rules."""
    topics = tuple(sorted(runtime.kafka.partitions))
    begin, generations = runtime.read_topics(topics)
    table = runtime.open_table(BRONZE, generations)
    fence = runtime.acquire_fence("bronze", None)
    state = _read_state(runtime, table, fence, generations)
    topic = TopicState(begin, runtime.read_latest_offsets(topics))
    _check_reachable(runtime, "bronze", state.end, topic)
    lineage, _ = _open_lineage(runtime, "bronze", state, topic)
    return BronzeQuery(runtime, table, fence, lineage, generations, BatchSize(runtime.watch, topics))


def open_gold_query(runtime: Runtime, pipeline: GoldPipeline) -> GoldQuery:
    """Gold agrees with silver by the version in its tables' commits."""
    runtime.open_table(pipeline.silver, {})
    tables = tuple(runtime.open_table(aggregate.table, {}) for aggregate in pipeline.aggregates)
    fence = runtime.acquire_fence(pipeline.name, None)
    return GoldQuery(pipeline, runtime, fence, tables)


def _make_dedup_recovery(
    runtime: Runtime, pipeline: TopicPipeline, tables: TopicTables, lineage: Lineage
) -> DedupRecovery:
    opened = [table for table in (tables.silver, tables.deletions) if table is not None]
    kinds = [kind for _, kind in pipeline.tables]
    horizon_seconds = runtime.stream.queries[pipeline.name].horizon_seconds
    return DedupRecovery(pipeline, list(zip(opened, kinds, strict=True)), lineage, horizon_seconds)


def _open_lineage(runtime: Runtime, query: str, state: TableState, topics: TopicState) -> tuple[Lineage, bool]:
    rules = "" if query == "bronze" else runtime.rules.fingerprint()

    def claim(number: int) -> bool:
        return runtime.locks.claim(f"checkpoints/{query}/{number}")

    return open_lineage(runtime.stream.checkpoints / query, state, topics, rules, claim)


def _read_state(
    runtime: Runtime, table: OffsetTrackedTable, fence: Fence, generations: Mapping[str, int]
) -> TableState:
    """The table's end, read inside its lock: waits for a commit that an older driver had begun."""
    with table.locked(fence):
        newest = table.log.newest_metadata()
        if newest is not None:
            at = datetime.fromisoformat(newest.batch_at)
            return TableState(table.end(), newest.lineage, int(at.timestamp() * 1000))
        return TableState(_find_highest_offsets(runtime, table, generations), 0, 0)


def _find_highest_offsets(
    runtime: Runtime, table: OffsetTrackedTable, generations: Mapping[str, int]
) -> Offsets | None:
    """The end of a table whose log no longer holds a commit with offsets: highest offset + 1 of each partition."""
    topic = F.col("topic") if len(generations) > 1 else F.lit(next(iter(generations)))
    present = F.create_map(*(F.lit(part) for pair in generations.items() for part in pair))[topic]
    rows = read_table(runtime.spark, table.path).where(F.col("generation") == present)
    found = rows.groupBy(topic.alias("topic"), "partition").agg(F.max("offset").alias("offset")).collect()
    ends: dict[str, dict[str, int]] = {}
    for row in found:
        ends.setdefault(row["topic"], {})[str(row["partition"])] = int(row["offset"]) + 1
    return ends or None


def _check_reachable(runtime: Runtime, query: str, end: Offsets | None, topics: TopicState) -> None:
    """No record may be missing between the table's end and the broker's oldest record.

    A table without an end may have a batch planned, which begins at the lineage's start.
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
                    f"{latest}: this is not the topic that filled the lake; restore the broker's data"
                )


def _delete_undecided(runtime: Runtime, tables: TopicTables, fence: Fence, end: Offsets) -> None:
    """Deletes rows beyond silver's end from quarantine and deletions: a new lineage decides about them again."""
    for table in (tables.quarantine, tables.deletions):
        if table is not None:
            delete_beyond(table, fence, read_table(runtime.spark, table.path), end)
