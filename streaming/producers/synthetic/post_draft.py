"""A post before it is bytes: its fields, and the JSON text before and after them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from streaming.producers.events import encode


@dataclass
class Draft:
    """A post in the making.

    `fields` keep their order in the JSON text; `opening` replaces the object's `{`, `ending` follows its `}`.
    `is_ascii` writes every other character as an escape.
    """

    fields: dict[str, Any]
    at_ms: int
    late: bool = False
    opening: str = "{"
    ending: str = ""
    is_ascii: bool = False

    def value(self) -> bytes:
        """The record's value: UTF-8."""
        text = json.dumps(self.fields) if self.is_ascii else encode(self.fields)
        return (self.opening + text[1:] + self.ending).encode()


def zoned_time(at_ms: int, hours: int) -> str:
    """ISO-8601 with microseconds and a UTC offset of `hours`: another spelling of the same time."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC) + timedelta(milliseconds=at_ms % 1000)
    return moment.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="microseconds")
