"""F11: maintenance leaves few files, the same rows and the same recorded offsets, also if it is interrupted."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from streaming.local.processes import wait_until
from tests.support.faults.crashes import CRASH, fail
from tests.support.faults.fixtures import AssertExact
from tests.support.faults.maintenance import (
    count_files,
    drain_as_of,
    maintain,
    maintain_until_clean,
    read_position,
    send_batch,
    with_short_retention,
    write_small_files,
)
from tests.support.stream import TIMEOUT_SECONDS, InProcessStream
from warehouse.lake import maintenance
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.locks import TableLocks
from warehouse.lake.maintenance import MAX_FILES, Maintenance
from warehouse.lake.tables import ALL, BRONZE, HASHTAG_MINUTES, POSTS, QUARANTINE, READINGS, Table
from warehouse.verification import VerificationError

pytestmark = pytest.mark.timeout(900)  # VACUUM and OPTIMIZE take seconds per table on a busy machine


@pytest.mark.fault("F11")
def test_closed_days_keep_few_files_and_no_number_changes(stream: InProcessStream, assert_exact: AssertExact) -> None:
    with write_small_files(stream):
        for days_ago in (2, 1):
            send_batch(stream, 100 * days_ago)
            drain_as_of(stream, days_ago)
        send_batch(stream, 300)
        stream.drain()
    tables = (BRONZE, POSTS, READINGS, QUARANTINE["posts"], HASHTAG_MINUTES)
    before = {table.name: count_files(stream, table) for table in tables}
    positions = {table.name: read_position(stream, table) for table in tables}
    assert len(before["silver/posts"]) == 3
    assert all(min(before[table.name].values()) > MAX_FILES for table in (BRONZE, POSTS, QUARANTINE["posts"]))
    done = maintain(stream, tables)
    assert {"bronze/records", "silver/posts", "quarantine/posts"} <= set(done)
    assert "silver/readings" not in done  # its only day is still being written
    for table in tables:
        for partition, files in count_files(stream, table).items():
            if is_closed(partition):
                assert files <= MAX_FILES
            else:
                assert files == before[table.name][partition]
    assert {table.name: read_position(stream, table) for table in tables} == positions
    assert_exact(stream.verify().checks)
    assert maintain(stream, tables) == {}
    send_batch(stream, 320, 60)  # a third of it repeats
    stream.drain()
    assert_exact(stream.verify().checks)
    assert stream.count("silver/posts") == 140


def is_closed(partition: Any) -> bool:
    return str(dict(partition).get("ingest_date", date.min)) < str(datetime.now(UTC).date())


@pytest.mark.fault("F11", ci=0)
def test_gold_and_the_database_catch_up_after_vacuum_deleted_files(
    stream: InProcessStream, assert_exact: AssertExact
) -> None:
    stream = with_short_retention(stream)
    with write_small_files(stream):
        send_batch(stream, 0)
        stream.drain()
        send_batch(stream, 20, 40)
        stream.drain(("bronze", "posts", "readings"))  # gold is behind now
    before = read_position(stream, POSTS)
    maintain_until_clean(stream)
    assert read_position(stream, POSTS) == before
    stream.run_sql("TRUNCATE ops.ledger, warehouse.dim_hashtag, warehouse.dim_author CASCADE")
    stream.run_sql("TRUNCATE warehouse.fact_machine_minute")
    stream.drain()
    assert_exact(stream.verify().checks)
    assert stream.count("silver/posts") == 60


@pytest.mark.fault("F11", ci=0)
def test_an_interrupted_run_is_finished_by_the_next(
    stream: InProcessStream, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = with_short_retention(stream)
    with write_small_files(stream):
        send_batch(stream, 0, 60)
        stream.drain()
    crash_after_a_commit(stream, monkeypatch)
    leave_an_uncommitted_file(stream)
    crash_in_vacuum(stream, monkeypatch)
    maintain_until_clean(stream)
    assert_exact(stream.verify().checks)
    send_batch(stream, 60)
    stream.drain()
    assert_exact(stream.verify().checks)


def crash_after_a_commit(stream: InProcessStream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupts the second OPTIMIZE step before its commit."""
    compact, calls = maintenance.compact, iter(range(100))
    with monkeypatch.context() as crash:
        crash.setattr(maintenance, "FILES_AT_ONCE", 10)
        crash.setattr(maintenance, "compact", lambda *arguments: fail() if next(calls) else compact(*arguments))
        with pytest.raises(RuntimeError, match=CRASH):
            maintain(stream, (POSTS,), open_day=True)
    assert next(calls) == 2
    assert max(count_files(stream, POSTS).values()) > MAX_FILES


