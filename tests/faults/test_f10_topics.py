"""F10: what happened to a topic. What only an operator may decide stops the stream with one sentence."""

from typing import Any

import pytest

from streaming.kafka_admin import open_admin
from streaming.operations.repair import begin_new_generations, skip_lost
from streaming.queries.bronze import BronzeQuery
from streaming.queries.postgres_sync import PostgresSync
from streaming.queries.startup import RecordsLost
from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from streaming.recovery.topic_generations import TopicRecreated
from tests.support.faults.broker_losses import lose_records, recreate
from tests.support.faults.crashes import CRASH, crash_before
from tests.support.faults.fixtures import Judge, ci_runs
from tests.support.stream import POSTS, POSTS_CHAIN, StreamBench, make_post

pytestmark = pytest.mark.fault("F10")
QUERIES = {"posts": TopicQuery, "bronze": BronzeQuery}
READERS = tuple(QUERIES)


def send(bench: StreamBench, first: int, count: int, partition: int = 0) -> None:
    """Valid posts, one broken record and one deletion, all on one partition."""
    posts = [make_post(number) for number in range(first, first + count)]
    bench.send("posts", [*posts, b'{"post_id": ', make_post(first, kind="deletion")], partition)


@pytest.mark.parametrize("had_read", ci_runs("F10", [("posts",), ("posts", "bronze")], ("posts",)))
def test_records_lost_to_retention_are_skipped_on_command(
    bench: StreamBench, judge: Judge, had_read: tuple[str, ...]
) -> None:
    send(bench, 0, 10)
    bench.drain(READERS)
    send(bench, 100, 10)
    bench.drain(("bronze",) if "bronze" in had_read else ())
    lose_records(bench, "posts", 17)
    send(bench, 200, 10)
    with pytest.raises(RecordsLost, match=r"posts partition 0 lost 5 records .* repair --skip-lost"):
        bench.drain(POSTS)
    losers = ["posts"] if "bronze" in had_read else ["bronze", "posts"]
    assert skip_lost(bench.make_runtime()) == [
        f"{query}: posts partition 0 skips 5 records (12 to 16)" for query in losers
    ]
    assert skip_lost(bench.make_runtime()) == []
    bench.drain(POSTS_CHAIN)
    report = bench.verify()
    judge(report.checks)
    assert {name: rows for name, rows in report.outside.items() if name.startswith("lost")} == {
        f"lost_by_{query}": 5 for query in losers
    }
    assert bench.count("silver/posts") == 25


@pytest.mark.fault("F10", ci=0)
def test_retention_over_the_very_first_batch_is_skipped_on_command(
    bench: StreamBench, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was planned and never written: no table has a position yet."""
    send(bench, 0, 10)
    for query, reader in QUERIES.items():
        with monkeypatch.context() as patch:
            crash_before(patch, reader, "process")
            with pytest.raises(QueryFailed, match=CRASH):
                bench.drain((query,))
    lose_records(bench, "posts", 7)
    with pytest.raises(RecordsLost, match=r"posts partition 0 lost 7 records .* repair --skip-lost"):
        bench.drain(READERS)
    skipped = [f"{query}: posts partition 0 skips 7 records (0 to 6)" for query in ("bronze", "posts")]
    assert skip_lost(bench.make_runtime()) == skipped
    assert skip_lost(bench.make_runtime()) == []
    bench.drain(POSTS_CHAIN)
    judge(bench.verify().checks)
    assert bench.count("bronze/records") == 5


@pytest.mark.parametrize("refilled", ci_runs("F10", [30, 3], 30))
def test_a_recreated_topic_is_read_on_command(bench: StreamBench, judge: Judge, refilled: int) -> None:
    """Filled beyond the old end, offsets alone would not tell."""
    send(bench, 0, 10)
    bench.drain(READERS)
    recreate(bench, "posts")
    send(bench, 100, refilled)
    send(bench, 0, 5)  # repeats of the old generation
    for query in READERS:
        with pytest.raises(TopicRecreated, match="repair --new-generation"):
            bench.drain((query,))
    assert begin_new_generations(bench.make_runtime()) == ["posts: generation 2 begins at its oldest record"]
    assert begin_new_generations(bench.make_runtime()) == []
    bench.drain(POSTS_CHAIN)
    judge(bench.verify().checks)
    assert bench.count("silver/posts") == 10 + refilled
    assert bench.count("quarantine/posts") == 3
    assert bench.count("silver/post_deletions") == 2
    versions = bench.versions()
    bench.drain(READERS)
    assert bench.versions() == versions


@pytest.mark.fault("F10", ci=0)
@pytest.mark.parametrize(("query", "is_retrying"), [("posts", False), ("bronze", False), ("posts", True)])
def test_a_topic_recreated_while_a_query_runs_is_not_read_on(
    bench: StreamBench, judge: Judge, query: str, is_retrying: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two batches, and filled further: Spark takes its records for the next ones. Or in a retry in place."""
    bench.cap(query, 10)
    send(bench, 0, 10)
    process = QUERIES[query].process

    def process_and_recreate(self: Any, *batch: Any) -> None:
        process(self, *batch)
        if batch[1] == 0:
            recreate(bench, "posts")
            send(bench, 100, 30)
            if is_retrying:
                raise RuntimeError("org.apache.kafka.common.errors.TimeoutException: made by the test")

    with monkeypatch.context() as patch:
        patch.setattr(QUERIES[query], "process", process_and_recreate)
        with pytest.raises((QueryFailed, TopicRecreated), match="repair --new-generation"):
            bench.drain((query,))
    assert begin_new_generations(bench.make_runtime()) == ["posts: generation 2 begins at its oldest record"]
    bench.drain(POSTS_CHAIN)
    report = bench.verify()
    judge(report.checks)
    assert any(name.endswith("_gone_with_its_topic") for name in report.outside), report.outside


@pytest.mark.parametrize("begun", ci_runs("F10", [False, True], True))
def test_new_partitions_are_read_from_their_first_record(
    bench: StreamBench, judge: Judge, begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4 become 8 before the first record, or over a pending batch; keys move, so repeats arrive elsewhere."""
    if begun:
        send(bench, 0, 10)
        bench.drain(READERS)
        send(bench, 20, 10)
        with monkeypatch.context() as patch:
            crash_before(patch, PostgresSync, "follow")
            with pytest.raises(QueryFailed, match=CRASH):
                bench.drain(POSTS)
    else:
        bench.drain(READERS)
    with open_admin(bench.settings.kafka) as admin:
        admin.create_partitions({"posts": 8})
    for partition in (1, 5, 7):
        send(bench, 5 + partition, 10, partition)
    bench.drain(POSTS_CHAIN)
    judge(bench.verify().checks)
    assert bench.count("silver/posts") == (30 if begun else 16)
