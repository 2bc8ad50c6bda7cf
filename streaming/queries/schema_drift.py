"""Fields that a topic's schema does not know: told once per topic and name, in the log and in the warehouse's books."""

import logging

import pyarrow as pa
import pyarrow.compute as pc

from streaming.sinks.postgres import Ledger
from streaming.transforms.one_pass import DRIFT, PARTITION_STEP

log = logging.getLogger(__name__)
MOST_FIELDS = 100
"""Per topic: a sender that invents names must fill neither the log nor the books."""


class SchemaDriftLog:
    """What one query has told about its topic."""

    def __init__(self, query: str, generation: int, ledger: Ledger) -> None:
        self._query = query
        self._generation = generation
        self._ledger = ledger
        self._told: set[str] | None = None
        self._is_full = False

    def report(self, facts: pa.Table, batch_at: str) -> None:
        """Tells the fields of a batch that nobody was told about, first come first; a replay tells nothing again."""
        places = find_drift(facts)
        if not places or self._is_full:
            return
        if self._told is None:
            self._told = {field for (field,) in self._ledger.ask("read_drift")}
        fresh = sorted(places.keys() - self._told, key=lambda field: (places[field], field))
        self._tell(fresh[: MOST_FIELDS - len(self._told)], places, batch_at)
        self._is_full = len(self._told) >= MOST_FIELDS
        if self._is_full:
            log.warning("query=%s drift=added more_than=%d further fields are not told", self._query, MOST_FIELDS - 1)

    def _tell(self, fields: list[str], places: dict[str, int], batch_at: str) -> None:
        if not fields or self._told is None:
            return
        coordinates = [divmod(places[field], PARTITION_STEP) for field in fields]
        columns = {
            "fields": fields,
            "partitions": [partition for partition, _ in coordinates],
            "offsets": [offset for _, offset in coordinates],
        }
        self._ledger.ask("add_drift", generation=self._generation, batch_at=batch_at, **columns)
        for field, (partition, offset) in zip(fields, coordinates, strict=True):
            log.warning("query=%s drift=added field=%s partition=%d offset=%d", self._query, field, partition, offset)
        self._told |= set(fields)


def find_drift(facts: pa.Table) -> dict[str, int]:
    """Unknown field -> the first place where a batch has it."""
    found = facts.filter(pc.equal(facts["fact"], DRIFT)).select(["key_a", "place"]).to_pylist()
    return {row["key_a"]: row["place"] for row in found}
