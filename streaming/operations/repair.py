"""Decisions of an operator: go on without lost records, read a recreated topic, let a refused batch pass.

Each is recorded: in `ops.lost_records`, in the lake's `generations.json`, in `ops.refused_batches`.
"""

import shutil

from streaming.kafka_admin import describe_topics
from streaming.queries.quality_gate import QualityGate
from streaming.queries.runtime import Runtime
from streaming.recovery.checkpoint import planned_start
from streaming.recovery.offsets import Offsets, find_lost, furthest, render
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence
from streaming.sinks.postgres import LostRange
from warehouse.lake.commit_metadata import Writer
from warehouse.lake.delta_io import append, read_table
from warehouse.lake.tables import BRONZE, SILVER


def begin_new_generations(runtime: Runtime) -> list[str]:
    """Makes every recreated topic the next generation, read from its first record; one line of report for each.

    Rows of the earlier generation stay. A driver that still runs is fenced: it read a topic that no longer exists.
    """
    report = []
    generations = runtime.generations
    for name, topic in sorted(describe_topics(runtime.kafka).items()):
        if not generations.is_recreated(topic):
            continue
        runtime.acquire_fence(name, runtime.open_ledger(name))
        runtime.acquire_fence("bronze", None)
        with runtime.locks.hold("generations"):
            number = generations.begin_next(topic)
        report.append(f"{name}: generation {number} begins at its oldest record")
    return report


def skip_lost(runtime: Runtime) -> list[str]:
    """Moves every query past the records that retention deleted; one line of report for each range."""
    begin, generations = runtime.read_topics(tuple(sorted(runtime.kafka.partitions)))
    bronze = runtime.open_table(BRONZE, generations)
    report = _skip(runtime, bronze, runtime.acquire_fence("bronze", None), begin)
    for name, table in SILVER.items():
        silver = runtime.open_table(table, {name: generations[name]})
        report += _skip(runtime, silver, runtime.acquire_fence(name, runtime.open_ledger(name)), {name: begin[name]})
    return report


def allow_batches(runtime: Runtime) -> list[str]:
    """Allows the one batch at which each query stopped; one line of report for each."""
    _, generations = runtime.read_topics(tuple(SILVER))
    report = []
    for name, table in SILVER.items():
        silver = runtime.open_table(table, {name: generations[name]})
        gate = QualityGate(name, silver, runtime.open_ledger(name), runtime.rules)
        refusal = gate.find_refusal()
        if refusal is not None:
            gate.allow(refusal)
            report.append(f"{name}: the batch up to {render(refusal.to)} may pass ({refusal.reason})")
    return report


def _skip(runtime: Runtime, table: OffsetTrackedTable, fence: Fence, begin: Offsets) -> list[str]:
    """Writes the loss to `ops.lost_records` first, then moves the table's end: a crash in between only repeats it.

    A table without an end has at most a planned batch: without its checkpoint the next start begins a new lineage.
    """
    checkpoint = runtime.stream.checkpoints / fence.query
    with table.locked(fence):
        newest, end = table.log.newest_metadata(), table.end()
        if newest is None and read_table(runtime.spark, table.path).isEmpty():
            end = planned_start(checkpoint)
        if end is None:
            return []
        ranges = [
            LostRange(fence.query, topic, table.generations[topic], int(partition), at, oldest)
            for topic, partition, at, oldest in find_lost(end, begin)
        ]
        if not ranges:
            return []
        runtime.open_ledger(fence.query).record_lost(ranges)
        if newest is None:
            shutil.rmtree(checkpoint)
        else:
            metadata = newest.carried(
                Writer.REPAIR, generations=dict(table.generations), counts={}, start=end, end=furthest(end, begin)
            )
            append(runtime.spark.createDataFrame([], table.table.schema), table.path, metadata)
    return [
        f"{lost.query}: {lost.topic} partition {lost.partition} skips {lost.stop - lost.start} records "
        f"({lost.start} to {lost.stop - 1})"
        for lost in ranges
    ]
