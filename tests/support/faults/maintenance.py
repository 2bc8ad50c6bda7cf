"""Maintenance in fault tests: a lake of several days with many small files, and runs of `maintain` over it."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import pytest

from streaming.local.processes import wait_until
from streaming.queries.bronze import BronzeQuery
from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from tests.support.faults.crashes import fail
from tests.support.records import make_post, make_reading
from tests.support.stream import InProcessStream, write_by_spark
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.locks import TableLocks
from warehouse.lake.maintenance import MAX_FILES, Maintenance, TableReport, read_files
from warehouse.lake.tables import ALL, POSTS, READINGS, Table

DAY_MS = 86_400_000
SILVER = (POSTS, READINGS)
PLANNERS: dict[str, type] = {"posts": TopicQuery, "bronze": BronzeQuery}


def send_batch(stream: InProcessStream, first: int, count: int = 30) -> None:
    """Valid posts, one repeat, 12 broken records, and as many readings as posts."""
    numbers = range(first, first + count)
    stream.send("posts", [*map(make_post, numbers), make_post(first), *[b"{"] * 12])
    stream.send("readings", [make_reading(number) for number in numbers])


@contextmanager
def write_small_files(stream: InProcessStream) -> Iterator[None]:
    """While the block runs Spark writes all, a file for every two rows."""
    stream.spark.conf.set("spark.sql.files.maxRecordsPerFile", "2")
    try:
        with pytest.MonkeyPatch.context() as patch:
            write_by_spark(patch)
            yield
    finally:
        stream.spark.conf.unset("spark.sql.files.maxRecordsPerFile")


def drain_as_of(stream: InProcessStream, days_ago: int) -> None:
    """Drains by batches of an earlier day: each is planned, interrupted before it writes, dated back and resumed."""
    for query, planner in PLANNERS.items():
        with pytest.MonkeyPatch.context() as crash:
            crash.setattr(planner, "process", fail)
            with pytest.raises(QueryFailed):
                stream.drain((query,))
        age_pending_batch(stream, query, days_ago)
    stream.drain(tuple(PLANNERS))


def age_pending_batch(stream: InProcessStream, query: str, days_ago: int) -> None:
    """Moves the time of the planned batch back, in the newest file of the checkpoint's offset log."""
    offsets = stream.settings.stream.checkpoints / query / "1" / "offsets"
    newest = max((path for path in offsets.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
    version, metadata, *rest = newest.read_text().splitlines()
    planned = json.loads(metadata)
    planned["batchTimestampMs"] -= days_ago * DAY_MS
    newest.write_text("\n".join([version, json.dumps(planned), *rest]))


def maintain(stream: InProcessStream, tables: Iterable[Table] = ALL, **options: Any) -> dict[str, TableReport]:
    """Runs `maintain` with locks of its own, as another process would; reports of the tables that it changed."""
    run = Maintenance(
        stream.spark, stream.settings.lake, TableLocks(stream.spark, stream.settings.lake.path), **options
    )
    return {done.table: done for done in map(run.run, tables) if not done.is_unchanged}


def maintain_until_clean(stream: InProcessStream) -> None:
    """Maintains silver until its folders hold only files of the newest version, at most `MAX_FILES` per partition."""

    def is_clean() -> bool:
        maintain(stream, SILVER, open_day=True)
        named = sum(sum(count_files(stream, table).values()) for table in SILVER)
        return named == len(list(stream.settings.lake.path.glob("silver/[pr]*s/ingest_date=*/*.parquet")))

    assert wait_until(is_clean, 60)
    assert all(files <= MAX_FILES for table in SILVER for files in count_files(stream, table).values())


def count_files(stream: InProcessStream, table: Table) -> dict[Any, int]:
    """Files of the newest version, by partition."""
    return {partition: len(sizes) for partition, sizes in read_files(stream.table(table.name)).items()}


def read_position(stream: InProcessStream, table: Table) -> dict[str, Any]:
    newest = DeltaLog(stream.table(table.name)).newest_metadata()
    assert newest is not None
    return {key: value for key, value in asdict(newest).items() if key not in ("by", "rows_of")}


def with_short_retention(stream: InProcessStream) -> InProcessStream:
    """The same stream, with a retention of one second for replaced files and for commits in the log."""
    lake = stream.settings.lake.model_copy(
        update={"deleted_file_retention": "interval 1 seconds", "log_retention": "interval 1 seconds"}
    )
    return replace(stream, settings=stream.settings.model_copy(update={"lake": lake}))
