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
    """What the broker has of the topics: from `begin` up to `latest`."""

    begin: Offsets
    latest: Offsets


@dataclass(frozen=True)
class TableState:
    """What the table knows at start: its end (None if it has none) and its newest batch time."""

    end: Offsets | None
    lineage: int
    newest_batch_ms: int


def open_lineage(
    root: Path, table: TableState, topics: TopicState, rules: str, claim: Callable[[int], bool]
) -> tuple[Lineage, bool]:
    """The lineage to run, and whether it is new. The very first one begins at the broker's oldest records.

    `claim(number)` makes a lineage this driver's own. It refuses while a fenced driver still lives, frozen or slow to
    leave: both would write batches of one number into one folder, and the later would read the other's range.
    """
    current = newest_lineage(root)
    reason: str | None = "there is none"
    if current is not None:
        reason = disagreement(current, table.end, topics.latest, rules, _now_ms())
    if current is not None and reason is None and not claim(current.number):
        reason = "another driver still uses it"
    if current is not None and reason is None:
        if current.rules != rules:
            current = replace(current, rules=rules)
            current.save()
        return current, False
    number = next(filter(claim, count(max(highest_number(root), table.lineage) + 1)))
    start = _named(table.end, topics.begin) if table.end is not None else topics.begin
    lineage = Lineage(number, root / str(number), start, rules, table.newest_batch_ms)
    lineage.save()
    if table.end is not None:
        log.warning('query=%s lineage=%d start=end_of_table checkpoint="%s"', root.name, number, reason)
    return lineage, True


def _named(end: Offsets, begin: Offsets) -> Offsets:
    """The end with every partition of the broker named: a partition the table has never seen starts at 0."""
    return {topic: {p: end.get(topic, {}).get(p, 0) for p in parts} for topic, parts in begin.items()}


def _now_ms() -> int:
    """The wall clock, only to notice that it was set back."""
    return int(time.time() * 1000)
