"""Fences: of two drivers only the newer one may write.

A file beside the tables holds a growing number and the holder's id; it is compared inside every table lock, so it
also protects tables that have nothing to do with PostgreSQL. `ops.lease` mirrors it for the ledger transaction.
"""

import json
import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streaming.errors import StreamingError


class Fenced(StreamingError):
    """A newer driver has taken this query over: leave, and let it work."""


@dataclass(frozen=True)
class Fence:
    """The right of one driver to write for one query."""

    query: str
    number: int
    holder: uuid.UUID
    file: Path

    def check(self) -> None:
        """Raises Fenced if somebody newer holds the query. Call it inside the table's lock."""
        held = _read(self.file)
        if held.get("holder") != str(self.holder) or held.get("number") != self.number:
            raise Fenced(f"query {self.query} was taken over by a newer driver (pid {held.get('pid', 'unknown')})")

    @property
    def host(self) -> str:
        """Where the holder runs, for people."""
        return socket.gethostname()


def take_fence(lake: Path, query: str, holder: uuid.UUID, above: int = 0) -> Fence:
    """Takes the query over with a number above all earlier ones (and above `above`). Hold the lock `fence/<query>`."""
    file = lake / "_locks" / f"{query}.fence"
    file.parent.mkdir(parents=True, exist_ok=True)
    number = max(int(_read(file).get("number", 0)), above) + 1
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({"number": number, "holder": str(holder), "pid": os.getpid()}))
    partial.rename(file)
    return Fence(query, number, holder, file)


def _read(file: Path) -> dict[str, Any]:
    try:
        held = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return held if isinstance(held, dict) else {}
