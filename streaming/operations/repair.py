"""What only an operator may decide, because something is lost for good: go on without it, and keep a record of that."""

import shutil

from streaming.kafka_admin import describe_topics
from streaming.queries.access import acquire_fence, ask_broker, known_generations, open_ledger, open_table
from streaming.queries.quality_gate import QualityGate
from streaming.queries.runtime import Runtime
from streaming.recovery.checkpoint import planned_start
from streaming.recovery.offsets import Offsets, find_lost, furthest, render
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence
from streaming.sinks.postgres import Lost
from warehouse.lake.delta_io import append, read_table
from warehouse.lake.tables import BRONZE, SILVER


def begin_new_generations(runtime: Runtime) -> list[str]:
    """Every recreated topic becomes the next generation, read from its first record; one line of report for each.

    Rows of the generation before stay. A driver that still runs is fenced off: it read a topic that is gone.
    """
    report = []
    generations = known_generations(runtime)
    for name, topic in sorted(describe_topics(runtime.kafka).items()):
        if not generations.is_recreated(topic):
            continue
        acquire_fence(runtime, name, open_ledger(runtime, name))
        acquire_fence(runtime, "bronze", None)
        with runtime.locks.hold("generations"):
            number = generations.begin_next(topic)
        report.append(f"{name}: generation {number} begins at its oldest record")
    return report


def skip_lost(runtime: Runtime) -> list[str]:
    """Moves every query past the records that retention took; one line of report for each range."""
    begin, generations = ask_broker(runtime, tuple(sorted(runtime.kafka.partitions)))
    bronze = open_table(runtime, BRONZE, generations)
    report = _skip(runtime, bronze, acquire_fence(runtime, "bronze", None), begin)
    for name, table in SILVER.items():
        silver = open_table(runtime, table, {name: generations[name]})
        report += _skip(runtime, silver, acquire_fence(runtime, name, open_ledger(runtime, name)), {name: begin[name]})
    return report


def allow_batches(runtime: Runtime) -> list[str]:
    """Lets the batch that each query stopped at pass its limits, no other; one line of report for each."""
    _, generations = ask_broker(runtime, tuple(SILVER))
    report = []
    for name, table in SILVER.items():
        silver = open_table(runtime, table, {name: generations[name]})
        gate = QualityGate(name, silver, open_ledger(runtime, name), runtime.rules)
        refusal = gate.find_refusal()
        if refusal is not None:
            gate.allow(refusal)
            report.append(f"{name}: the batch up to {render(refusal.to)} may pass ({refusal.reason})")
    return report


def _skip(runtime: Runtime, table: OffsetTrackedTable, fence: Fence, begin: Offsets) -> list[str]:
    """The loss is written to the warehouse first, then the table's end moves: a crash in between only repeats it.

    A table without an end has at most a batch that was planned: without its checkpoint the next start begins anew.
    """
    checkpoint = runtime.stream.checkpoints / fence.query
    with table.held(fence):
        newest, end = table.log.newest_position(), table.end()
        if newest is None and read_table(runtime.spark, table.path).isEmpty():
            end = planned_start(checkpoint)
        if end is None:
            return []
        ranges = [
            Lost(fence.query, topic, table.generations[topic], int(partition), at, oldest)
            for topic, partition, at, oldest in find_lost(end, begin)
        ]
        if not ranges:
            return []
        open_ledger(runtime, fence.query).record_lost(ranges)
        if newest is None:
            shutil.rmtree(checkpoint)
        else:
            moved = {"from": table.to_position(end), "to": table.to_position(furthest(end, begin))}
            position = newest.carried("repair", generation=table.recorded_generations(), counts={}, **moved)
            append(runtime.spark.createDataFrame([], table.table.schema), table.path, position)
    return [
        f"{lost.query}: {lost.topic} partition {lost.partition} skips {lost.stop - lost.start} records "
        f"({lost.start} to {lost.stop - 1})"
        for lost in ranges
    ]
