"""F9: poison messages, duplicates and disorder: every record reaches its table, quickly enough, with exact numbers."""

import gzip
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from streaming.producers.producer import BrokerConnection, open_producer
from streaming.queries.topic_query import TopicQuery
from tests.support.faults.fixtures import AssertExact
from tests.support.faults.poison import CASES, DELETION, SILVER, Poison, build_corpus
from tests.support.records import make_event, make_post, make_reading
from tests.support.stream import InProcessStream

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SIZES = {"posts": 3_000, "readings": 1_750, "machine_events": 500}  # poison messages per attempt
TOPICS = tuple(SIZES)
MAKERS: dict[str, Callable[..., bytes]] = {"posts": make_post, "readings": make_reading, "machine_events": make_event}
ATTEMPTS = 2
POSTS_OF_TAG = """SELECT minute, sum(posts)
                  FROM warehouse.fact_hashtag_minute JOIN warehouse.dim_hashtag USING (hashtag_id)
                  WHERE hashtag = '{}' GROUP BY minute ORDER BY minute"""
Place = tuple[str, int, int]


@pytest.mark.fault("F9", ci=1, full=1)
def test_poison_reaches_its_table_and_at_most_halves_the_speed(
    stream: InProcessStream, chance: random.Random, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every other record poison: at least half the speed of as many valid records, by the best attempt of each."""
    ends: Counter[tuple[str, int]] = Counter()
    expected: dict[Place, Poison] = {}
    clean, poisoned = [], []
    for number in range(ATTEMPTS + 1):
        for half in (0, 10_000):
            send_valid(stream, first=number * 40_000 + half, ends=ends)
        clean.append(measure_drain(stream, monkeypatch))
        send_valid(stream, first=number * 40_000 + 20_000, ends=ends)
        expected |= send_corpus(stream, chance, first=number * 40_000 + 30_000, ends=ends)
        poisoned.append(measure_drain(stream, monkeypatch))
    clean, poisoned = clean[1:], poisoned[1:]  # in the first attempt Java compiles the code
    stream.drain()
    assert_exact(stream.verify().checks)
    assert find_misplaced(stream, expected) == {}
    assert min(poisoned) < 2 * min(clean), f"seconds: clean {clean}, poisoned {poisoned}"


def send_valid(stream: InProcessStream, first: int, ends: "Counter[tuple[str, int]]") -> None:
    """Sends as many valid records as the corpus has; ids count from `first`, at most 10,000 of a topic."""
    for topic, size in SIZES.items():
        values: list[bytes | None] = [MAKERS[topic](first + number) for number in range(size)]
        stream.send(topic, values)
        ends[topic, 0] += size


def send_corpus(
    stream: InProcessStream, chance: random.Random, first: int, ends: "Counter[tuple[str, int]]"
) -> dict[Place, Poison]:
    """Sends the corpus; returns the record at each (topic, partition, offset)."""
    expected: dict[Place, Poison] = {}
    for topic, size in SIZES.items():
        corpus = build_corpus(topic, size, chance, first)
        stream.send(topic, [poison.value for poison in corpus])
        for poison in corpus:
            expected[topic, 0, ends[topic, 0]] = poison
            ends[topic, 0] += 1
    return expected


def measure_drain(stream: InProcessStream, monkeypatch: pytest.MonkeyPatch) -> float:
    """Seconds from the first batch's begin to the last one's end, start-up left out."""
    times: list[float] = []
    process = TopicQuery.process

    def timed(self: TopicQuery, events: DataFrame, batch_id: int) -> None:
        times.append(time.perf_counter())
        process(self, events, batch_id)
        times.append(time.perf_counter())

    with monkeypatch.context() as watch:
        watch.setattr(TopicQuery, "process", timed)
        stream.drain(TOPICS)
    assert times
    return max(times) - min(times)


def find_misplaced(stream: InProcessStream, expected: dict[Place, Poison]) -> dict[str, tuple[str, set[str]]]:
    """Case -> (expected outcome, outcomes of its records), for every case with another outcome."""
    outcomes = read_outcomes(stream)
    found: dict[str, set[str]] = {}
    for place, poison in expected.items():
        found.setdefault(f"{poison.case.topic}: {poison.case.name}", set()).add(outcomes.get(place, "none"))
    wanted = {f"{case.topic}: {case.name}": case.outcome for cases in CASES.values() for case in cases}
    assert set(found) == set(wanted), "a case was not sent"
    return {name: (wanted[name], where) for name, where in found.items() if where != {wanted[name]}}


def read_outcomes(stream: InProcessStream) -> dict[Place, str]:
    """(topic, partition, offset) -> silver, deletion or the rule that was broken."""
    tables = {f"silver/{topic}": (topic, F.lit(SILVER)) for topic in TOPICS}
    tables |= {f"quarantine/{topic}": (topic, F.col("rule")) for topic in TOPICS}
    tables["silver/post_deletions"] = ("posts", F.lit(DELETION))
    places: dict[Place, str] = {}
    for name, (topic, where) in tables.items():
        rows = stream.spark.read.format("delta").load(str(stream.table(name)))
        for row in rows.select("partition", "offset", where.alias("place")).collect():
            place = (topic, row["partition"], row["offset"])
            assert place not in places, f"{place} in two places"
            places[place] = row["place"]
    return places


@contextmanager
def open_other_producer(stream: InProcessStream) -> Iterator[KafkaProducer]:
    """A producer of another application: without a limit of its own, so that only the broker refuses."""
    producer = KafkaProducer(
        bootstrap_servers=stream.settings.kafka.address,
        acks="all",
        max_request_size=64 << 20,
        compression_type="gzip",
        retries=0,
    )
    yield producer
    producer.close()


@pytest.mark.fault("F9")
@pytest.mark.parametrize("value", [os.urandom(10 << 20), b"x" * (10 << 20)], ids=["random", "compressible"])
def test_ten_megabytes_are_refused_by_producer_and_broker(stream: InProcessStream, value: bytes) -> None:
    """The repeated byte compresses to 10 kB: a limit on compressed size would let it pass to every reader."""
    assert len(gzip.compress(b"x" * (10 << 20))) < 20_000
    ours = open_producer(BrokerConnection(stream.settings.kafka.address, stream.settings.kafka.max_message_bytes))
    with pytest.raises(MessageSizeTooLargeError):
        ours.send("posts", value, b"k").get(30)
    ours.close()
    with open_other_producer(stream) as producer, pytest.raises(MessageSizeTooLargeError):
        producer.send("posts", value, partition=0).get(60)
    with open_other_producer(stream) as producer:
        assert producer.send("posts", make_post(1), partition=0).get(60).offset == 0


@pytest.mark.fault("F9", ci=0)
def test_a_hundred_thousand_new_tags(stream: InProcessStream, assert_exact: AssertExact) -> None:
    """102,000 new tags in one batch, more than a minute of full load has: every one is counted."""
    posts: list[bytes | None] = [
        make_post(number, hashtags=[f"tag{number}of{place}" for place in range(30)]) for number in range(3_400)
    ]
    stream.send("posts", posts)
    stream.drain()
    assert_exact(stream.verify().checks)
    assert stream.run_sql("SELECT count(*) FROM warehouse.dim_hashtag WHERE hashtag LIKE 'tag%of%'") == [(102_000,)]


def format_time(moment: datetime) -> str:
    """A time as records have it."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def draw_old_posts(chance: random.Random, minute: datetime) -> tuple[list[bytes], list[bytes]]:
    """Posts of the three days before `minute`, and posts in order an hour before it."""
    posts = [
        make_post(number, created_at=format_time(minute - timedelta(seconds=chance.uniform(0, 3 * 86_400))))
        for number in range(300)
    ]
    hour_behind = [
        make_post(1_000 + number, created_at=format_time(minute - timedelta(hours=1, seconds=-number)))
        for number in range(100)
    ]
    return posts, hour_behind


@pytest.mark.fault("F9", ci=1, full=3)
def test_disorder_changes_no_number(stream: InProcessStream, chance: random.Random, assert_exact: AssertExact) -> None:
    """Each drain is a batch and a restart. Partition 1 is an hour behind, partition 3 is idle."""
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)
    edges = {
        "first": minute,
        "last": minute + timedelta(seconds=59, microseconds=999_999),
        "next": minute + timedelta(minutes=1),
    }
    for name, moment in edges.items():
        stream.send("posts", [make_post(0, post_id=f"edge {name}", hashtags=["edge"], created_at=format_time(moment))])
    posts, hour_behind = draw_old_posts(chance, minute)
    stream.send("posts", list(posts), 0)
    stream.send("posts", list(hour_behind), 1)
    before = format_time(minute - timedelta(seconds=1))
    stream.send("posts", [make_post(7, post_id="gone", kind="deletion", created_at=before)], 2)
    stream.drain(("posts",))
    share = chance.uniform(0, 0.3)
    repeats = chance.choices([*posts, *hour_behind], k=int(share * 300))
    fresh = [make_post(2_000 + number) for number in range(300)]
    stream.send("posts", chance.sample([*fresh, *repeats], len(fresh) + len(repeats)), 2)
    stream.send(
        "posts",
        [
            make_post(7, post_id="gone", hashtags=["gone"], created_at=format_time(minute)),
            make_post(8, post_id="brief", hashtags=["gone"], created_at=format_time(minute)),
            make_post(8, post_id="brief", kind="deletion", created_at=format_time(minute + timedelta(seconds=1))),
        ],
    )
    stream.drain(("posts",))
    stream.send("posts", list(chance.choices([*posts, *fresh], k=50)), 2)  # only duplicates
    stream.drain(("posts",))
    stream.send("posts", [b"{", None, make_post(9, lang=None)] * 20, 1)  # only records for quarantine
    stream.drain()
    assert_exact(stream.verify().checks)
    assert stream.count("silver/posts") == len(edges) + len(posts) + len(hour_behind) + len(fresh) + 2
    assert stream.count("silver/post_deletions") == 2
    assert stream.count("quarantine/posts") == 60
    duplicates = stream.run_sql("SELECT coalesce(sum(rows), 0) FROM ops.row_counts WHERE outcome = 'duplicate'")
    assert duplicates == [(len(repeats) + 50,)]
    assert stream.run_sql(POSTS_OF_TAG.format("edge")) == [(minute, 2), (minute + timedelta(minutes=1), 1)]
    assert stream.run_sql(POSTS_OF_TAG.format("gone")) == [(minute, 2)]  # a deletion changes no count
