"""Offsets: how far a table has read its topics, and which part of a batch it lacks (`decide`).

Exactness rests on these offsets, never on batch ids, which restart with every checkpoint.
"""

import json
from collections.abc import Callable, Iterator
from enum import Enum

from streaming.errors import StreamingError
from warehouse.lake.commit_metadata import Offsets as Offsets


class PositionGap(StreamingError):
    """Records between a table's end and a batch's start are missing: repair before going on."""


class Decision(Enum):
    """What a table does with a batch."""

    WHOLE = "append the whole batch"
    BEYOND = "append the rows beyond the end"
    NOTHING = "everything is already in the table"


def decide(end: Offsets | None, start: Offsets, to: Offsets) -> Decision:
    """Whether a batch [start, to) is written to a table that ends at `end` (None before the first commit).

    The rule of silver and bronze, applied under lock and fence by `OffsetTrackedTable.append_batch`: write what lies at
    or beyond the end; a gap stops. Quarantine and deletions have another: `streaming.sinks.quarantine`.

    Raises:
        PositionGap: the batch starts beyond the end.
    """
    if end is None or is_same(end, start):
        return Decision.WHOLE
    if not covers(end, start):
        raise PositionGap(
            f"the table ends at {render(end)} but the batch starts at {render(start)}: records in between are missing; "
            "restore the table, or remove the query's checkpoint folder to start at the table's end"
        )
    return Decision.NOTHING if covers(end, to) else Decision.BEYOND


def covers(offsets: Offsets, other: Offsets) -> bool:
    """True where `offsets` is at or beyond `other` in every partition."""
    return all(at >= other_at for at, other_at in _pairs(offsets, other))


def is_same(offsets: Offsets, other: Offsets) -> bool:
    """True where both are equal in every partition."""
    return all(at == other_at for at, other_at in _pairs(offsets, other))


def furthest(offsets: Offsets, other: Offsets) -> Offsets:
    """The greater offset of each partition."""
    return _combine(offsets, other, max)


def find_lost(end: Offsets, begin: Offsets) -> Iterator[tuple[str, str, int, int]]:
    """(topic, partition, end, begin) where the broker's oldest record lies beyond a table's end."""
    for topic, partitions in begin.items():
        for partition, oldest in sorted(partitions.items()):
            at = _at(end, topic, partition)
            if at < oldest:
                yield topic, partition, at, oldest


def count_between(start: Offsets, to: Offsets) -> int:
    """Records in [start, to)."""
    return sum(max(at - start_at, 0) for at, start_at in _pairs(to, start))


def parse(text: str) -> Offsets:
    """Kafka's JSON of offsets, as it stands in a checkpoint."""
    return {topic: {str(p): int(at) for p, at in parts.items()} for topic, parts in json.loads(text).items()}


def render(offsets: Offsets) -> str:
    """Kafka's JSON of offsets, for a checkpoint's `startingOffsets` or a message."""
    return json.dumps(offsets, sort_keys=True)


def _combine(offsets: Offsets, other: Offsets, choose: Callable[[int, int], int]) -> Offsets:
    return {
        topic: {p: choose(_at(offsets, topic, p), _at(other, topic, p)) for p in _partitions(topic, offsets, other)}
        for topic in {**offsets, **other}
    }


def _pairs(offsets: Offsets, other: Offsets) -> list[tuple[int, int]]:
    return [
        (_at(offsets, topic, p), _at(other, topic, p))
        for topic in {**offsets, **other}
        for p in _partitions(topic, offsets, other)
    ]


def _partitions(topic: str, *of: Offsets) -> set[str]:
    return {p for offsets in of for p in offsets.get(topic, {})}


def _at(offsets: Offsets, topic: str, partition: str) -> int:
    return offsets.get(topic, {}).get(partition, 0)
