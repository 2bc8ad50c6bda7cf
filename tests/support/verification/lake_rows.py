"""The rows that the sample's records must have in bronze, silver, quarantine and gold: written by hand, not computed by
anything that is tested."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.verification.lakehouse import SENSORS, Row
from tests.support.verification.records import (
    ANA,
    DAY,
    FIRST,
    POST_A,
    POST_B,
    POST_C,
    RECORDS,
    RUI,
    SECOND,
    T0,
    is_in_second_batch,
    make_coordinates,
    make_ingestion,
    to_bytes,
)


def make_bronze(second: bool) -> list[Row]:
    """Bronze's rows of the first or the second batch."""
    return [
        {
            "topic": topic,
            **make_coordinates(partition, offset),
            "key": b"k",
            "value": to_bytes(event),
            **make_ingestion(FIRST),
        }
        for topic, partition, offset, event, _ in RECORDS
        if is_in_second_batch(topic, partition, offset) is second
    ]


def _make_post(coordinates: Row, post: Row, created_at: datetime, at: datetime, **values: Any) -> Row:
    defaults = {"hashtags": [], "counted_hashtags": [], "mention_pseudonyms": [], "in_reply_to": None}
    kept = {key: post[key] for key in ("post_id", "source", "text")}
    return {**coordinates, **kept, "created_at": created_at, "lang": "pt", **defaults, **values, **make_ingestion(at)}


def make_post_a() -> Row:
    """A post with a hashtag and a mention in its text."""
    tags = ["água", "rio"]
    return _make_post(
        make_coordinates(0, 0),
        POST_A,
        T0 + timedelta(milliseconds=250),
        FIRST,
        author_pseudonym=ANA,
        hashtags=tags,
        counted_hashtags=tags,
        mention_pseudonyms=[RUI],
    )


def make_post_b() -> Row:
    """A reply with given hashtags; its text is NULL because it was deleted."""
    tags = ["rio", "rio2"]
    row = _make_post(
        make_coordinates(0, 2),
        POST_B,
        T0 - timedelta(minutes=2),
        SECOND,
        author_pseudonym=RUI,
        hashtags=tags,
        counted_hashtags=tags,
        in_reply_to="a",
    )
    return {**row, "text": None}


def make_post_c() -> Row:
    """A post without hashtags and mentions."""
    return _make_post(make_coordinates(1, 2), POST_C, T0 + timedelta(minutes=1), SECOND, author_pseudonym=ANA)


def make_deletion() -> Row:
    """The deletion of post b."""
    deletion = {"post_id": "b", "source": "x", "deleted_at": T0 + timedelta(seconds=61)}
    return {**make_coordinates(1, 1), **deletion, **make_ingestion(SECOND)}


def make_reading(reading_id: str, offset: int, second: float, temperature: str) -> Row:
    """A reading of machine m1, `second` seconds after T0."""
    others = {**dict.fromkeys(SENSORS, Decimal("2.5")), "parts_count": Decimal(3)}
    return {
        **make_coordinates(0, offset),
        "reading_id": reading_id,
        "machine_id": "m1",
        "measured_at": T0 + timedelta(seconds=second),
        **others,
        "temperature_c": Decimal(temperature),
        **make_ingestion(SECOND if offset else FIRST),
    }


def make_event() -> Row:
    """A failure of machine m1."""
    return {
        **make_coordinates(0, 0),
        "event_id": "e1",
        "machine_id": "m1",
        "occurred_at": T0 + timedelta(seconds=2),
        "kind": "failure",
        "detail": None,
        **make_ingestion(SECOND),
    }


def make_quarantined(partition: int, offset: int, value: bytes | None, rule: str, at: datetime) -> Row:
    """A record in quarantine."""
    return {
        **make_coordinates(partition, offset),
        "key": b"k",
        "value": value,
        "rule": rule,
        "reason": "because",
        "first_seen_at": at,
        "replayed_at": None,
        "purged_at": None,
    }


def make_hashtag_minutes() -> list[Row]:
    """Posts per minute, hashtag and language."""
    counted = [(T0, "água"), (T0, "rio"), (T0 - timedelta(minutes=2), "rio"), (T0 - timedelta(minutes=2), "rio2")]
    return [{"minute": minute, "hashtag": tag, "lang": "pt", "posts": 1} for minute, tag in counted]


def make_author_days() -> list[Row]:
    """Posts, replies and mentions per day and author."""
    return [
        {"day": DAY, "author_pseudonym": ANA, "posts": 2, "replies": 0, "mentions": 1},
        {"day": DAY, "author_pseudonym": RUI, "posts": 1, "replies": 1, "mentions": 0},
    ]


def make_author_hours() -> list[Row]:
    """Posts and counted hashtags per hour and author."""
    return [
        {"hour": T0, "author_pseudonym": ANA, "posts": 2, "hashtags": 2},
        {"hour": T0 - timedelta(hours=1), "author_pseudonym": RUI, "posts": 1, "hashtags": 2},
    ]


def make_author_hashtag_days() -> list[Row]:
    """Posts per day, author and hashtag."""
    counted = [(ANA, "água"), (ANA, "rio"), (RUI, "rio"), (RUI, "rio2")]
    return [{"day": DAY, "author_pseudonym": author, "hashtag": tag, "posts": 1} for author, tag in counted]


def make_author_segments() -> list[Row]:
    """The segments of both authors."""
    assigned = [(ANA, 1), (RUI, 2)]
    return [{"day": DAY, "author_pseudonym": who, "segment_id": number, "model_version": 3} for who, number in assigned]


def make_machine_minutes() -> list[Row]:
    """Aggregated readings per minute, machine and sensor."""
    same = [(sensor, "5.0", "12.5", "2.5", "2.5") for sensor in SENSORS[1:5]]
    measured = [("temperature_c", "1.375", "7.515625", "-1.125", "2.5"), *same, ("parts_count", "6", "18", "3", "3")]
    return [
        {
            "minute": T0,
            "machine_id": "m1",
            "sensor": sensor,
            "readings": 2,
            "total": Decimal(total),
            "total_squares": Decimal(squares),
            "lowest": Decimal(low),
            "highest": Decimal(high),
        }
        for sensor, total, squares, low, high in measured
    ]


def make_gold() -> dict[str, list[Row]]:
    """All gold tables by name."""
    edge = {"day": DAY, "author_pseudonym": ANA, "mention_pseudonym": RUI, "mentions": 1}
    return {
        "hashtag_minutes": make_hashtag_minutes(),
        "author_days": make_author_days(),
        "mention_edges": [edge],
        "author_hours": make_author_hours(),
        "author_hashtag_days": make_author_hashtag_days(),
        "author_segments": make_author_segments(),
        "machine_minutes": make_machine_minutes(),
    }
