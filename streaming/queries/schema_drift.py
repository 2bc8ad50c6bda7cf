"""Fields that a topic's schema does not know: reported once per topic and field, in log and `ops.schema_drift`."""

import logging

import pyarrow as pa
import pyarrow.compute as pc

from streaming.sinks.postgres import Ledger
from streaming.transforms.one_pass import DRIFT, PARTITION_STEP

log = logging.getLogger(__name__)
MOST_FIELDS = 100
"""Per topic: a sender that invents field names must fill neither the log nor the table."""


class SchemaDriftLog:
    """What one query has reported about its topic."""

    def __init__(self, query: str, generation: int, ledger: Ledger) -> None:
        self._query = query
        self._generation = generation
        self._ledger = ledger
        self._reported: set[str] | None = None
        self._is_full = False

    def report(self, contributions: pa.Table, batch_at: str) -> None:
        """Reports the batch's fields that were not reported before, by partition and offset; idempotent."""
        first_seen = find_drift(contributions)
        if not first_seen or self._is_full:
            return
        if self._reported is None:
            self._reported = {field for (field,) in self._ledger.execute("read_drift")}
        fields = sorted(first_seen.keys() - self._reported, key=lambda field: (first_seen[field], field))
        fields = fields[: MOST_FIELDS - len(self._reported)]
        if fields:
            self._write({field: divmod(first_seen[field], PARTITION_STEP) for field in fields}, batch_at)
            self._reported |= set(fields)
        self._is_full = len(self._reported) >= MOST_FIELDS
        if self._is_full:
            log.warning(
                "query=%s drift=added more_than=%d further fields are not reported", self._query, MOST_FIELDS - 1
            )

    def _write(self, coordinates: dict[str, tuple[int, int]], batch_at: str) -> None:
        """`coordinates`: field -> (partition, offset) of the first record that has it."""
        columns = {
            "fields": list(coordinates),
            "partitions": [partition for partition, _ in coordinates.values()],
            "offsets": [offset for _, offset in coordinates.values()],
        }
        self._ledger.execute("add_drift", generation=self._generation, batch_at=batch_at, **columns)
        for field, (partition, offset) in coordinates.items():
            log.warning("query=%s drift=added field=%s partition=%d offset=%d", self._query, field, partition, offset)


def find_drift(contributions: pa.Table) -> dict[str, int]:
    """Unknown field -> `partition_offset` of the batch's first record that has it."""
    rows = contributions.filter(pc.equal(contributions["fact"], DRIFT)).select(["key_a", "partition_offset"])
    return {row["key_a"]: row["partition_offset"] for row in rows.to_pylist()}
