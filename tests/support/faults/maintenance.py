"""What the tests of maintenance share: a lake of several days with many small files, and `maintain` beside it."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from streaming.local.processes import wait_until
from streaming.queries.bronze import BronzeQuery
from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from tests.support.faults.crashes import fail
from tests.support.stream import StreamBench, make_post, make_reading
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.locks import TableLocks
from warehouse.lake.maintenance import MAX_FILES, Done, Maintenance, read_files
from warehouse.lake.tables import ALL, POSTS, READINGS, Table

DAY_MS = 86_400_000
SILVER = (POSTS, READINGS)
PLANNERS: dict[str, type] = {"posts": TopicQuery, "bronze": BronzeQuery}


def send_posts(bench: StreamBench, first: int, count: int = 30) -> None:
    """Valid posts, broken ones and a repeat."""
    numbers = range(first, first + count)
    bench.send("posts", [*map(make_post, numbers), make_post(first), *[b"{"] * 12])
    bench.send("readings", [make_reading(number) for number in numbers])


@contextmanager
def small_files(bench: StreamBench) -> Iterator[None]:
    """Every table gets a file per two rows."""
    bench.spark.conf.set("spark.sql.files.maxRecordsPerFile", "2")
    try:
        yield
    finally:
        bench.spark.conf.unset("spark.sql.files.maxRecordsPerFile")


def drain_as_of(bench: StreamBench, days_ago: int) -> None:
    """What waits is read by a batch of an earlier day: it was planned then, and the driver died before it wrote."""
    for query, planner in PLANNERS.items():
        with pytest.MonkeyPatch.context() as crash:
            crash.setattr(planner, "process", fail)
            with pytest.raises(QueryFailed):
                bench.drain((query,))
        age_pending_batch(bench, query, days_ago)
    bench.drain(tuple(PLANNERS))


def age_pending_batch(bench: StreamBench, query: str, days_ago: int) -> None:
    offsets = bench.settings.stream.checkpoints / query / "1" / "offsets"
    newest = max((path for path in offsets.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
    version, metadata, *rest = newest.read_text().splitlines()
    planned = json.loads(metadata)
    planned["batchTimestampMs"] -= days_ago * DAY_MS
    newest.write_text("\n".join([version, json.dumps(planned), *rest]))


def maintain(bench: StreamBench, tables: Iterable[Table] = ALL, **options: Any) -> dict[str, Done]:
    """A run as another process would do it; the tables that had something to do."""
    run = Maintenance(bench.spark, bench.settings.lake, TableLocks(bench.spark, bench.settings.lake.path), **options)
    return {done.table: done for done in map(run.run, tables) if not done.is_nothing}


def maintain_until_clean(bench: StreamBench) -> None:
    """Until the retention has passed and silver's folders hold nothing but the few files of the newest version."""

    def is_clean() -> bool:
        maintain(bench, SILVER, open_day=True)
        named = sum(sum(count_files(bench, table).values()) for table in SILVER)
        return named == len(list(bench.settings.lake.path.glob("silver/[pr]*s/ingest_date=*/*.parquet")))

    assert wait_until(is_clean, 60)
    assert all(files <= MAX_FILES for table in SILVER for files in count_files(bench, table).values())


def count_files(bench: StreamBench, table: Table) -> dict[Any, int]:
    """By partition."""
    return {partition: len(sizes) for partition, sizes in read_files(bench.table(table.name)).items()}


def position_of(bench: StreamBench, table: Table) -> dict[str, Any]:
    newest = DeltaLog(bench.table(table.name)).newest_position()
    assert newest is not None
    return {key: value for key, value in newest.position.items() if key not in ("by", "rows_of")}


def forget_soon(bench: StreamBench) -> StreamBench:
    """The same bench, where a replaced file may be deleted after a second, and a commit cleaned from the log."""
    lake = bench.settings.lake.model_copy(
        update={"deleted_file_retention": "interval 1 seconds", "log_retention": "interval 1 seconds"}
    )
    return replace(bench, settings=bench.settings.model_copy(update={"lake": lake}))
