"""F2: a crash between any two steps of a batch, and in the middle of the long ones; the next start continues.

On each path: small batches are written by Python (delta-rs), also after they were measured, others by Spark.
"""

import io
import random
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyarrow import parquet
from pyspark.sql import functions as F

from streaming.queries import gold
from streaming.queries.bronze import BronzeQuery
from streaming.queries.gold import GoldQuery
from streaming.queries.postgres_sync import PostgresSync
from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from streaming.sinks import postgres
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.postgres import Ledger
from tests.support.faults.crashes import CRASH, crash_after, crash_before
from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.stream import POSTS_CHAIN, InProcessStream, hide_sizes, send_posts, write_by_spark
from warehouse.lake import arrow_io
from warehouse.lake.arrow_io import ArrowTable

Crash = Callable[[pytest.MonkeyPatch, int], None]


class TornFile(io.BytesIO):
    """Raises after its first half was read."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise RuntimeError(CRASH)
        return super().read(len(self.getvalue()) // 2)


def in_copy(patch: pytest.MonkeyPatch, call: int) -> None:
    """Crashes when half of the rows of a COPY have arrived."""
    copy = postgres.copy_rows

    class TornCursor:
        def __init__(self, cursor: Any) -> None:
            self._cursor = cursor

        def copy_expert(self, command: Any, rows: io.BytesIO) -> None:
            self._cursor.copy_expert(command, TornFile(rows.getvalue()))

    patch.setattr(postgres, "copy_rows", lambda cursor, load: copy(TornCursor(cursor), load))


def in_merge(patch: pytest.MonkeyPatch, call: int) -> None:
    """Crashes a MERGE while it runs."""
    merge = gold.merge

    def merge_broken(increments: Any, *arguments: Any) -> None:
        broken = F.assert_true(F.col(increments.columns[0]).isNull(), F.lit(CRASH)).isNull()
        merge(increments.where(broken), *arguments)

    patch.setattr(gold, "merge", merge_broken)


def between_file_and_commit(patch: pytest.MonkeyPatch, call: int) -> None:
    """The data file of an append by delta-rs is there, its commit is not."""

    def write_file_only(opened: DeltaTable, rows: pa.Table, **_: Any) -> None:
        parquet.write_table(rows, f"{opened.table_uri.removeprefix('file://')}/left-{uuid4()}.parquet")
        raise RuntimeError(CRASH)

    patch.setattr(arrow_io, "write_deltalake", write_file_only)


def before(owner: Any, name: str) -> Crash:
    return lambda patch, call: crash_before(patch, owner, name, call)


def after(owner: Any, name: str) -> Crash:
    return lambda patch, call: crash_after(patch, owner, name, call)


BOTH: dict[str, tuple[str, Crash]] = {
    "after the offset log": ("posts", before(TopicQuery, "_is_short_and_next")),
    "after silver": ("posts", before(PostgresSync, "apply")),
    "in a COPY": ("posts", in_copy),
    "before COMMIT": ("posts", after(Ledger, "_record")),
    "after COMMIT": ("posts", after(Ledger, "write")),
    "before the commit log": ("posts", after(TopicQuery, "process")),
    "after bronze": ("bronze", after(BronzeQuery, "process")),
}
ARROW = {
    **BOTH,
    "between a file and its commit": ("posts", between_file_and_commit),
    "between quarantine and silver": ("posts", before(OffsetTrackedTable, "append_next")),
    "before a MERGE": ("gold_posts", before(ArrowTable, "merge")),
    "between two MERGEs": ("gold_posts", after(GoldQuery, "_merge_in_arrow")),
}
SPARK = {
    **BOTH,
    "between quarantine and silver": ("posts", before(OffsetTrackedTable, "append_batch")),
    "in a MERGE": ("gold_posts", in_merge),
    "between two MERGEs": ("gold_posts", after(GoldQuery, "_merge")),
}
MEASURED = {point: ARROW[point] for point in ("between quarantine and silver", "before the commit log")}
PATHS = {"arrow": ARROW, "measured": MEASURED, "spark": SPARK}
POINTS = {(path, point): crash for path, points in PATHS.items() for point, crash in points.items()}


@pytest.mark.fault("F2")
@pytest.mark.parametrize("point", POINTS, ids=" ".join)
def test_a_crash_at_any_point_changes_no_number(
    stream: InProcessStream,
    chance: random.Random,
    assert_exact: AssertExact,
    monkeypatch: pytest.MonkeyPatch,
    count_injection: CountInjection,
    point: tuple[str, str],
    full: bool,
) -> None:
    """In a full run five times over the same lake."""
    query, crash = POINTS[point]
    if point[0] == "spark":
        write_by_spark(monkeypatch)
    if point[0] == "measured":
        hide_sizes(monkeypatch)
    stream.cap("posts", 25)
    stream.cap("bronze", 25)
    for number in range(5 if full else 1):
        first = 1_000 * number
        sizes = [chance.randint(20, 60) for _ in range(2)]
        send_posts(stream, first, sizes[0])
        if query == "gold_posts":
            stream.drain(("posts",))
        with pytest.MonkeyPatch.context() as patch:
            crash(patch, chance.choice([1, 2]))
            with pytest.raises(QueryFailed, match=CRASH):
                stream.drain((query,))
        count_injection()
        send_posts(stream, first + sizes[0] // 2, sizes[1])  # partly repeats of records sent before the crash
        stream.drain(POSTS_CHAIN)
        assert_exact(stream.verify().checks)


@pytest.mark.fault("F2")
def test_a_table_whose_creation_was_interrupted_is_created_again(
    stream: InProcessStream, assert_exact: AssertExact
) -> None:
    for table in ("silver/posts", "gold/hashtag_minutes"):
        (stream.table(table) / "_delta_log").mkdir(parents=True)
    send_posts(stream, 0)
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)
