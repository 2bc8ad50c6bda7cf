"""Generations of topics: a topic that was deleted and created again starts at offset 0 and is not the same topic."""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streaming.errors import StreamingError


class TopicMissing(StreamingError):
    """A topic does not exist yet: create it."""


class TopicRecreated(StreamingError):
    """A topic was deleted and created again: its offsets do not continue those in the lake."""


@dataclass(frozen=True)
class Topic:
    """A topic as the broker sees it; `uuid` changes when it is deleted and created again."""

    name: str
    uuid: uuid.UUID
    partitions: int


@dataclass(frozen=True)
class Generations:
    """The file in the lake that numbers the UUIDs of each topic; the first UUID is generation 1."""

    file: Path

    def number_of(self, topic: Topic) -> int:
        """The generation of a topic as the broker has it now. Hold the lock `generations`.

        Raises:
            TopicRecreated: the lake was filled from a topic of that name with another UUID.
        """
        known = self._read()
        recorded = known.get(topic.name)
        if recorded is None:
            known[topic.name] = {"uuid": str(topic.uuid), "generation": 1}
            self._write(known)
            return 1
        if recorded["uuid"] != str(topic.uuid):
            raise TopicRecreated(
                f"topic {topic.name} was deleted and created again (the lake was filled from {recorded['uuid']}, the "
                f"broker has {topic.uuid}); use the broker that filled this lake, or read the new topic too: "
                "./spark-submit.sh repair --new-generation"
            )
        return int(recorded["generation"])

    def is_recreated(self, topic: Topic) -> bool:
        """True if the lake was filled from a topic of that name with another UUID."""
        recorded = self._read().get(topic.name)
        return recorded is not None and recorded["uuid"] != str(topic.uuid)

    def begin_next(self, topic: Topic) -> int:
        """Makes the topic as the broker has it the next generation; returns its number. Hold the lock `generations`."""
        known = self._read()
        number = int(known[topic.name]["generation"]) + 1
        known[topic.name] = {"uuid": str(topic.uuid), "generation": number}
        self._write(known)
        return number

    def _read(self) -> dict[str, dict[str, Any]]:
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def _write(self, known: dict[str, dict[str, Any]]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(known, indent=1, sort_keys=True))
        partial.rename(self.file)
