"""Start-up agreement: before a query's first batch, its fence, tables, topic, warehouse and checkpoint must agree."""

import logging
import shutil
from datetime import datetime
from pathlib import Path

from pyspark.sql import functions as F

from streaming.errors import StreamingError
from streaming.positions import Offsets
from streaming.queries.bronze import BronzeQuery
from streaming.queries.domains import Domain
from streaming.queries.follower import Follower
from streaming.queries.generations import Generations, TopicMissing
from streaming.queries.gold import GoldDomain, GoldQuery
from streaming.queries.known_ids import KnownIds
from streaming.queries.lineages import TableState, open_lineage
from streaming.queries.runtime import Runtime
from streaming.queries.topic_query import TopicQuery, TopicTables
from streaming.sinks.coordinates import void_beyond
from streaming.sinks.delta import PositionedTable
from streaming.sinks.fence import Fence, take_fence
from streaming.sinks.ledger import Ledger
from streaming.topics import describe_topics, read_begin_offsets, read_end_offsets
from warehouse.delta_io import create_table, read_table
from warehouse.tables import BRONZE, POST_DELETIONS, Table

log = logging.getLogger(__name__)


class RecordsLost(StreamingError):
    """The broker no longer has records that the lake has not read: restore them, or accept the loss."""


class LakeAheadOfTopic(StreamingError):
    """The topic ends before the lake's position: it is not the topic that filled this lake."""


def open_topic_query(runtime: Runtime, domain: Domain) -> TopicQuery:
    """Settles everything a topic query needs; raises what an operator must decide, retries nothing."""
    ledger = Ledger(runtime.writer_url, domain.name, runtime.stop, runtime.stream.retry_max_seconds)
    begin, generations = _ask_broker(runtime, (domain.name,))
    tables = TopicTables(
        silver=_open_table(runtime, domain.table, (domain.name,)),
        quarantine=_open_table(runtime, domain.quarantine, (domain.name,)),
        deletions=_open_table(runtime, POST_DELETIONS, (domain.name,)) if domain.name == "posts" else None,
    )
    fence = _take_fence(runtime, domain.name, ledger)
    state = _read_state(runtime, tables.silver, fence, (domain.name,))
    _check_reachable(domain.name, state.end, begin, runtime)
    root = runtime.stream.checkpoints / domain.name
    lineage, is_new = open_lineage(root, state, begin, runtime.rules.fingerprint())
    if is_new and state.end is not None:
        _void_undecided(runtime, tables, fence, state.end)
    follower = Follower(domain, tables.silver, ledger, tables.deletions)
    follower.catch_up(fence, runtime.spark)
    holders = [(tables.silver, domain.kind)] + ([(tables.deletions, "deletion")] if tables.deletions else [])
    known = KnownIds(domain, holders, lineage, runtime.stream.queries[domain.name].horizon_seconds)
    return TopicQuery(domain, runtime, tables, fence, lineage, generations[domain.name], follower, known)


def open_bronze_query(runtime: Runtime) -> BronzeQuery:
    """The same agreement for bronze, which has nothing to do with PostgreSQL or quality rules."""
    topics = tuple(sorted(runtime.kafka.partitions))
    begin, generations = _ask_broker(runtime, topics)
    table = _open_table(runtime, BRONZE, topics)
    fence = _take_fence(runtime, "bronze", None)
    state = _read_state(runtime, table, fence, topics)
    _check_reachable("bronze", state.end, begin, runtime)
    lineage, _ = open_lineage(runtime.stream.checkpoints / "bronze", state, begin, "")
    return BronzeQuery(runtime, table, fence, lineage, generations)


def _ask_broker(runtime: Runtime, topics: tuple[str, ...]) -> tuple[Offsets, dict[str, int]]:
    described = describe_topics(runtime.kafka)
    missing = [name for name in topics if name not in described]
    if missing:
        raise TopicMissing(f"topic {', '.join(missing)} does not exist: run ./spark-submit.sh create_topics")
    generations = Generations(Path(runtime.lake.path) / "generations.json")
    with runtime.locks.hold("generations"):
        numbers = {name: generations.number_of(described[name]) for name in topics}
    begin = read_begin_offsets(runtime.kafka)
    return {t: {str(p): at for p, at in begin[t].items()} for t in topics}, numbers


