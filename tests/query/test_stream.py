"""The stream on the real broker and database: exact, idle when idle, and exact again after every crash point."""

import shutil
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from streaming.queries.follower import Follower
from streaming.queries.gold import GoldQuery
from streaming.queries.known_ids import KnownIds
from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from streaming.sinks.fence import Driver, take_fence, take_turn
from streaming.sinks.ledger import Ledger
from tests.fixtures_stream import StreamBench, make_post, make_reading, with_rules
from warehouse.postgres import connect, role_url


def run_sql(bench: StreamBench, statement: str) -> list[tuple[Any, ...]]:
    """Runs a statement as the owner; rows if it has any."""
    with connect(role_url(bench.settings.postgres, "owner"), application_name="tests") as session:
        cursor = session.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def send_mixture(bench: StreamBench, first: int, count: int = 40) -> None:
    """Valid, repeated, broken and deleting records on several partitions, and readings."""
    for partition in (0, 1):
        numbers = range(first + partition, first + count, 2)
        posts = [make_post(number) for number in numbers]
        posts += [posts[0], b'{"post_id": ', make_post(first + partition, kind="deletion")]
        bench.send("posts", posts, partition)
        bench.send("readings", [make_reading(number) for number in numbers], partition)


def test_everything_is_exact_and_a_second_run_changes_nothing(bench: StreamBench) -> None:
    send_mixture(bench, 0)
    bench.drain()
    bench.assert_exact()
    assert bench.count("silver/posts") == 40
    assert bench.count("silver/post_deletions") == 2
    assert bench.count("quarantine/posts") == 2
    versions, ledger = bench.versions(), run_sql(bench, "SELECT count(*), max(committed_at) FROM ops.ledger")
    bench.drain()
    assert bench.versions() == versions
    assert run_sql(bench, "SELECT count(*), max(committed_at) FROM ops.ledger") == ledger


CRASHES: dict[str, tuple[type, str]] = {
    "before anything": (TopicQuery, "_land_by_coordinates"),
    "between quarantine and silver": (TopicQuery, "_land_in_silver"),
    "between silver and PostgreSQL": (Follower, "follow"),
    "inside the ledger transaction": (Ledger, "_record"),
    "in gold": (GoldQuery, "_merge"),
}
POSTS = ("posts",)
"""Most tests break one query; the others run once, at the end, for the proof."""


