"""One event as it goes on the wire, together with the verdict that the stream must reach about it."""

import json
from typing import Any, NamedTuple

VALID, DUPLICATE, DELETION = "valid", "duplicate", "deletion"

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""JSON as compact text."""


class Event(NamedTuple):
    """A record to send. `verdict` is valid, duplicate, deletion or the id of the rule that it breaks."""

    topic: str
    key: bytes
    value: bytes | None
    id: str
    verdict: str
    facts: dict[str, Any] | None = None
    late: bool = False
