"""Fences: of two drivers only the newer one may write.

A file beside the tables holds a growing number and the holder's id. A query compares it inside every table lock, so it
also protects tables that are not in PostgreSQL. `ops.lease` holds a copy for the ledger transaction.

Drivers are ordered by their turn: of two that open their queries at the same time the same one gets every query, and an
older one that reopens a query after an outage does not get it back.
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
    """A newer driver holds this query: this driver stops."""


@dataclass(frozen=True)
class Fence:
    """The right of one driver to write for one query."""

    query: str
    number: int
    holder: uuid.UUID
    file: Path

    def check(self) -> None:
        """Raises Fenced if a newer driver holds the query. Call it inside the table's lock."""
        held = _read(self.file)
        if held.get("holder") != str(self.holder) or held.get("number") != self.number:
            raise _make_fenced(self.query, held)

    @property
    def host(self) -> str:
        """Where the holder runs, for people."""
        return socket.gethostname()


@dataclass(frozen=True)
class Driver:
    """Identity of a driver: an id, and a turn that grows with every driver of a lake."""

    holder: uuid.UUID
    turn: int


def take_turn(lake: Path) -> int:
    """The turn of a driver that starts now. Hold the lock `drivers`."""
    file = lake / "_locks" / "drivers.turn"
    turn = int(_read(file).get("turn", 0)) + 1
    _write(file, {"turn": turn})
    return turn


def write_fence(lake: Path, query: str, driver: Driver, above: int = 0) -> Fence:
    """Writes a fence with a number above all earlier ones and above `above`. Hold the lock `fence/<query>`.

    Raises:
        Fenced: a driver that started later holds it.
    """
    file = lake / "_locks" / f"{query}.fence"
    held = _read(file)
    if int(held.get("turn", 0)) > driver.turn:
        raise _make_fenced(query, held)
    number = max(int(held.get("number", 0)), above) + 1
    _write(file, {"number": number, "holder": str(driver.holder), "turn": driver.turn, "pid": os.getpid()})
    return Fence(query, number, driver.holder, file)


def _make_fenced(query: str, held: dict[str, Any]) -> Fenced:
    return Fenced(f"query {query} is held by a newer driver (pid {held.get('pid', 'unknown')})")


def _write(file: Path, content: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(content))
    partial.rename(file)


def _read(file: Path) -> dict[str, Any]:
    try:
        held = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return held if isinstance(held, dict) else {}
