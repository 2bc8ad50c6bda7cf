"""Opens a query's checkpoint: continued if it agrees with its table, else a new lineage from the table's end."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from streaming.recovery.checkpoint import (
    Lineage,
    disagreement,
    highest_number,
    newest_lineage,
)
from streaming.recovery.offsets import Offsets

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TopicState:
    """Offsets of the topics at the broker: oldest (`begin`) and end (`latest`)."""

    begin: Offsets
    latest: Offsets


@dataclass(frozen=True)
class TableState:
    """A table at start: its end (None before the first commit), the lineage of its newest commit, its batch time."""

    end: Offsets | None
    lineage: int
    newest_batch_ms: int


def open_lineage(
    root: Path, table: TableState, topics: TopicState, rules: str, claim: Callable[[int], bool]
) -> tuple[Lineage, bool]:
    """The lineage to run, and whether it is new. The very first one begins at the broker's oldest records.

    `claim(number)` reserves a lineage for this driver. It is False while a fenced driver still runs, frozen or slow to
    stop: both would write batches with the same number into one folder, and one would read the other's range.
    """
    current = newest_lineage(root)
    reason: str | None = "there is none"
    if current is not None:
        reason = disagreement(current, table.end, topics.latest, rules, _now_ms())
    if current is not None and reason is None and not claim(current.number):
        reason = "another driver still runs on it"
    if current is not None and reason is None:
        if current.rules != rules:
            current = replace(current, rules=rules)
            current.save()
        return current, False
    number = next(filter(claim, count(max(highest_number(root), table.lineage) + 1)))
    start = _with_all_partitions(table.end, topics.begin) if table.end is not None else topics.begin
    lineage = Lineage(number, root / str(number), start, rules, table.newest_batch_ms)
    lineage.save()
    if table.end is not None:
        log.warning('query=%s lineage=%d start=end_of_table reason="%s"', root.name, number, reason)
    return lineage, True


def _with_all_partitions(end: Offsets, begin: Offsets) -> Offsets:
    """`end` for every partition of the broker: a partition that the table has never read starts at 0."""
    return {topic: {p: end.get(topic, {}).get(p, 0) for p in parts} for topic, parts in begin.items()}


def _now_ms() -> int:
    """The wall clock, only to detect that it was set back."""
    return int(time.time() * 1000)
