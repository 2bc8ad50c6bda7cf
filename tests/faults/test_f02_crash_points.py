"""F2: a crash between any two steps of a batch, and in the middle of the long ones; the next start continues."""

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import functions as F

from streaming.queries import gold
from streaming.queries.bronze import BronzeQuery
from streaming.queries.gold import GoldQuery
from streaming.queries.postgres_sync import PostgresSync
from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from streaming.sinks import postgres
from streaming.sinks.postgres import Ledger
from tests.support.faults.crashes import CRASH, crash_after, crash_before
from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.stream import POSTS_CHAIN, InProcessStream, send_posts

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


def before(owner: Any, name: str) -> Crash:
    return lambda patch, call: crash_before(patch, owner, name, call)


def after(owner: Any, name: str) -> Crash:
    return lambda patch, call: crash_after(patch, owner, name, call)


POINTS: dict[str, tuple[str, Crash]] = {
    "after the offset log": ("posts", before(TopicQuery, "_stage")),
    "between quarantine and silver": ("posts", before(TopicQuery, "_append_to_silver")),
    "after silver": ("posts", before(PostgresSync, "apply")),
    "in a COPY": ("posts", in_copy),
    "before COMMIT": ("posts", after(Ledger, "_record")),
    "after COMMIT": ("posts", after(Ledger, "write")),
    "before the commit log": ("posts", after(TopicQuery, "process")),
    "after bronze": ("bronze", after(BronzeQuery, "process")),
    "in a MERGE": ("gold_posts", in_merge),
    "between two MERGEs": ("gold_posts", after(GoldQuery, "_merge")),
}


@pytest.mark.fault("F2")
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point_changes_no_number(
    stream: InProcessStream,
    chance: random.Random,
    assert_exact: AssertExact,
    count_injection: CountInjection,
    point: str,
    full: bool,
) -> None:
    """In a full run five times over the same lake."""
    query, crash = POINTS[point]
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
