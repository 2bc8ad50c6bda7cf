"""A sample of every kind of record, and what must become of it: written by hand, computed by nothing that is tested."""

import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.support.verification.world import KEY, LAKE, SENSORS, Row, World

T0 = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
FIRST, SECOND = T0 + timedelta(seconds=5), T0 + timedelta(seconds=65)  # batch times
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
RECORDS: list[tuple[str, int, int, Any, str]] = [
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
"""Where the first of the two batches ended."""


def make_world(folder: Path) -> World:
    """A world without a fault."""
    tables: dict[str, list[tuple[Row, list[Row]]]] = {name: [({}, [])] for name in LAKE}
    tables["bronze/records"].append((_note("bronze", {}, MIDDLE), _bronze(second=False)))
    tables["bronze/records"].append((_note("bronze", MIDDLE, ENDS), _bronze(second=True)))
    tables["silver/posts"] += _batches("posts", [_post_a()], [_post_b(), _post_c()])
    readings = _reading("r1", 0, 1, "2.5"), _reading("r2", 2, 59.999, "-1.125")
    tables["silver/readings"] += _batches("readings", [readings[0]], [readings[1]])
    tables["silver/machine_events"] += _batches("machine_events", [], [_event()])
    tables["silver/post_deletions"].append(
        (
            {},
            [
                {
                    **_place(1, 1),
                    "post_id": "b",
                    "source": "x",
                    "deleted_at": T0 + timedelta(seconds=61),
                    **_ingested(SECOND),
                }
            ],
        )
    )
    tables["quarantine/posts"].append(({}, [_rejected(0, 1, b"{not json", "malformed", FIRST)]))
    tables["quarantine/posts"].append(({}, [_rejected(1, 3, None, "malformed", SECOND)]))
    tables["quarantine/readings"].append(({}, [_rejected(0, 1, _bytes(READING_BAD), "impossible_value", FIRST)]))
    for name, rows in _gold().items():
        tables[f"gold/{name}"].append(({"query": "gold", "lineage": 1, "silver_version": 2}, rows))
    return World(folder, tables, _postgres(), _journal())


def _bytes(event: Any) -> bytes | None:
    return event if event is None or isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()


def _kafka_at(partition: int, offset: int) -> datetime:
    return T0 + timedelta(seconds=1 + 60 * (str(offset) >= "2" or (partition, offset) == (1, 1)))


def _place(partition: int, offset: int) -> Row:
    return {"generation": 1, "partition": partition, "offset": offset, "kafka_at": _kafka_at(partition, offset)}


def _ingested(at: datetime) -> Row:
    return {"ingested_at": at, "ingest_date": at.date()}


def _is_second(topic: str, partition: int, offset: int) -> bool:
    return offset >= MIDDLE[topic][str(partition)]


def _bronze(second: bool) -> list[Row]:
    return [
        {"topic": topic, **_place(partition, offset), "key": b"k", "value": _bytes(event), **_ingested(FIRST)}
        for topic, partition, offset, event, _ in RECORDS
        if _is_second(topic, partition, offset) is second
    ]


def _note(query: str, start: Row, stop: Row, at: datetime = FIRST) -> Row:
    return {
        "query": query,
        "lineage": 1,
        "from": start,
        "to": stop,
        "generation": 1,
        "rules": "r",
        "batch_at": at.isoformat(),
    }


def _batches(query: str, first: list[Row], second: list[Row]) -> list[tuple[Row, list[Row]]]:
    return [
        ({**_note(query, {}, MIDDLE[query]), "counts": {"silver": len(first)}}, first),
        ({**_note(query, MIDDLE[query], ENDS[query], SECOND), "counts": {"silver": len(second)}}, second),
    ]


def _post(place: Row, post: Row, created_at: datetime, at: datetime, **values: Any) -> Row:
    defaults = {"hashtags": [], "counted_hashtags": [], "mention_pseudonyms": [], "in_reply_to": None}
    kept = {key: post[key] for key in ("post_id", "source", "text")}
    return {**place, **kept, "created_at": created_at, "lang": "pt", **defaults, **values, **_ingested(at)}


def _post_a() -> Row:
    tags = ["água", "rio"]
    return _post(
        _place(0, 0),
        POST_A,
        T0 + timedelta(milliseconds=250),
        FIRST,
        author_pseudonym=ANA,
        hashtags=tags,
        counted_hashtags=tags,
        mention_pseudonyms=[RUI],
    )


def _post_b() -> Row:
    tags = ["rio", "rio2"]
    row = _post(
        _place(0, 2),
        POST_B,
        T0 - timedelta(minutes=2),
        SECOND,
        author_pseudonym=RUI,
        hashtags=tags,
        counted_hashtags=tags,
        in_reply_to="a",
    )
    return {**row, "text": None}


def _post_c() -> Row:
    return _post(_place(1, 2), POST_C, T0 + timedelta(minutes=1), SECOND, author_pseudonym=ANA)


def _reading(reading_id: str, offset: int, second: float, temperature: str) -> Row:
    others = {**dict.fromkeys(SENSORS, Decimal("2.5")), "parts_count": Decimal(3)}
    return {
        **_place(0, offset),
        "reading_id": reading_id,
        "machine_id": "m1",
        "measured_at": T0 + timedelta(seconds=second),
        **others,
        "temperature_c": Decimal(temperature),
        **_ingested(SECOND if offset else FIRST),
    }


def _event() -> Row:
    return {
        **_place(0, 0),
        "event_id": "e1",
        "machine_id": "m1",
        "occurred_at": T0 + timedelta(seconds=2),
        "kind": "failure",
        "detail": None,
        **_ingested(SECOND),
    }


def _rejected(partition: int, offset: int, value: bytes | None, rule: str, at: datetime) -> Row:
    return {
        **_place(partition, offset),
        "key": b"k",
        "value": value,
        "rule": rule,
        "reason": "because",
        "first_seen_at": at,
        "replayed_at": None,
        "purged_at": None,
    }


def _hashtag_minutes() -> list[Row]:
    counted = [(T0, "água"), (T0, "rio"), (T0 - timedelta(minutes=2), "rio"), (T0 - timedelta(minutes=2), "rio2")]
    return [{"minute": minute, "hashtag": tag, "lang": "pt", "posts": 1} for minute, tag in counted]


def _author_days() -> list[Row]:
    return [
        {"day": DAY, "author_pseudonym": ANA, "posts": 2, "replies": 0, "mentions": 1},
        {"day": DAY, "author_pseudonym": RUI, "posts": 1, "replies": 1, "mentions": 0},
    ]


def _machine_minutes() -> list[Row]:
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


def _gold() -> dict[str, list[Row]]:
    edge = {"day": DAY, "author_pseudonym": ANA, "mention_pseudonym": RUI, "mentions": 1}
    return {
        "hashtag_minutes": _hashtag_minutes(),
        "author_days": _author_days(),
        "mention_edges": [edge],
        "machine_minutes": _machine_minutes(),
    }


def us(at: datetime) -> int:
    """Microseconds since 1970."""
    return round(at.timestamp() * 1_000_000)


def _scaled(value: Decimal, scale: int) -> int:
    return int(value.scaleb(scale))


def _postgres() -> dict[str, list[Row]]:
    minutes = [{"minute_us": us(row["minute"]), "date_id": DAY, **row} for row in _hashtag_minutes()]
    pairs = [("rio", "água", 0), ("rio", "rio2", -1)]
    machine = [
        {
            **row,
            "minute_us": us(row["minute"]),
            "date_id": DAY,
            "total": _scaled(row["total"], 4),
            "total_squares": _scaled(row["total_squares"], 8),
            "lowest": _scaled(row["lowest"], 4),
            "highest": _scaled(row["highest"], 4),
        }
        for row in _machine_minutes()
    ]
    event = _event()
    counts = {
        ("posts", "silver"): 3,
        ("posts", "duplicate"): 1,
        ("posts", "deletion"): 1,
        ("posts", "quarantine:malformed"): 2,
        ("posts", "late"): 1,
        ("readings", "silver"): 2,
        ("readings", "quarantine:impossible_value"): 1,
        ("readings", "duplicate"): 1,
        ("machine_events", "silver"): 1,
        ("machine_events", "late"): 0,
    }
    return {
        "pg_ledger": [*_ledger("posts", 1, 2), *_ledger("readings", 1, 1), *_ledger("machine_events", 0, 1)],
        "pg_lost_records": [],
        "pg_row_counts": [{"query": q, "outcome": o, "rows": n} for (q, o), n in counts.items()],
        "pg_hashtag_minute": minutes,
        "pg_hashtag_pair_hour": [
            {"hour_us": us(T0 + timedelta(hours=hour)), "date_id": DAY, "hashtag_a": a, "hashtag_b": b, "posts": 1}
            for a, b, hour in pairs
        ],
        "pg_author_day": _author_days(),
        "pg_machine_minute": machine,
        "pg_machine_event": [{**event, "date_id": DAY, "occurred_us": us(event["occurred_at"])}],
    }


def _ledger(query: str, *rows: int) -> list[Row]:
    steps = [({}, MIDDLE[query]), (MIDDLE[query], ENDS[query])]
    return [
        {
            "query": query,
            "lineage": 1,
            "silver_version": number,
            "from_offsets": json.dumps(start),
            "to_offsets": json.dumps(stop),
            "rows": rows[number - 1],
        }
        for number, (start, stop) in enumerate(steps, 1)
    ]


def _journal() -> list[Row]:
    lines: list[Row] = []
    for n, (topic, partition, offset, event, verdict) in enumerate(RECORDS):
        event_id = next((v for k, v in event.items() if k.endswith("_id")), "") if isinstance(event, dict) else ""
        digest = hashlib.sha256(_bytes(event) or b"").hexdigest()
        intent = {
            "e": "intent",
            "n": n,
            "topic": topic,
            "id": event_id,
            "sha256": digest,
            "at": "2026-03-01T12:00:00.000Z",
            "verdict": verdict,
        }
        if verdict == "valid":
            intent["facts"] = _facts(event)
        kafka_ms = us(_kafka_at(partition, offset)) // 1000
        lines += [intent, {"e": "ack", "n": n, "partition": partition, "offset": offset, "kafka_ms": kafka_ms}]
    return [*lines, {"e": "intent", "n": 99, "topic": "posts", "id": "z", "sha256": "00", "verdict": "valid"}]


def _facts(event: Row) -> Row:
    if "post_id" in event:
        tags = {"a": ["água", "rio"], "b": ["rio", "rio2"], "c": []}[event["post_id"]]
        return {"minute": event["created_at"][:16] + ":00Z", "lang": "pt", "tags": tags, "source": "x"}
    if "event_id" in event:
        return {key: event[key] for key in ("machine_id", "occurred_at", "kind")}
    values = {sensor: f"{event[sensor]:.3f}" for sensor in SENSORS}
    return {"minute": "2026-03-01T12:00:00Z", "machine_id": "m1", "values": values}
