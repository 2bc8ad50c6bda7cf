"""How a query or a repair gets at what it needs: broker, tables, and the right to write."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from streaming.kafka_admin import describe_topics, read_begin_offsets, read_end_offsets
from streaming.queries.runtime import Runtime
from streaming.recovery.offsets import Offsets
from streaming.recovery.topic_generations import Generations, Topic, TopicMissing
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fence, take_fence
from streaming.sinks.postgres import Ledger
from warehouse.lake.delta_io import create_table
from warehouse.lake.tables import Table


def known_generations(runtime: Runtime) -> Generations:
    """The lake's list of the topics that filled it."""
    return Generations(Path(runtime.lake.path) / "generations.json")


def ask_broker(runtime: Runtime, topics: tuple[str, ...]) -> tuple[Offsets, dict[str, int]]:
    """The oldest offsets of the topics and their generations.

    Raises:
        TopicMissing: one of them does not exist.
        TopicRecreated: one of them is not the topic that filled the lake.
    """
    described = describe_topics(runtime.kafka)
    with runtime.locks.hold("generations"):
        numbers = _number(runtime, described, topics)
    return _select(read_begin_offsets(runtime.kafka), topics), numbers


def check_generations(runtime: Runtime, topics: Iterable[str]) -> None:
    """What a running query asks in every batch: offsets do not tell that a topic was created again and filled further.

    Raises as `ask_broker`, or StartBroker.
    """
    _number(runtime, runtime.watch.describe(), topics)  # no lock: topics that have a number are only looked up


def ask_latest(runtime: Runtime, topics: tuple[str, ...]) -> Offsets:
    """Where the topics end now."""
    return _select(read_end_offsets(runtime.kafka), topics)


def open_table(runtime: Runtime, table: Table, generations: Mapping[str, int]) -> OffsetTrackedTable:
    """A table of the lake, created where it does not exist."""
    with runtime.locks.hold(table.name):
        create_table(runtime.spark, runtime.lake, table)
    return OffsetTrackedTable(table, runtime.lake.path, runtime.locks, generations)


def open_ledger(runtime: Runtime, query: str) -> Ledger:
    """The warehouse side of a query."""
    return Ledger(runtime.writer_url, query, runtime.stop, runtime.stream.retry_max_seconds)


def acquire_fence(runtime: Runtime, query: str, ledger: Ledger | None) -> Fence:
    """From now on an older driver of this query may neither write nor commit. `ledger`: None where it has none."""
    above = ledger.fence_number() if ledger else 0
    with runtime.locks.hold(f"fence/{query}"):
        fence = take_fence(runtime.lake.path, query, runtime.driver, above)
    if ledger:
        ledger.take_lease(fence)
    return fence


def _number(runtime: Runtime, described: Mapping[str, Topic], topics: Iterable[str]) -> dict[str, int]:
    missing = [name for name in topics if name not in described]
    if missing:
        raise TopicMissing(f"topic {', '.join(missing)} does not exist: run ./spark-submit.sh create_topics")
    generations = known_generations(runtime)
    return {name: generations.number_of(described[name]) for name in topics}


def _select(offsets: dict[str, dict[int, int]], topics: tuple[str, ...]) -> Offsets:
    return {topic: {str(number): at for number, at in offsets[topic].items()} for topic in topics}
