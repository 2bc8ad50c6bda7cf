"""Maintenance beside the stream: few files afterwards, the same rows, the same positions, and every number right."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.faults.crashes import CRASH, fail
from tests.support.faults.fixtures import Judge
from tests.support.faults.maintenance import (
    count_files,
    drain_as_of,
    forget_soon,
    maintain,
    maintain_until_clean,
    position_of,
    send_posts,
    small_files,
)
from tests.support.stream import StreamBench
from warehouse.lake import maintenance
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.locks import TableLocks
from warehouse.lake.maintenance import MAX_FILES, Maintenance
from warehouse.lake.tables import ALL, BRONZE, HASHTAG_MINUTES, POSTS, QUARANTINE, READINGS, Table
from warehouse.verification import VerificationError

pytestmark = pytest.mark.timeout(900)  # VACUUM and OPTIMIZE take seconds per table on a busy machine


@pytest.mark.fault("F11")
def test_closed_days_keep_few_files_and_no_number_changes(bench: StreamBench, judge: Judge) -> None:
    with small_files(bench):
        for days_ago in (2, 1):
            send_posts(bench, 100 * days_ago)
            drain_as_of(bench, days_ago)
        send_posts(bench, 300)
        bench.drain()
    tables = (BRONZE, POSTS, READINGS, QUARANTINE["posts"], HASHTAG_MINUTES)
    before = {table.name: count_files(bench, table) for table in tables}
    positions = {table.name: position_of(bench, table) for table in tables}
    assert len(before["silver/posts"]) == 3
    assert all(min(before[table.name].values()) > MAX_FILES for table in (BRONZE, POSTS, QUARANTINE["posts"]))
    done = maintain(bench, tables)
    assert {"bronze/records", "silver/posts", "quarantine/posts"} <= set(done)
    assert "silver/readings" not in done  # its only day is still being written
    for table in tables:
        for partition, files in count_files(bench, table).items():
            if is_closed(partition):
                assert files <= MAX_FILES
            else:
                assert files == before[table.name][partition]
    assert {table.name: position_of(bench, table) for table in tables} == positions
    judge(bench.verify().checks)
    assert maintain(bench, tables) == {}
    send_posts(bench, 320, 60)  # a third of it repeats
    bench.drain()
    judge(bench.verify().checks)
    assert bench.count("silver/posts") == 140


def is_closed(partition: Any) -> bool:
    return str(dict(partition).get("ingest_date", date.min)) < str(datetime.now(UTC).date())


@pytest.mark.fault("F11", ci=0)
def test_gold_and_the_warehouse_catch_up_past_files_that_are_gone(bench: StreamBench, judge: Judge) -> None:
    bench = forget_soon(bench)
    with small_files(bench):
        send_posts(bench, 0)
        bench.drain()
        send_posts(bench, 20, 40)
        bench.drain(("bronze", "posts", "readings"))  # gold is behind now
    before = position_of(bench, POSTS)
    maintain_until_clean(bench)
    assert position_of(bench, POSTS) == before
    bench.run_sql("TRUNCATE ops.ledger, warehouse.dim_hashtag, warehouse.dim_author CASCADE")
    bench.run_sql("TRUNCATE warehouse.fact_machine_minute")
    bench.drain()
    judge(bench.verify().checks)
    assert bench.count("silver/posts") == 60


@pytest.mark.fault("F11", ci=0)
def test_a_run_cut_off_anywhere_is_finished_by_the_next(
    bench: StreamBench, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = forget_soon(bench)
    with small_files(bench):
        send_posts(bench, 0, 60)
        bench.drain()
    crash_after_a_commit(bench, monkeypatch)
    leave_a_half_written_file(bench)
    crash_in_vacuum(bench, monkeypatch)
    maintain_until_clean(bench)
    judge(bench.verify().checks)
    send_posts(bench, 60)
    bench.drain()
    judge(bench.verify().checks)


def crash_after_a_commit(bench: StreamBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second step dies before it commits."""
    whole, calls = maintenance.compact, iter(range(100))
    with monkeypatch.context() as crash:
        crash.setattr(maintenance, "FILES_AT_ONCE", 10)
        crash.setattr(maintenance, "compact", lambda *words: fail() if next(calls) else whole(*words))
        with pytest.raises(RuntimeError, match=CRASH):
            maintain(bench, (POSTS,), open_day=True)
    assert next(calls) == 2
    assert max(count_files(bench, POSTS).values()) > MAX_FILES


