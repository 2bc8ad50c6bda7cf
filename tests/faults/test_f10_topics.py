"""F10: changes to a topic. Losses stop the stream with one sentence until an operator accepts them with `repair`."""

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
from tests.support.faults.fixtures import AssertExact, ci_runs
from tests.support.records import make_post
from tests.support.stream import POSTS, POSTS_CHAIN, InProcessStream

pytestmark = pytest.mark.fault("F10")
QUERIES = {"posts": TopicQuery, "bronze": BronzeQuery}
READERS = tuple(QUERIES)


def send(stream: InProcessStream, first: int, count: int, partition: int = 0) -> None:
    """Valid posts, one broken record and one deletion, all on one partition."""
    posts = [make_post(number) for number in range(first, first + count)]
    stream.send("posts", [*posts, b'{"post_id": ', make_post(first, kind="deletion")], partition)


@pytest.mark.parametrize("had_read", ci_runs("F10", [("posts",), ("posts", "bronze")], ("posts",)))
def test_records_lost_to_retention_are_skipped_on_command(
    stream: InProcessStream, assert_exact: AssertExact, had_read: tuple[str, ...]
) -> None:
    send(stream, 0, 10)
    stream.drain(READERS)
    send(stream, 100, 10)
    stream.drain(("bronze",) if "bronze" in had_read else ())
    lose_records(stream, "posts", 17)
    send(stream, 200, 10)
    with pytest.raises(RecordsLost, match=r"posts partition 0 lost 5 records .* repair --skip-lost"):
        stream.drain(POSTS)
    queries = ["posts"] if "bronze" in had_read else ["bronze", "posts"]
    assert skip_lost(stream.make_runtime()) == [
        f"{query}: posts partition 0 skips 5 records (12 to 16)" for query in queries
    ]
    assert skip_lost(stream.make_runtime()) == []
    stream.drain(POSTS_CHAIN)
    report = stream.verify()
    assert_exact(report.checks)
    assert {name: rows for name, rows in report.not_compared.items() if name.startswith("lost")} == {
        f"lost_by_{query}": 5 for query in queries
    }
    assert stream.count("silver/posts") == 25


@pytest.mark.fault("F10", ci=0)
def test_retention_over_the_very_first_batch_is_skipped_on_command(
    stream: InProcessStream, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch was planned and never written: no table has recorded offsets yet."""
    send(stream, 0, 10)
    for query, reader in QUERIES.items():
        with monkeypatch.context() as patch:
            crash_before(patch, reader, "process")
            with pytest.raises(QueryFailed, match=CRASH):
                stream.drain((query,))
    lose_records(stream, "posts", 7)
    with pytest.raises(RecordsLost, match=r"posts partition 0 lost 7 records .* repair --skip-lost"):
        stream.drain(READERS)
    skipped = [f"{query}: posts partition 0 skips 7 records (0 to 6)" for query in ("bronze", "posts")]
    assert skip_lost(stream.make_runtime()) == skipped
    assert skip_lost(stream.make_runtime()) == []
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)
    assert stream.count("bronze/records") == 5


@pytest.mark.parametrize("refilled", ci_runs("F10", [30, 3], 30))
def test_a_recreated_topic_is_read_on_command(
    stream: InProcessStream, assert_exact: AssertExact, refilled: int
) -> None:
    """Also if filled beyond the old end, where offsets alone would not show that the topic is new."""
    send(stream, 0, 10)
    stream.drain(READERS)
    recreate(stream, "posts")
    send(stream, 100, refilled)
    send(stream, 0, 5)  # repeats of the old generation
    for query in READERS:
        with pytest.raises(TopicRecreated, match="repair --new-generation"):
            stream.drain((query,))
    assert begin_new_generations(stream.make_runtime()) == ["posts: generation 2 begins at its oldest record"]
    assert begin_new_generations(stream.make_runtime()) == []
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)
    assert stream.count("silver/posts") == 10 + refilled
    assert stream.count("quarantine/posts") == 3
    assert stream.count("silver/post_deletions") == 2
    versions = stream.versions()
    stream.drain(READERS)
    assert stream.versions() == versions


@pytest.mark.fault("F10", ci=0)
@pytest.mark.parametrize(("query", "is_retrying"), [("posts", False), ("bronze", False), ("posts", True)])
def test_a_topic_recreated_while_a_query_runs_stops_it(
    stream: InProcessStream, assert_exact: AssertExact, query: str, is_retrying: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two batches and filled beyond the old end, so that Spark reads on; or while a failed batch is retried."""
    stream.cap(query, 10)
    send(stream, 0, 10)
    process = QUERIES[query].process

    def process_and_recreate(self: Any, *batch: Any) -> None:
        process(self, *batch)
        if batch[1] == 0:
            recreate(stream, "posts")
            send(stream, 100, 30)
            if is_retrying:
                raise RuntimeError("org.apache.kafka.common.errors.TimeoutException: made by the test")

    with monkeypatch.context() as patch:
        patch.setattr(QUERIES[query], "process", process_and_recreate)
        with pytest.raises((QueryFailed, TopicRecreated), match="repair --new-generation"):
            stream.drain((query,))
    assert begin_new_generations(stream.make_runtime()) == ["posts: generation 2 begins at its oldest record"]
    stream.drain(POSTS_CHAIN)
    report = stream.verify()
    assert_exact(report.checks)
    assert any(name.endswith("_gone_with_its_topic") for name in report.not_compared), report.not_compared


@pytest.mark.parametrize("begun", ci_runs("F10", [False, True], True))
def test_new_partitions_are_read_from_their_first_record(
    stream: InProcessStream, assert_exact: AssertExact, begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4 become 8 before the first record, or over a pending batch; repeats arrive on other partitions than before."""
    if begun:
        send(stream, 0, 10)
        stream.drain(READERS)
        send(stream, 20, 10)
        with monkeypatch.context() as patch:
            crash_before(patch, PostgresSync, "apply")
            with pytest.raises(QueryFailed, match=CRASH):
                stream.drain(POSTS)
    else:
        stream.drain(READERS)
    with open_admin(stream.settings.kafka) as admin:
        admin.create_partitions({"posts": 8})
    for partition in (1, 5, 7):
        send(stream, 5 + partition, 10, partition)
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)
    assert stream.count("silver/posts") == (30 if begun else 16)
