"""Maintenance beside the stream: few files afterwards, the same rows, the same positions, and every number right."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from streaming.processes import wait_until
from streaming.queries.bronze import BronzeQuery
from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from tests.fixtures_faults import Judge
from tests.fixtures_stream import StreamBench, make_post, make_reading
from warehouse import upkeep
from warehouse.delta_log import DeltaLog
from warehouse.locks import TableLocks
from warehouse.postgres import connect, role_url
from warehouse.tables import ALL, BRONZE, HASHTAG_MINUTES, POSTS, QUARANTINE, READINGS, Table
from warehouse.upkeep import MAX_FILES, Done, Upkeep, read_files
from warehouse.verification import VerificationError

pytestmark = pytest.mark.timeout(900)  # VACUUM and OPTIMIZE take seconds per table on a busy machine
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
            crash.setattr(planner, "process", _fail)
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
    run = Upkeep(bench.spark, bench.settings.lake, TableLocks(bench.spark, bench.settings.lake.path), **options)
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
    judge(bench.prove().checks)
    assert maintain(bench, tables) == {}
    send_posts(bench, 320, 60)  # a third of it repeats
    bench.drain()
    judge(bench.prove().checks)
    assert bench.count("silver/posts") == 140


def is_closed(partition: Any) -> bool:
    return str(dict(partition).get("ingest_date", date.min)) < str(datetime.now(UTC).date())


@pytest.mark.fault("F11")
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
    run_sql(bench, "TRUNCATE ops.ledger, warehouse.dim_hashtag, warehouse.dim_author CASCADE")
    run_sql(bench, "TRUNCATE warehouse.fact_machine_minute")
    bench.drain()
    judge(bench.prove().checks)
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
    judge(bench.prove().checks)
    send_posts(bench, 60)
    bench.drain()
    judge(bench.prove().checks)


def crash_after_a_commit(bench: StreamBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second step dies before it commits."""
    whole, calls = upkeep.compact, iter(range(100))
    with monkeypatch.context() as crash:
        crash.setattr(upkeep, "FILES_AT_ONCE", 10)
        crash.setattr(upkeep, "compact", lambda *words: _fail() if next(calls) else whole(*words))
        with pytest.raises(RuntimeError, match="a crash made by the test"):
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
        _fail()

    with monkeypatch.context() as crash:
        crash.setattr(upkeep, "vacuum", die)
        with pytest.raises(RuntimeError, match="a crash made by the test"):
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
    run = Upkeep(bench.spark, bench.settings.lake, locks, open_day=True)
    for table in ALL:
        run.run(table)
    assert locks.commits == sum(bench.versions().values()) - versions > 0
    assert position_of(bench, POSTS) == position
    clean_log(bench, POSTS)
    assert position_of(bench, POSTS) == position
    bench.drain()
    judge(bench.prove().checks)


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
    run_sql(bench, "DELETE FROM ops.ledger AS l WHERE query = 'posts' AND silver_version = "
                   "(SELECT max(silver_version) FROM ops.ledger WHERE query = l.query)")
    with pytest.raises(VerificationError, match=r"version \d+ of silver/posts can no longer be read: let the stream"):
        bench.prove()


def run_sql(bench: StreamBench, statement: str) -> None:
    with connect(role_url(bench.settings.postgres, "owner"), application_name="tests") as session:
        session.cursor().execute(statement)


def _fail(*_arguments: object) -> Callable[..., None]:
    raise RuntimeError("a crash made by the test")
