"""The journal: what was meant to be sent, with the verdict it must get, and what the broker acknowledged.

One file of JSON lines per producer and run. An intent reaches the operating system before its record is sent, so a
killed generator leaves at worst intents without an acknowledgement.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from streaming.producers.events import Event, encode


class Journal:
    """Appends to one journal file. Not for use by several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._number = 0

    def note_intents(self, events: Sequence[Event]) -> int:
        """Notes events that are about to be sent; returns the number of the first one."""
        first, at = self._number, datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines = [_intent(first + place, event, at) for place, event in enumerate(events)]
        self._number += len(events)
        self._write("".join(lines))
        return first

    def note_results(self, lines: Sequence[str]) -> None:
        """Notes acknowledgements and failures, made by `ack_line` and `failed_line`."""
        if lines:
            self._write("".join(lines))

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)

    def _write(self, text: str) -> None:
        rest = memoryview(text.encode())
        while rest:
            rest = rest[os.write(self._file, rest) :]


def ack_line(number: int, partition: int, offset: int, kafka_ms: int) -> str:
    """The broker has the record of intent `number`, at this place and time."""
    return f'{{"e":"ack","n":{number},"partition":{partition},"offset":{offset},"kafka_ms":{kafka_ms}}}\n'


def failed_line(number: int, error: BaseException) -> str:
    """The record of intent `number` was given up."""
    return f'{{"e":"failed","n":{number},"error":"{type(error).__name__}"}}\n'


def _intent(number: int, event: Event, at: str) -> str:
    digest = sha256(event.value or b"").hexdigest()
    rest = ',"late":true' if event.late else ""
    if event.facts is not None:
        rest += f',"facts":{encode(event.facts)}'
    return (
        f'{{"e":"intent","n":{number},"topic":"{event.topic}","id":{encode(event.id)},"sha256":"{digest}",'
        f'"at":"{at}","verdict":"{event.verdict}"{rest}}}\n'
    )
