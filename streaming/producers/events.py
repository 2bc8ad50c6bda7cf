"""An event: one Kafka record to send, with the verdict and the values that the stream must derive from it."""

import json
from typing import Any, NamedTuple

VALID, DUPLICATE, DELETION = "valid", "duplicate", "deletion"

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""JSON as compact text."""


class Event(NamedTuple):
    """A record to send. Only `topic`, `key` and `value` reach Kafka; the rest goes to the journal, for `verify`.

    `value` None is a tombstone. `verdict` is valid, duplicate, deletion or the id of the quality rule that the record
    breaks. `expected` are the values that the stream must extract from a valid record (minute, tags, sensor values);
    `late` marks an event time minutes to days in the past.
    """

    topic: str
    key: bytes
    value: bytes | None
    id: str
    verdict: str
    expected: dict[str, Any] | None = None
    late: bool = False