def leave_a_half_written_file(bench: StreamBench) -> None:
    """What OPTIMIZE leaves when it dies before its commit: a file that no version names."""
    file = next(bench.table("silver/posts").glob("ingest_date=*/*.parquet"))
    shutil.copy(file, file.with_name(f"part-half-{file.name}"))


def crash_in_vacuum(bench: StreamBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some files are deleted, some not."""

    def die(*_: object) -> None:
        table = bench.spark.read.format("delta").load(str(bench.table("silver/posts")))
        named = {Path(file).name for file in table.inputFiles()}
        files = bench.table("silver/posts").glob("ingest_date=*/*.parquet")
        unneeded = [path for path in files if path.name not in named]
        assert len(unneeded) > 3
        for path in unneeded[:3]:
            path.unlink()
        fail()

    with monkeypatch.context() as crash:
        crash.setattr(maintenance, "vacuum", die)
        with pytest.raises(RuntimeError, match=CRASH):
            maintain(bench, (POSTS,), open_day=True)


class WatchedLocks(TableLocks):
    """Counts the commits of tables while their locks are held."""

    commits = 0

    @contextmanager
    def hold(self, table: str) -> Iterator[None]:
        """As it is, counting."""
        with super().hold(table):
            log = DeltaLog(self._folder.parent / table)
            before = log.newest_version()
            yield
            self.commits += log.newest_version() - before


@pytest.mark.fault("F11", ci=0)
def test_every_commit_holds_the_lock_and_no_cleaned_log_hides_a_position(bench: StreamBench, judge: Judge) -> None:
    bench = forget_soon(bench)
    with small_files(bench):
        send_posts(bench, 0)
        bench.drain()
    position, versions = position_of(bench, POSTS), sum(bench.versions().values())
    locks = WatchedLocks(bench.spark, bench.settings.lake.path)
    run = Maintenance(bench.spark, bench.settings.lake, locks, open_day=True)
    for table in ALL:
        run.run(table)
    assert locks.commits == sum(bench.versions().values()) - versions > 0
    assert position_of(bench, POSTS) == position
    clean_log(bench, POSTS)
    assert position_of(bench, POSTS) == position
    bench.drain()
    judge(bench.verify().checks)


def clean_log(bench: StreamBench, table: Table) -> None:
    """What Delta does at a checkpoint once every older commit has passed its retention."""
    log = bench.table(table.name) / "_delta_log"
    newest = max(int(path.stem) for path in log.glob("*.json"))
    assert (log / f"{newest:020d}.checkpoint.parquet").exists()
    for path in log.glob("*.json"):
        if int(path.stem) < newest:
            path.unlink()


@pytest.mark.fault("F11", ci=0)
def test_the_recount_says_so_where_a_version_it_needs_is_gone(bench: StreamBench) -> None:
    bench = forget_soon(bench)
    with small_files(bench):
        for first in (0, 40):
            send_posts(bench, first)
            bench.drain()
    maintain_until_clean(bench)
    bench.run_sql(
        "DELETE FROM ops.ledger AS l WHERE query = 'posts' AND silver_version = "
        "(SELECT max(silver_version) FROM ops.ledger WHERE query = l.query)"
    )
    with pytest.raises(VerificationError, match=r"version \d+ of silver/posts can no longer be read: let the stream"):
        bench.verify()
