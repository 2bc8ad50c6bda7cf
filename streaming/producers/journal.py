"""The journal: each record that was to be sent, with the verdict it must get, and what the broker acknowledged.

One file of JSON lines per source and run. The intent of a record is written to its file (no fsync) before the record
is sent, so a killed process leaves at worst intents without an acknowledgement, never a record without an intent.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from streaming.producers.events import Event, encode


class Journal:
    """Appends to one journal file. Not thread-safe."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._next_number = 0

    def append_intents(self, events: Sequence[Event]) -> int:
        """Writes an intent for each event that is about to be sent; returns the number of the first one."""
        first, at = self._next_number, datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines = [_intent_line(number, event, at) for number, event in enumerate(events, first)]
        self._next_number += len(events)
        self._write("".join(lines))
        return first

    def append_results(self, lines: Sequence[str]) -> None:
        """Writes acknowledgements and failures: lines made by `ack_line` and `failed_line`."""
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
    """The broker has stored the record of intent `number` at this offset, with this timestamp (ms since 1970)."""
    return f'{{"e":"ack","n":{number},"partition":{partition},"offset":{offset},"kafka_ms":{kafka_ms}}}\n'


def failed_line(number: int, error: BaseException) -> str:
    """The Kafka client gave up sending the record of intent `number`."""
    return f'{{"e":"failed","n":{number},"error":"{type(error).__name__}"}}\n'


def _intent_line(number: int, event: Event, at: str) -> str:
    digest = sha256(event.value or b"").hexdigest()
    rest = ',"late":true' if event.late else ""
    if event.expected is not None:
        rest += f',"facts":{encode(event.expected)}'
    return (
        f'{{"e":"intent","n":{number},"topic":"{event.topic}","id":{encode(event.id)},"sha256":"{digest}",'
        f'"at":"{at}","verdict":"{event.verdict}"{rest}}}\n'
    )
