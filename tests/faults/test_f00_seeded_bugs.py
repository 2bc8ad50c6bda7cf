"""F0: the recount finds bugs. Each bug is patched into the product, the same faulty day is run, and a check objects."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from psycopg2.extensions import connection
from pyspark.sql import functions as F
from pyspark.sql.streaming.readwriter import DataStreamReader

from streaming.operations.repair import skip_lost
from streaming.queries.dedup_recovery import DedupRecovery
from streaming.queries.postgres_sync import PostgresSync
from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from streaming.records import times
from streaming.recovery.offsets import Decision
from streaming.sinks import postgres
from streaming.sinks.postgres import Ledger
from streaming.transforms import one_pass_arrow, staging
from tests.support.faults.broker_losses import lose_records
from tests.support.faults.crashes import CRASH, crash_before
from tests.support.faults.fixtures import AssertExact
from tests.support.records import make_post
from tests.support.stream import POSTS, POSTS_CHAIN, InProcessStream, send_posts
from tests.support.worker_bugs import patch_in_workers

Bug = Callable[[pytest.MonkeyPatch], None]
pytestmark = pytest.mark.fault("F0")


def send_events_on_edges(stream: InProcessStream) -> None:
    """Posts at the first and last moment of a minute and of a day, and one whose time is written in another zone."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moments = [day - timedelta(days=1), day - timedelta(milliseconds=1), day - timedelta(hours=7, minutes=30)]
    times = [at.isoformat(timespec="milliseconds") for at in moments]
    times.append(moments[2].astimezone(datetime.strptime("+0545", "%z").tzinfo).isoformat(timespec="milliseconds"))
    stream.send("posts", [make_post(900 + n, created_at=at) for n, at in enumerate(times)], partition=2)


class UnansweredConnection(connection):
    """A session whose COMMIT succeeds while its answer is lost."""

    loses_answer = False

    def commit(self) -> None:
        super().commit()
        if self.loses_answer:
            self.close()
            raise psycopg2.OperationalError("server closed the connection unexpectedly")


def disturb_database(patch: pytest.MonkeyPatch) -> None:
    """Terminates the first ledger transaction before its COMMIT; loses the answer to the COMMIT of the next one."""
    record, connect, numbers = Ledger._record, postgres.connect, count(1)

    def record_disturbed(self: Ledger, cursor: Any, entry: Any) -> None:
        number = next(numbers)
        record(self, cursor, entry)
        if number == 1:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        cursor.connection.loses_answer = number == 3  # 2: the first one is repeated

    patch.setattr(Ledger, "_record", record_disturbed)
    patch.setattr(
        postgres, "connect", lambda *url, **names: connect(*url, connection_factory=UnansweredConnection, **names)
    )


def run_a_faulty_day(stream: InProcessStream) -> None:
    """Three batches with repeats: one loses its session, one the answer to its COMMIT, one crashes after silver."""
    send_posts(stream, 0)
    send_events_on_edges(stream)
    stream.cap("posts", 20)
    with pytest.MonkeyPatch.context() as fault:
        disturb_database(fault)
        crash_before(fault, PostgresSync, "apply", call=3)
        with pytest.raises(QueryFailed, match=CRASH):
            stream.drain(POSTS)
    stream.drain(POSTS_CHAIN)


def no_ledger(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ledger, "_read_silver_version", lambda _self: None)
    patch.setattr(Ledger, "_record", lambda *_: None)


def upsert_without_position(patch: pytest.MonkeyPatch) -> None:
    """Adds every increment, also one that the ledger has; its row in the ledger is kept."""
    read = postgres.read_sql
    on_conflict = " ON CONFLICT (query, silver_version) DO NOTHING"
    patch.setattr(Ledger, "_read_silver_version", lambda _self: None)
    patch.setattr(
        postgres, "read_sql", lambda name: read(name) + (on_conflict if name.endswith("insert_entry.sql") else "")
    )


