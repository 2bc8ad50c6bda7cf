"""Valid records of each topic, as the bytes of a Kafka message. `changes` replace a field or, with None, remove it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any


def make_post(number: int, **changes: Any) -> bytes:
    """A post of one of seven authors, with one of five hashtags and one mention."""
    fields = {
        "post_id": f"p{number}",
        "source": "test",
        "author_id": f"author{number % 7}",
        "created_at": _five_seconds_ago(),
        "text": f"number {number} #Tag{number % 5} with @author{number % 3}",
        "lang": "en",
    }
    return _encode(fields, changes)


def make_reading(number: int, **changes: Any) -> bytes:
    """A reading of one of three machines."""
    fields = {
        "reading_id": f"r{number}",
        "machine_id": f"machine-0{1 + number % 3}",
        "measured_at": _five_seconds_ago(),
        "temperature_c": 60 + number % 800 / 8,
        "vibration_mm_s": 1.125,
        "rotation_rpm": 1500,
        "pressure_bar": 6.1,
        "power_kw": 3.3,
        "parts_count": number % 1000,
    }
    return _encode(fields, changes)


def make_event(number: int, **changes: Any) -> bytes:
    """A failure or maintenance of one of three machines."""
    fields = {
        "event_id": f"e{number}",
        "machine_id": f"machine-0{1 + number % 3}",
        "occurred_at": _five_seconds_ago(),
        "kind": ("failure", "maintenance")[number % 2],
    }
    return _encode(fields, changes)


def _five_seconds_ago() -> str:
    at = datetime.now(UTC) - timedelta(seconds=5)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encode(fields: dict[str, Any], changes: dict[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in {**fields, **changes}.items() if value is not None}).encode()