def _open_table(runtime: Runtime, table: Table, topics: tuple[str, ...]) -> PositionedTable:
    with runtime.locks.hold(table.name):
        create_table(runtime.spark, runtime.lake, table)
    return PositionedTable(table, runtime.lake.path, runtime.locks, topics)


def _take_fence(runtime: Runtime, query: str, ledger: Ledger | None) -> Fence:
    above = ledger.fence_number() if ledger else 0
    with runtime.locks.hold(f"fence/{query}"):
        fence = take_fence(runtime.lake.path, query, runtime.holder, above)
    if ledger:
        ledger.take_lease(fence)
    return fence


def _read_state(runtime: Runtime, table: PositionedTable, fence: Fence, topics: tuple[str, ...]) -> TableState:
    """The table's end, read inside its lock: a commit that an older driver had begun is waited for."""
    with table.held(fence):
        newest = table.log.newest_position()
        if newest is not None:
            at = datetime.fromisoformat(newest.position["batch_at"])
            return TableState(table.end(), int(newest.position["lineage"]), int(at.timestamp() * 1000))
        return TableState(_highest_coordinates(runtime, table, topics), 0, 0)


def _highest_coordinates(runtime: Runtime, table: PositionedTable, topics: tuple[str, ...]) -> Offsets | None:
    """The end of a table whose log was cleaned past its last position: highest offset + 1 of each partition."""
    topic = F.col("topic") if len(topics) > 1 else F.lit(topics[0])
    rows = read_table(runtime.spark, table.path)
    found = rows.groupBy(topic.alias("topic"), "partition").agg(F.max("offset").alias("offset")).collect()
    ends: dict[str, dict[str, int]] = {}
    for row in found:
        ends.setdefault(row["topic"], {})[str(row["partition"])] = int(row["offset"]) + 1
    return ends or None


def _check_reachable(query: str, end: Offsets | None, begin: Offsets, runtime: Runtime) -> None:
    """Between the table's end and the broker's oldest record nothing may be missing."""
    if end is None:
        return
    latest = read_end_offsets(runtime.kafka)
    for topic, partitions in begin.items():
        for partition, oldest in partitions.items():
            at = end.get(topic, {}).get(partition, 0)
            if at < oldest:
                raise RecordsLost(
                    f"query {query}: {topic} partition {partition} lost {oldest - at} records to retention (the lake "
                    f"ends at {at}, the broker begins at {oldest}); restore the broker's data or start a new lake"
                )
            if at > latest[topic][int(partition)]:
                raise LakeAheadOfTopic(
                    f"query {query}: the lake is at {at} of {topic} partition {partition}, but the topic ends at "
                    f"{latest[topic][int(partition)]}: this is not the topic that filled the lake"
                )


def _void_undecided(runtime: Runtime, tables: TopicTables, fence: Fence, end: Offsets) -> None:
    """A new lineage decides again about records beyond silver's end: what was landed by coordinates there is void."""
    for table in (tables.quarantine, tables.deletions):
        if table is not None:
            void_beyond(table, fence, read_table(runtime.spark, table.path), end)


def open_gold_query(runtime: Runtime, domain: GoldDomain) -> GoldQuery:
    """Gold agrees with silver by the version its tables record; its checkpoint only rings the bell."""
    _open_table(runtime, domain.silver, ())
    tables = tuple(_open_table(runtime, aggregate.table, ()) for aggregate in domain.aggregates)
    fence = _take_fence(runtime, domain.name, None)
    shutil.rmtree(runtime.stream.checkpoints / domain.name, ignore_errors=True)
    return GoldQuery(domain, runtime, fence, tables)
