"""What only an operator may decide: the stream refuses with one sentence, `repair` goes on, and the recount agrees."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka import KafkaAdminClient, TopicPartition

from streaming.broker import bootstrap_servers
from streaming.queries.generations import TopicRecreated
from streaming.queries.opening import RecordsLost
from streaming.queries.repairs import begin_new_generations, skip_lost
from streaming.topics import create_topics, describe_topics
from tests.fixtures_stream import StreamBench, make_post

TOPIC = ("posts", "bronze")
"""What a lost topic concerns; the others run once, at the end, for the proof."""


@contextmanager
def admin_of(bench: StreamBench) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers(bench.settings.kafka))
    yield admin
    admin.close()


def lose_records(bench: StreamBench, topic: str, below: int) -> None:
    """What retention does to partition 0."""
    with admin_of(bench) as admin:
        admin.delete_records({TopicPartition(topic, 0): below})


def recreate(bench: StreamBench, topic: str) -> None:
    old = describe_topics(bench.settings.kafka)[topic].uuid
    with admin_of(bench) as admin:
        admin.delete_topics([topic])
    while topic in (known := describe_topics(bench.settings.kafka)) and known[topic].uuid == old:
        pass  # each look is a round trip to the broker
    create_topics(bench.settings.kafka)


def send_posts(bench: StreamBench, first: int, count: int) -> None:
    """Valid posts, one broken record and one deletion, all on partition 0."""
    posts = [make_post(number) for number in range(first, first + count)]
    bench.send("posts", [*posts, b'{"post_id": ', make_post(first, kind="deletion")])


@pytest.mark.parametrize("had_read", [("posts",), ("posts", "bronze")])
def test_records_lost_to_retention_are_skipped_on_command(bench: StreamBench, had_read: tuple[str, ...]) -> None:
    send_posts(bench, 0, 10)
    bench.drain(TOPIC)
    send_posts(bench, 100, 10)
    bench.drain(("bronze",) if "bronze" in had_read else ())
    lose_records(bench, "posts", 17)
    send_posts(bench, 200, 10)
    with pytest.raises(RecordsLost, match=r"posts partition 0 lost 5 records .* repair --skip-lost"):
        bench.drain(("posts",))
    losers = ["posts"] if "bronze" in had_read else ["bronze", "posts"]
    assert skip_lost(bench.make_runtime()) == [
        f"{query}: posts partition 0 skips 5 records (12 to 16)" for query in losers
    ]
    assert skip_lost(bench.make_runtime()) == []
    bench.drain()
    bench.assert_exact()
    report = bench.prove()
    assert {name: rows for name, rows in report.outside.items() if name.startswith("lost")} == {
        f"lost_by_{query}": 5 for query in losers
    }
    assert bench.count("silver/posts") == 25


def test_a_recreated_topic_is_read_on_command(bench: StreamBench) -> None:
    send_posts(bench, 0, 10)
    bench.drain(TOPIC)
    recreate(bench, "posts")
    send_posts(bench, 100, 30)  # longer than the old end: offsets alone would not tell
    send_posts(bench, 0, 5)  # repeats of the old generation
    for query in ("posts", "bronze"):
        with pytest.raises(TopicRecreated, match="repair --new-generation"):
            bench.drain((query,))
    assert begin_new_generations(bench.make_runtime()) == ["posts: generation 2 begins at its oldest record"]
    assert begin_new_generations(bench.make_runtime()) == []
    bench.drain()
    bench.assert_exact()
    assert bench.count("silver/posts") == 40
    assert bench.count("quarantine/posts") == 3
    assert bench.count("silver/post_deletions") == 2
    versions = bench.versions()
    bench.drain(TOPIC)
    assert bench.versions() == versions
