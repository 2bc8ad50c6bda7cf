"""The sample's records: one of every kind, where they are in Kafka, and the verdict that each must get."""

import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.support.verification.lakehouse import KEY, SENSORS, Row

T0 = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
FIRST, SECOND = T0 + timedelta(seconds=5), T0 + timedelta(seconds=65)  # times of the two batches
DAY = date(2026, 3, 1)
ANA, RUI = (hmac.new(KEY, name.encode(), hashlib.sha256).hexdigest() for name in ("ana", "rui"))
SECRET_TEXT = "manhã na #Água com @rui #rio ação"
POST_A = {
    "post_id": "a",
    "source": "x",
    "author_id": "ana",
    "created_at": "2026-03-01T12:00:00.250Z",
    "text": SECRET_TEXT,
    "lang": "PT",
}
POST_B = {  # with a fullwidth letter
    "post_id": "b",
    "source": "x",
    "author_id": "rui",
    "created_at": "2026-03-01T11:58:00.000Z",
    "text": "olá",
    "lang": "pt",
    "hashtags": ["#RIO", "rio", " \uff32io2 "],
    "in_reply_to": "a",
}
POST_C = {
    "post_id": "c",
    "source": "x",
    "author_id": "ana",
    "created_at": "2026-03-01T12:01:00.000+00:00",
    "text": "sem nada",
    "lang": "pt",
}
DELETION_B = {"post_id": "b", "source": "x", "created_at": "2026-03-01T12:01:01.000Z", "kind": "deletion"}
READING_1 = {
    "reading_id": "r1",
    "machine_id": "m1",
    "measured_at": "2026-03-01T12:00:01.000Z",
    **dict.fromkeys(SENSORS, 2.5),
    "parts_count": 3,
}
READING_2 = {**READING_1, "reading_id": "r2", "measured_at": "2026-03-01T12:00:59.999Z", "temperature_c": -1.125}
READING_BAD = {**READING_1, "reading_id": "r3", "parts_count": 3.5}
EVENT = {"event_id": "e1", "machine_id": "m1", "occurred_at": "2026-03-01T12:00:02.000Z", "kind": "failure"}
RECORDS: list[tuple[str, int, int, Any, str]] = [  # topic, partition, offset, value, verdict
    ("posts", 0, 0, POST_A, "valid"),
    ("posts", 0, 1, b"{not json", "malformed"),
    ("posts", 0, 2, POST_B, "valid"),
    ("posts", 1, 0, POST_A, "duplicate"),
    ("posts", 1, 1, DELETION_B, "deletion"),
    ("posts", 1, 2, POST_C, "valid"),
    ("posts", 1, 3, None, "malformed"),
    ("readings", 0, 0, READING_1, "valid"),
    ("readings", 0, 1, READING_BAD, "impossible_value"),
    ("readings", 0, 2, READING_2, "valid"),
    ("readings", 0, 3, READING_1, "duplicate"),
    ("machine_events", 0, 0, EVENT, "valid"),
]
ENDS = {"posts": {"0": 3, "1": 4}, "readings": {"0": 4}, "machine_events": {"0": 1}}
MIDDLE = {"posts": {"0": 2, "1": 1}, "readings": {"0": 2}, "machine_events": {"0": 0}}
"""The end offsets of the first of the two batches."""


def to_bytes(event: Any) -> bytes | None:
    """The value of a Kafka record: JSON of an event, bytes as they are, None for a missing value."""
    return event if event is None or isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()


def kafka_at_of(partition: int, offset: int) -> datetime:
    """The Kafka time: 1 s after T0, or 61 s for offsets from 2 on and for the deletion."""
    return T0 + timedelta(seconds=1 + 60 * (str(offset) >= "2" or (partition, offset) == (1, 1)))


def make_coordinates(partition: int, offset: int) -> Row:
    """The coordinates of a record, as every table of the lake has them."""
    return {"generation": 1, "partition": partition, "offset": offset, "kafka_at": kafka_at_of(partition, offset)}


def make_ingestion(at: datetime) -> Row:
    """The columns of ingestion, which come from the time of a batch."""
    return {"ingested_at": at, "ingest_date": at.date()}


def is_in_second_batch(topic: str, partition: int, offset: int) -> bool:
    """True for the records from MIDDLE on."""
    return offset >= MIDDLE[topic][str(partition)]


def to_us(at: datetime) -> int:
    """Microseconds since 1970."""
    return round(at.timestamp() * 1_000_000)