@pytest.mark.fault("F11")
def test_a_small_batch_waits_for_a_running_optimize(
    stream: InProcessStream, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OPTIMIZE commits by the JVM, the batch by delta-rs in Python: one lock excludes both, and no commit is lost."""
    with write_small_files(stream):
        send_batch(stream, 0, 60)
        stream.drain()
    compact, begun, go_on = maintenance.compact, threading.Event(), threading.Event()

    def compact_slowly(*arguments: Any) -> None:
        begun.set()
        assert go_on.wait(120)
        compact(*arguments)

    monkeypatch.setattr(maintenance, "compact", compact_slowly)
    with stream.running(("bronze", "posts")) as runtime, ThreadPoolExecutor(1) as pool:
        send_batch(stream, 60)
        assert wait_until(lambda: stream.count("silver/posts") == 90, TIMEOUT_SECONDS)
        maintaining = pool.submit(
            Maintenance(stream.spark, stream.settings.lake, runtime.locks, open_day=True).run, POSTS
        )
        assert begun.wait(120)
        before = stream.versions()["silver/posts"]
        send_batch(stream, 90)
        assert not wait_until(lambda: stream.versions()["silver/posts"] != before, 5)
        go_on.set()
        assert not maintaining.result(300).is_unchanged
        assert wait_until(lambda: stream.count("silver/posts") == 120, TIMEOUT_SECONDS)
    stream.drain()
    assert_exact(stream.verify().checks)


def leave_an_uncommitted_file(stream: InProcessStream) -> None:
    """What OPTIMIZE leaves when it is killed before its commit: a file that no version refers to."""
    file = next(stream.table("silver/posts").glob("ingest_date=*/*.parquet"))
    shutil.copy(file, file.with_name(f"part-uncommitted-{file.name}"))


def crash_in_vacuum(stream: InProcessStream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupts VACUUM when three of its files are deleted and others are not."""

    def delete_some_and_fail(*_: object) -> None:
        table = stream.spark.read.format("delta").load(str(stream.table("silver/posts")))
        named = {Path(file).name for file in table.inputFiles()}
        files = stream.table("silver/posts").glob("ingest_date=*/*.parquet")
        unneeded = [path for path in files if path.name not in named]
        assert len(unneeded) > 3
        for path in unneeded[:3]:
            path.unlink()
        fail()

    with monkeypatch.context() as crash:
        crash.setattr(maintenance, "vacuum", delete_some_and_fail)
        with pytest.raises(RuntimeError, match=CRASH):
            maintain(stream, (POSTS,), open_day=True)


class WatchedLocks(TableLocks):
    """Counts commits that are made while the table's lock is held."""

    commits = 0

    @contextmanager
    def hold(self, table: str) -> Iterator[None]:
        """Holds the lock; adds the commits made meanwhile."""
        with super().hold(table):
            log = DeltaLog(self._folder.parent / table)
            before = log.newest_version()
            yield
            self.commits += log.newest_version() - before


@pytest.mark.fault("F11", ci=0)
def test_every_commit_holds_the_lock_and_recorded_offsets_survive_a_cleaned_log(
    stream: InProcessStream, assert_exact: AssertExact
) -> None:
    stream = with_short_retention(stream)
    with write_small_files(stream):
        send_batch(stream, 0)
        stream.drain()
    position, versions = read_position(stream, POSTS), sum(stream.versions().values())
    locks = WatchedLocks(stream.spark, stream.settings.lake.path)
    run = Maintenance(stream.spark, stream.settings.lake, locks, open_day=True)
    for table in ALL:
        run.run(table)
    assert locks.commits == sum(stream.versions().values()) - versions > 0
    assert read_position(stream, POSTS) == position
    clean_log(stream, POSTS)
    assert read_position(stream, POSTS) == position
    stream.drain()
    assert_exact(stream.verify().checks)


def clean_log(stream: InProcessStream, table: Table) -> None:
    """Deletes every commit older than the checkpoint, as Delta does once they have passed their retention."""
    log = stream.table(table.name) / "_delta_log"
    newest = max(int(path.stem) for path in log.glob("*.json"))
    assert (log / f"{newest:020d}.checkpoint.parquet").exists()
    for path in log.glob("*.json"):
        if int(path.stem) < newest:
            path.unlink()


@pytest.mark.fault("F11", ci=0)
def test_the_recount_reports_a_version_that_it_needs_and_cannot_read(stream: InProcessStream) -> None:
    stream = with_short_retention(stream)
    with write_small_files(stream):
        for first in (0, 40):
            send_batch(stream, first)
            stream.drain()
    maintain_until_clean(stream)
    stream.run_sql(
        "DELETE FROM ops.ledger AS l WHERE query = 'posts' AND silver_version = "
        "(SELECT max(silver_version) FROM ops.ledger WHERE query = l.query)"
    )
    with pytest.raises(VerificationError, match=r"version \d+ of silver/posts can no longer be read: let the stream"):
        stream.verify()
