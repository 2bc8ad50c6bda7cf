"""The records of quarantine that an operator selects, as conditions on its table."""

from functools import reduce
from operator import and_, or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from warehouse.lake.quarantine_reader import RecordId, Selection
from warehouse.lake.schemas.coordinates import COORDINATE_KEY

COORDINATES = list(COORDINATE_KEY)


def is_selected(selection: Selection, topic: str) -> Column:
    """The selected records of a topic's quarantine, replayed and purged ones included."""
    selected = F.lit(True)
    if selection.rule is not None:
        selected &= F.col("rule") == selection.rule
    if selection.before is not None:
        selected &= F.col("first_seen_at") < F.lit(selection.before)
    if selection.ids:
        selected &= reduce(or_, (_is_at(record) for record in selection.ids if record.topic == topic), F.lit(False))
    return selected


def is_waiting() -> Column:
    """The records that were neither replayed nor purged."""
    return F.col("replayed_at").isNull() & F.col("purged_at").isNull()


def _is_at(record: RecordId) -> Column:
    here: Column = reduce(and_, (F.col(name) == getattr(record, name) for name in COORDINATES))
    return here
