"""A post before it is bytes: its fields, and what stands around them in the JSON text."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from streaming.producers.events import encode


@dataclass
class Draft:
    """`opening` stands for the JSON object's `{`, `ending` follows its `}`; `fields` are in the order of the wire."""

    fields: dict[str, Any]
    at_ms: int
    late: bool = False
    opening: str = "{"
    ending: str = ""
    is_ascii: bool = False

    def value(self) -> bytes:
        """The record's value."""
        text = json.dumps(self.fields) if self.is_ascii else encode(self.fields)
        return (self.opening + text[1:] + self.ending).encode()


def zoned_time(at_ms: int, hours: int) -> str:
    """ISO-8601 with microseconds and an offset: another spelling of the same moment."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC) + timedelta(milliseconds=at_ms % 1000)
    return moment.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="microseconds")
