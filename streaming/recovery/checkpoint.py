"""Reads Spark's checkpoint folders, and decides at start whether one agrees with its table and may be continued."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streaming.recovery.offsets import Offsets, count_between, covers, is_same, parse, render

LINEAGE_FILE = "lineage.json"


@dataclass(frozen=True)
class BatchRange:
    """Offsets [start, to) of a batch, with its time and watermark as the offset log fixes them (milliseconds UTC)."""

    batch_id: int
    start: Offsets
    to: Offsets
    batch_ms: int
    watermark_ms: int

    @property
    def records(self) -> int:
        """Records in the range."""
        return count_between(self.start, self.to)


@dataclass(frozen=True)
class Lineage:
    """One checkpoint folder. `start`: its first offsets; `known_until_ms`: the newest batch time in its
    table at that moment; `rules`: fingerprint of the quality rules.

    A folder that was copied, lost or damaged is not used again; the next number starts at the table's end.
    """

    number: int
    folder: Path
    start: Offsets
    rules: str
    known_until_ms: int

    def save(self) -> None:
        """Writes `lineage.json`; atomically, before Spark sees the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fields = {"start": self.start, "rules": self.rules, "known_until_ms": self.known_until_ms}
        partial = self.folder / f".{LINEAGE_FILE}.partial"
        partial.write_text(json.dumps(fields))
        partial.rename(self.folder / LINEAGE_FILE)


def read_range(checkpoint: Path, batch_id: int, lineage_start: Offsets) -> BatchRange:
    """The range of a batch from the offset log: `to` of this batch, `to` of the one before as its start."""
    metadata, to = _read_offsets(checkpoint, batch_id)
    start = _read_offsets(checkpoint, batch_id - 1)[1] if batch_id else lineage_start
    return BatchRange(batch_id, start, to, int(metadata["batchTimestampMs"]), int(metadata["batchWatermarkMs"]))


def newest_lineage(root: Path) -> Lineage | None:
    """The lineage with the highest number below `root`, None if there is none that can be read."""
    numbers = sorted((int(p.name) for p in root.glob("[0-9]*") if p.name.isdigit()), reverse=True)
    return _read_lineage(root / str(numbers[0])) if numbers else None


def planned_start(root: Path) -> Offsets | None:
    """First offsets of the newest lineage below `root`: the position of a table without a commit."""
    lineage = newest_lineage(root)
    return None if lineage is None else lineage.start


def highest_number(root: Path) -> int:
    """The highest lineage number below `root`, readable or not; 0 without any."""
    return max((int(p.name) for p in root.glob("[0-9]*") if p.name.isdigit()), default=0)


def disagreement(lineage: Lineage, end: Offsets | None, latest: Offsets, rules: str, now_ms: int) -> str | None:
    """Why the checkpoint must not be continued, None if it agrees with the table. `latest`: the end of the topics.

    It agrees in three states: no batch is planned and the table ends at the lineage's start; the newest batch is
    committed and the table ends at its `to`; the newest batch is pending, the rules are unchanged, and the table ends
    at its start (not written yet) or at its `to` (written, not committed). In each, the newest batch must continue the
    one before it.
    """
    try:
        planned, committed = _newest(lineage.folder / "offsets"), _newest(lineage.folder / "commits")
        if planned is None:
            is_filled = committed is not None or any((lineage.folder / "state").glob("*"))
            at_start = is_same(end if end is not None else lineage.start, lineage.start)
            return None if at_start and not is_filled else "it has no offsets but is not new"
        batch = read_range(lineage.folder, planned, lineage.start)
        is_sound = covers(latest, batch.to) and _continues(lineage.folder, batch, committed)
    except (OSError, ValueError, KeyError, IndexError) as error:
        return f"it cannot be read ({type(error).__name__})"
    if not is_sound:
        return "its newest batch does not continue the one before"
    if now_ms < max(batch.watermark_ms, batch.batch_ms):
        return "the clock is behind its newest batch"
    return _disagreement_of_batch(lineage, batch, committed, end if end is not None else lineage.start, rules)


def _continues(checkpoint: Path, batch: BatchRange, committed: int | None) -> bool:
    """Whether the newest batch continues the one before: a flipped byte can leave files that still can be parsed.

    Each value is recorded twice (the watermark in `offsets` and `commits`, the settings in each batch) or bounded by
    its neighbour (offsets, times). Only the settings in the very first batch are neither: no batch comes before it.
    """
    if not (_names_all(batch) and covers(batch.to, batch.start)):
        return False
    if committed is not None and _read_watermark(checkpoint, committed) < batch.watermark_ms:
        return False
    if batch.batch_id == 0:
        return batch.watermark_ms == 0
    now, before = (_read_offsets(checkpoint, number)[0] for number in (batch.batch_id, batch.batch_id - 1))
    return (
        bool(now["conf"] == before["conf"])
        and batch.batch_ms >= int(before["batchTimestampMs"])
        and batch.watermark_ms == _read_watermark(checkpoint, batch.batch_id - 1)
    )


def _names_all(batch: BatchRange) -> bool:
    """Whether it covers the lineage's topics and all their partitions."""
    return batch.to.keys() == batch.start.keys() and all(
        batch.start[topic].keys() <= partitions.keys() for topic, partitions in batch.to.items()
    )


def _disagreement_of_batch(
    lineage: Lineage, batch: BatchRange, committed: int | None, end: Offsets, rules: str
) -> str | None:
    if committed == batch.batch_id:
        return None if is_same(end, batch.to) else "the table does not end where its newest batch does"
    if committed != (batch.batch_id - 1 if batch.batch_id else None):
        return "its offset and commit logs do not match"
    if lineage.rules != rules:
        return "the quality rules changed while a batch was pending"
    pending = is_same(end, batch.start) or is_same(end, batch.to)
    return None if pending else "the table ends neither at the start nor at the end of its pending batch"


def _read_lineage(folder: Path) -> Lineage | None:
    try:
        fields = json.loads((folder / LINEAGE_FILE).read_text())
        start = parse(render(fields["start"]))
        return Lineage(int(folder.name), folder, start, fields["rules"], int(fields["known_until_ms"]))
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def _read_offsets(checkpoint: Path, batch_id: int) -> tuple[dict[str, Any], Offsets]:
    metadata, to = _read_lines(checkpoint / "offsets" / str(batch_id))
    return json.loads(metadata), parse(to)


def _read_watermark(checkpoint: Path, batch_id: int) -> int:
    """The watermark of the batch after a committed one."""
    (metadata,) = _read_lines(checkpoint / "commits" / str(batch_id))
    return int(json.loads(metadata)["nextBatchWatermarkMs"])


def _read_lines(file: Path) -> list[str]:
    version, *lines = file.read_text().splitlines()
    if version != "v1":
        raise ValueError(f"{file} is of another version")
    return lines


def _newest(folder: Path) -> int | None:
    return max((int(p.name) for p in folder.glob("[0-9]*") if p.name.isdigit()), default=None)