@pytest.mark.parametrize("point", CRASHES)
def test_a_crash_at_any_point_changes_no_number(
    bench: StreamBench, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, method = CRASHES[point]
    queries = (*POSTS, "gold_posts") if owner is GoldQuery else POSTS
    send_mixture(bench, 0)
    bench.drain(queries)
    send_mixture(bench, 20, 60)  # half of it repeats
    with monkeypatch.context() as crash:
        crash.setattr(owner, method, _fail)
        with pytest.raises(QueryFailed, match="a crash made by the test"):
            bench.drain(queries)
    bench.drain()
    bench.assert_exact()


def test_a_crash_after_the_warehouse_commit_changes_no_number(
    bench: StreamBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_mixture(bench, 0)
    follow = Follower.follow

    def follow_then_fail(self: Follower, *arguments: Any) -> None:
        follow(self, *arguments)
        _fail()

    with monkeypatch.context() as crash:
        crash.setattr(Follower, "follow", follow_then_fail)
        with pytest.raises(QueryFailed, match="a crash made by the test"):
            bench.drain(POSTS)
    bench.drain()
    bench.assert_exact()


def forget_checkpoint(bench: StreamBench) -> None:
    shutil.rmtree(bench.settings.stream.checkpoints)


def forget_last_commit(bench: StreamBench) -> None:
    commits = bench.settings.stream.checkpoints / "posts" / "1" / "commits"
    max(commits.iterdir(), key=lambda path: int(path.name)).unlink()


def damage_last_offsets(bench: StreamBench) -> None:
    offsets = bench.settings.stream.checkpoints / "posts" / "1" / "offsets"
    newest = max(offsets.iterdir(), key=lambda path: int(path.name))
    newest.write_bytes(newest.read_bytes()[:20])


def forget_last_offsets(bench: StreamBench) -> None:
    offsets = bench.settings.stream.checkpoints / "posts" / "1" / "offsets"
    max(offsets.iterdir(), key=lambda path: int(path.name)).unlink()


@pytest.mark.parametrize(
    "damage", [forget_checkpoint, forget_last_commit, damage_last_offsets, forget_last_offsets]
)
def test_a_lost_or_damaged_checkpoint_costs_nothing(
    bench: StreamBench, damage: Callable[[StreamBench], None]
) -> None:
    send_mixture(bench, 0)
    bench.drain(POSTS)
    send_mixture(bench, 40)
    bench.drain(POSTS)
    damage(bench)
    send_mixture(bench, 60)  # half of it repeats what silver holds: the new lineage must know
    bench.drain()
    bench.assert_exact()
    assert bench.count("silver/posts") == 100


def test_an_old_copy_of_a_checkpoint_is_left_behind(bench: StreamBench) -> None:
    send_mixture(bench, 0)
    bench.drain(POSTS)
    checkpoint = bench.settings.stream.checkpoints / "posts"
    shutil.copytree(checkpoint, checkpoint.with_name("copy"))
    send_mixture(bench, 40)
    bench.drain(POSTS)
    shutil.rmtree(checkpoint)
    checkpoint.with_name("copy").rename(checkpoint)
    send_mixture(bench, 60)
    bench.drain()
    bench.assert_exact()


def test_an_emptied_warehouse_catches_up_from_silver(bench: StreamBench) -> None:
    send_mixture(bench, 0)
    bench.drain()
    send_mixture(bench, 30)
    bench.drain()
    run_sql(bench, "TRUNCATE ops.ledger, ops.row_counts, warehouse.dim_hashtag, warehouse.dim_author CASCADE")
    run_sql(bench, "TRUNCATE warehouse.fact_machine_minute")
    bench.drain()
    bench.assert_exact()


def test_rules_changed_over_a_pending_batch_start_a_new_lineage(
    bench: StreamBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.send("posts", [make_post(number, text="x" * 50) for number in range(10)])
    with monkeypatch.context() as crash:
        crash.setattr(TopicQuery, "_land_in_silver", _fail)
        with pytest.raises(QueryFailed):
            bench.drain(POSTS)
    strict = with_rules(bench.make_runtime(), max_lengths={**bench.make_runtime().rules.max_lengths, "text": 40})
    bench.drain(POSTS, runtime=strict)
    assert bench.count("quarantine/posts") == 10
    assert (bench.settings.stream.checkpoints / "posts" / "2").is_dir()


def test_an_older_driver_is_fenced(bench: StreamBench, monkeypatch: pytest.MonkeyPatch) -> None:
    send_mixture(bench, 0)
    land = TopicQuery._land_in_silver

    def land_after_takeover(self: TopicQuery, *arguments: Any) -> None:
        take_fence(bench.settings.lake.path, "posts", Driver(uuid.uuid4(), take_turn(bench.settings.lake.path)))
        land(self, *arguments)

    with monkeypatch.context() as crash:
        crash.setattr(TopicQuery, "_land_in_silver", land_after_takeover)
        with pytest.raises(QueryFailed, match="taken over by a newer driver"):
            bench.drain(POSTS)
    assert bench.count("silver/posts") == 0
    bench.drain()
    bench.assert_exact()


def test_a_newer_lease_stops_the_ledger_transaction(bench: StreamBench, monkeypatch: pytest.MonkeyPatch) -> None:
    send_mixture(bench, 0)
    follow = Follower.follow

    def follow_after_takeover(self: Follower, *arguments: Any) -> None:
        run_sql(bench, "UPDATE ops.lease SET fence = fence + 1, holder = gen_random_uuid() WHERE query = 'posts'")
        follow(self, *arguments)

    with monkeypatch.context() as crash:
        crash.setattr(Follower, "follow", follow_after_takeover)
        with pytest.raises(QueryFailed, match="taken over by a newer driver"):
            bench.drain(POSTS)
    assert run_sql(bench, "SELECT count(*) FROM ops.ledger WHERE query = 'posts'") == [(0,)]
    bench.drain()
    bench.assert_exact()


def test_verify_sees_it_when_deduplication_is_off(bench: StreamBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof bites: without the stateful step the recount must object."""
    monkeypatch.setattr("streaming.queries.topic_query.drop_repeats", _keep_repeats)
    monkeypatch.setattr(KnownIds, "drop_known", lambda _self, events, _batch_ms: events)
    send_mixture(bench, 0)
    bench.drain()
    assert not bench.prove().is_exact


def _keep_repeats(events: Any, _horizon_seconds: int) -> Any:
    from pyspark.sql import functions as F

    return events.withColumn("ingested_at", F.current_timestamp())


def _fail(*_arguments: object) -> None:
    raise RuntimeError("a crash made by the test")


def test_a_cleaned_log_is_no_loss_to_an_older_warehouse(bench: StreamBench) -> None:
    """The commits between the warehouse's position and silver's end are gone: it is built again, counts included."""
    send_mixture(bench, 0)
    bench.send("posts", [b"{not json"])
    bench.drain()
    run_sql(bench, "CREATE TABLE ops.kept AS SELECT * FROM ops.ledger")
    run_sql(bench, "CREATE TABLE ops.kept_counts AS SELECT * FROM ops.row_counts")
    for number in (40, 80):
        send_mixture(bench, number)
        bench.send("posts", [b"{not json", make_post(number, kind="deletion")])
        bench.drain(POSTS)
    for table, copy in (("ledger", "kept"), ("row_counts", "kept_counts")):
        run_sql(bench, f"TRUNCATE ops.{table}")
        run_sql(bench, f"INSERT INTO ops.{table} SELECT * FROM ops.{copy}")  # noqa: S608 - our own words
        run_sql(bench, f"DROP TABLE ops.{copy}")
    clean_log(bench, "silver/posts")
    bench.drain()
    bench.assert_exact()


def clean_log(bench: StreamBench, table: str) -> None:
    """What Delta does to commits beyond their retention: a checkpoint, then the older files go."""
    path = str(bench.table(table))
    jvm = bench.spark._jvm
    jvm.org.apache.spark.sql.delta.DeltaLog.forTable(bench.spark._jsparkSession, path).checkpoint()
    *older, _ = sorted((bench.table(table) / "_delta_log").glob("*.json"))
    for commit in older:
        commit.unlink()