def append_without_position(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("streaming.sinks.delta.decide", lambda *_: Decision.WHOLE)


def swallow_errors(patch: pytest.MonkeyPatch) -> None:
    def once(self: Ledger, attempt: Callable[[], Any]) -> Any:
        with suppress(psycopg2.Error):
            return attempt()
        self.close()

    patch.setattr(Ledger, "_once", once)


def close_minutes_at_their_end(patch: pytest.MonkeyPatch) -> None:
    """Minutes are (00:00, 01:00] instead of [00:00, 01:00)."""
    floor, moment = one_pass_arrow.floor_time, pa.scalar(timedelta(microseconds=1))
    earlier = {"minute": lambda at: floor(pc.subtract(at, moment), "minute")}
    patch.setattr(one_pass_arrow, "floor_time", lambda at, unit: earlier.get(unit, lambda at: floor(at, unit))(at))


def read_local_time(patch: pytest.MonkeyPatch) -> None:
    """Reads the time as UTC, whatever zone the text names."""
    parse = times.parse_time
    patch_in_workers(patch, times, "parse_time", lambda text: parse(text[:19] + "Z"))


def count_days_by_local_time(patch: pytest.MonkeyPatch) -> None:
    floor, ahead = one_pass_arrow.floor_time, pa.scalar(timedelta(hours=5, minutes=45))  # Asia/Kathmandu
    local = {"day": lambda at: floor(pc.add(at, ahead), "day")}
    patch.setattr(one_pass_arrow, "floor_time", lambda at, unit: local.get(unit, lambda at: floor(at, unit))(at))


def keep_repeats(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        "streaming.queries.topic_query.drop_repeats",
        lambda events, _horizon: staging.with_ingestion(events, F.current_timestamp()),
    )
    patch.setattr(DedupRecovery, "drop_known", lambda _self, events, _batch_ms: events)


BUGS: dict[str, tuple[Bug, str]] = {
    "ledger off": (no_ledger, "hashtag_minutes"),
    "additive upsert without the ledger's check": (upsert_without_position, "hashtag_minutes"),
    "append without idempotence": (append_without_position, "one_place"),
    "swallowed database error": (swallow_errors, "ledger_rows"),
    "half-open minute edge": (close_minutes_at_their_end, "hashtag_minutes"),
    "local-time parsing": (read_local_time, "silver_posts"),
    "local days": (count_days_by_local_time, "author_days"),
    "deduplication off": (keep_repeats, "identity_once_within_horizon"),
}
"""Bug -> the patch that makes it, and a check that must find differences."""


def test_without_a_bug_the_faulty_day_is_exact(stream: InProcessStream, assert_exact: AssertExact) -> None:
    run_a_faulty_day(stream)
    assert_exact(stream.verify().checks)


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found(stream: InProcessStream, bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    introduce, check = BUGS[bug]
    introduce(monkeypatch)
    run_a_faulty_day(stream)
    assert check in {check.name for check in stream.verify().checks if check.differences}


@pytest.mark.parametrize("bug", ["", "failOnDataLoss=false"])
def test_records_lost_before_a_batch_are_not_skipped_silently(
    stream: InProcessStream, bug: str, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_posts(stream, 0)
    stream.drain(("bronze", "posts"))
    send_posts(stream, 40)
    stream.drain(("bronze",))
    start, option = TopicQuery.start, DataStreamReader.option

    def start_after_retention(self: TopicQuery) -> Any:
        lose_records(stream, "posts", below=30)
        return start(self)

    monkeypatch.setattr(TopicQuery, "start", start_after_retention)
    if bug:
        forgiving = {"failOnDataLoss": "false"}
        monkeypatch.setattr(
            DataStreamReader, "option", lambda self, key, value: option(self, key, forgiving.get(key, value))
        )
        stream.drain(POSTS_CHAIN)
        assert "duplicates_have_twins" in {check.name for check in stream.verify().checks if check.differences}
    else:
        with pytest.raises(QueryFailed, match="posts"):
            stream.drain(POSTS)
        skip_lost(stream.make_runtime())
        stream.drain(POSTS_CHAIN)
        assert_exact(stream.verify().checks)
