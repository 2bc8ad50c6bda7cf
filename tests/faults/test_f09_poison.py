"""Poison and disorder: every nasty record lands where it must, hardly slows the stream down, and no number changes."""

import gzip
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from streaming.producers.producer import Connection, open_producer
from streaming.queries.topic_query import TopicQuery
from tests.support.faults.fixtures import Judge
from tests.support.faults.poison import CASES, DELETION, SILVER, Poison, build_corpus
from tests.support.stream import StreamBench, make_event, make_post, make_reading
from warehouse.database.connections import connect, role_url

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SIZES = {"posts": 3_000, "readings": 1_750, "machine_events": 500}  # poison of each try
TOPICS = tuple(SIZES)
MAKERS: dict[str, Callable[..., bytes]] = {"posts": make_post, "readings": make_reading, "machine_events": make_event}
TRIES = 2
OF_TAG = """SELECT minute, sum(posts) FROM warehouse.fact_hashtag_minute JOIN warehouse.dim_hashtag USING (hashtag_id)
            WHERE hashtag = '{}' GROUP BY minute ORDER BY minute"""
Place = tuple[str, int, int]


@pytest.mark.fault("F9", ci=1, full=1)
def test_poison_lands_where_it_must_and_hardly_slows_the_stream(
    bench: StreamBench, chance: random.Random, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other record is poison: at least half the speed of as many sound ones, the best of the tries compared."""
    ends: Counter[tuple[str, int]] = Counter()
    landing: dict[Place, Poison] = {}
    sound, poisoned = [], []
    for number in range(TRIES + 1):
        for half in (0, 10_000):
            send_sound(bench, first=number * 40_000 + half, ends=ends)
        sound.append(measure_drain(bench, monkeypatch))
        send_sound(bench, first=number * 40_000 + 20_000, ends=ends)
        landing |= send_corpus(bench, chance, first=number * 40_000 + 30_000, ends=ends)
        poisoned.append(measure_drain(bench, monkeypatch))
    sound, poisoned = sound[1:], poisoned[1:]  # the first try compiled the code and warmed it
    bench.drain()
    judge(bench.verify().checks)
    assert find_misplaced(bench, landing) == {}
    assert min(poisoned) < 2 * min(sound), f"seconds: sound {sound}, poisoned {poisoned}"


def send_sound(bench: StreamBench, first: int, ends: "Counter[tuple[str, int]]") -> None:
    """As many sound records as the corpus has; with ids from `first` on, at most 10,000 of a topic."""
    for topic, size in SIZES.items():
        values: list[bytes | None] = [MAKERS[topic](first + number) for number in range(size)]
        bench.send(topic, values)
        ends[topic, 0] += size


def send_corpus(
    bench: StreamBench, chance: random.Random, first: int, ends: "Counter[tuple[str, int]]"
) -> dict[Place, Poison]:
    """Sends the corpus; returns what each offset holds."""
    landing: dict[Place, Poison] = {}
    for topic, size in SIZES.items():
        corpus = build_corpus(topic, size, chance, first)
        bench.send(topic, [poison.value for poison in corpus])
        for poison in corpus:
            landing[topic, 0, ends[topic, 0]] = poison
            ends[topic, 0] += 1
    return landing


def measure_drain(bench: StreamBench, monkeypatch: pytest.MonkeyPatch) -> float:
    """Seconds in which batches were worked on, start-up left out."""
    times: list[float] = []
    process = TopicQuery.process

    def timed(self: TopicQuery, events: DataFrame, batch_id: int) -> None:
        times.append(time.perf_counter())
        process(self, events, batch_id)
        times.append(time.perf_counter())

    with monkeypatch.context() as watch:
        watch.setattr(TopicQuery, "process", timed)
        bench.drain(TOPICS)
    assert times
    return max(times) - min(times)


def find_misplaced(bench: StreamBench, landing: dict[Place, Poison]) -> dict[str, tuple[str, set[str]]]:
    """Case -> (where it must land, where its records are), for all that are elsewhere."""
    places = read_places(bench)
    found: dict[str, set[str]] = {}
    for place, poison in landing.items():
        found.setdefault(f"{poison.case.topic}: {poison.case.name}", set()).add(places.get(place, "nowhere"))
    wanted = {f"{case.topic}: {case.name}": case.outcome for cases in CASES.values() for case in cases}
    assert set(found) == set(wanted), "a case was not sent"
    return {name: (wanted[name], where) for name, where in found.items() if where != {wanted[name]}}


def read_places(bench: StreamBench) -> dict[Place, str]:
    """Coordinates -> silver, deletion or the rule that was broken."""
    tables = {f"silver/{topic}": (topic, F.lit(SILVER)) for topic in TOPICS}
    tables |= {f"quarantine/{topic}": (topic, F.col("rule")) for topic in TOPICS}
    tables["silver/post_deletions"] = ("posts", F.lit(DELETION))
    places: dict[Place, str] = {}
    for name, (topic, where) in tables.items():
        rows = bench.spark.read.format("delta").load(str(bench.table(name)))
        for row in rows.select("partition", "offset", where.alias("place")).collect():
            place = (topic, row["partition"], row["offset"])
            assert place not in places, f"{place} in two places"
            places[place] = row["place"]
    return places


@contextmanager
def stranger(bench: StreamBench) -> Iterator[KafkaProducer]:
    """A producer of somebody else: it knows no limit, and the broker is the only one to refuse."""
    producer = KafkaProducer(
        bootstrap_servers=bench.settings.kafka.address,
        acks="all",
        max_request_size=64 << 20,
        compression_type="gzip",
        retries=0,
    )
    yield producer
    producer.close()


@pytest.mark.fault("F9")
@pytest.mark.parametrize("value", [os.urandom(10 << 20), b"x" * (10 << 20)], ids=["noise", "bomb"])
def test_ten_megabytes_are_refused_by_producer_and_broker(bench: StreamBench, value: bytes) -> None:
    """The bomb compresses to 10 kB: without the topic's own measure it would pass and unpack in every reader."""
    assert len(gzip.compress(b"x" * (10 << 20))) < 20_000
    ours = open_producer(Connection(bench.settings.kafka.address, bench.settings.kafka.max_message_bytes))
    with pytest.raises(MessageSizeTooLargeError):
        ours.send("posts", value, b"k").get(30)
    ours.close()
    with stranger(bench) as producer, pytest.raises(MessageSizeTooLargeError):
        producer.send("posts", value, partition=0).get(60)
    with stranger(bench) as producer:
        assert producer.send("posts", make_post(1), partition=0).get(60).offset == 0


@pytest.mark.fault("F9", ci=0)
def test_a_hundred_thousand_new_tags(bench: StreamBench, judge: Judge) -> None:
    """More than a minute's worth at once: every one is counted."""
    posts: list[bytes | None] = [
        make_post(number, hashtags=[f"tag{number}of{place}" for place in range(30)]) for number in range(3_400)
    ]
    bench.send("posts", posts)
    bench.drain()
    judge(bench.verify().checks)
    assert ask(bench, "SELECT count(*) FROM warehouse.dim_hashtag WHERE hashtag LIKE 'tag%of%'") == [(102_000,)]


def ask(bench: StreamBench, question: str) -> list[tuple[Any, ...]]:
    with connect(role_url(bench.settings.postgres, "owner"), application_name="tests") as session:
        cursor = session.cursor()
        cursor.execute(question)
        return cursor.fetchall()


def at(moment: datetime) -> str:
    """As it stands on the wire."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


@pytest.mark.fault("F9", ci=1, full=3)
def test_disorder_changes_no_number(bench: StreamBench, chance: random.Random, judge: Judge) -> None:
    """Each drain is a batch and a restart. Partition 1 is an hour behind, partition 3 idle; ids say what is what."""
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)
    edges = {
        "first": minute,
        "last": minute + timedelta(seconds=59, microseconds=999_999),
        "next": minute + timedelta(minutes=1),
    }
    for name, moment in edges.items():
        bench.send("posts", [make_post(0, post_id=f"edge {name}", hashtags=["edge"], created_at=at(moment))])
    posts = [
        make_post(number, created_at=at(minute - timedelta(seconds=chance.uniform(0, 3 * 86_400))))
        for number in range(300)
    ]
    hour_behind = [
        make_post(1_000 + number, created_at=at(minute - timedelta(hours=1, seconds=-number))) for number in range(100)
    ]
    bench.send("posts", list(posts), 0)
    bench.send("posts", list(hour_behind), 1)
    before = at(minute - timedelta(seconds=1))
    bench.send("posts", [make_post(7, post_id="gone", kind="deletion", created_at=before)], 2)
    bench.drain(("posts",))
    share = chance.uniform(0, 0.3)
    repeats = chance.choices([*posts, *hour_behind], k=int(share * 300))
    fresh = [make_post(2_000 + number) for number in range(300)]
    bench.send("posts", chance.sample([*fresh, *repeats], len(fresh) + len(repeats)), 2)
    bench.send(
        "posts",
        [
            make_post(7, post_id="gone", hashtags=["gone"], created_at=at(minute)),
            make_post(8, post_id="brief", hashtags=["gone"], created_at=at(minute)),
            make_post(8, post_id="brief", kind="deletion", created_at=at(minute + timedelta(seconds=1))),
        ],
    )
    bench.drain(("posts",))
    bench.send("posts", list(chance.choices([*posts, *fresh], k=50)), 2)  # nothing but duplicates
    bench.drain(("posts",))
    bench.send("posts", [b"{", None, make_post(9, lang=None)] * 20, 1)  # nothing but bad rows
    bench.drain()
    judge(bench.verify().checks)
    assert bench.count("silver/posts") == len(edges) + len(posts) + len(hour_behind) + len(fresh) + 2
    assert bench.count("silver/post_deletions") == 2
    assert bench.count("quarantine/posts") == 60
    duplicates = ask(bench, "SELECT coalesce(sum(rows), 0) FROM ops.row_counts WHERE outcome = 'duplicate'")
    assert duplicates == [(len(repeats) + 50,)]
    assert ask(bench, OF_TAG.format("edge")) == [(minute, 2), (minute + timedelta(minutes=1), 1)]
    assert ask(bench, OF_TAG.format("gone")) == [(minute, 2)]  # a deletion changes no count
