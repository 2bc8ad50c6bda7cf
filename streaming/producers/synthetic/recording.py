"""The recording in conf/recordings: ten minutes of a small network and a small factory, sent again as new events.

A line of a recording is {"topic", "key", "after_ms", "value"}: `value` is the record's value as a JSON object,
`after_ms` is when it was sent, counted from the begin of the recording. A replay prefixes the ids with the name of the
run and shifts the times to the present, so no event of it is a duplicate of an earlier replay.
"""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streaming.errors import StreamingError
from streaming.producers.events import DELETION, VALID, Event, encode
from streaming.producers.producer import Producer
from streaming.producers.synthetic.event_time import TimeText, minute_of
from streaming.producers.synthetic.expected_tags import count_tags, find_tags
from streaming.producers.synthetic.machine_model import SENSORS

FILES = ("posts.jsonl", "readings.jsonl")
_TIME_FIELD = {"posts": "created_at", "readings": "measured_at", "machine_events": "occurred_at"}
_ID_FIELDS = {"posts": ("post_id", "in_reply_to"), "readings": ("reading_id",), "machine_events": ("event_id",)}
_POLL_SECONDS = 0.02


class RestoreRecording(StreamingError):
    """A file of the recording is missing or damaged; restore it from the repository."""


@dataclass(frozen=True)
class Record:
    """One line of the recording."""

    topic: str
    key: str
    after_ms: int
    value: dict[str, Any]


def read_recording(folder: Path) -> list[Record]:
    """All records of a recording by time of sending.

    Raises:
        RestoreRecording: a file is missing or a line is not a record.
    """
    records = []
    for name in FILES:
        try:
            lines = (folder / name).read_text(encoding="utf-8").splitlines()
            records += [Record(**json.loads(line)) for line in lines]
        except (OSError, ValueError, TypeError) as error:
            raise RestoreRecording(f"{folder / name} cannot be read: {error}") from error
    return sorted(records, key=lambda record: record.after_ms)


def shift_records(records: Sequence[Record], run: str, start_ms: int, speed: float) -> Iterator[tuple[int, Event]]:
    """(time to send it in milliseconds since 1970, event) of each record, `speed` times as fast as recorded."""
    iso = TimeText()
    for record in records:
        at_ms = start_ms + int(record.after_ms / speed)
        value = record.value | {_TIME_FIELD[record.topic]: iso.text(at_ms)}
        for name in _ID_FIELDS[record.topic]:
            if name in value:
                value[name] = f"{run}-{value[name]}"
        is_deletion = value.get("kind") == "deletion"
        expected = None if is_deletion else _expected(record.topic, value)
        yield (
            at_ms,
            Event(
                record.topic,
                record.key.encode(),
                encode(value).encode(),
                value[_ID_FIELDS[record.topic][0]],
                DELETION if is_deletion else VALID,
                expected,
            ),
        )


def replay(events: Iterator[tuple[int, Event]], producer: Producer, stop: threading.Event) -> None:
    """Sends each event at its time; returns after the last one, or when `stop` is set. Does not wait for answers."""
    for at_ms, event in events:
        while not stop.is_set() and (wait := at_ms / 1000 - time.time()) > 0:
            producer.settle()
            stop.wait(min(wait, _POLL_SECONDS))
        if stop.is_set():
            return
        producer.send([event])
        producer.settle()


def _expected(topic: str, value: dict[str, Any]) -> dict[str, Any]:
    if topic == "machine_events":
        return {name: value[name] for name in ("machine_id", "occurred_at", "kind")}
    minute = minute_of(value[_TIME_FIELD[topic]])
    if topic == "readings":
        values = {sensor: f"{value[sensor]:.3f}" for sensor in SENSORS[:-1]} | {SENSORS[-1]: str(value[SENSORS[-1]])}
        return {"minute": minute, "machine_id": value["machine_id"], "values": values}
    raw_tags = value.get("hashtags")
    tags = count_tags(find_tags(value["text"]) if raw_tags is None else raw_tags)
    return {"minute": minute, "lang": value["lang"].lower(), "tags": tags, "source": value["source"]}
