"""The generator's journal for the sample's records."""

import hashlib

from tests.support.verification.lakehouse import SENSORS, Row
from tests.support.verification.records import RECORDS, kafka_at_of, to_bytes, to_us


def make_journal() -> list[Row]:
    """An intent and an acknowledgement for each record, and an intent that was never acknowledged."""
    lines: list[Row] = []
    for n, (topic, partition, offset, event, verdict) in enumerate(RECORDS):
        event_id = next((v for k, v in event.items() if k.endswith("_id")), "") if isinstance(event, dict) else ""
        digest = hashlib.sha256(to_bytes(event) or b"").hexdigest()
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
            intent["facts"] = _make_expected(event)
        kafka_ms = to_us(kafka_at_of(partition, offset)) // 1000
        lines += [intent, {"e": "ack", "n": n, "partition": partition, "offset": offset, "kafka_ms": kafka_ms}]
    return [*lines, {"e": "intent", "n": 99, "topic": "posts", "id": "z", "sha256": "00", "verdict": "valid"}]


def _make_expected(event: Row) -> Row:
    """The values that the generator expects to be counted: the journal's key `facts`."""
    if "post_id" in event:
        tags = {"a": ["água", "rio"], "b": ["rio", "rio2"], "c": []}[event["post_id"]]
        return {"minute": event["created_at"][:16] + ":00Z", "lang": "pt", "tags": tags, "source": "x"}
    if "event_id" in event:
        return {key: event[key] for key in ("machine_id", "occurred_at", "kind")}
    values = {sensor: f"{event[sensor]:.3f}" for sensor in SENSORS}
    return {"minute": "2026-03-01T12:00:00Z", "machine_id": "m1", "values": values}
