"""Deduplication: the stateful operator that keeps the first row of each key, and the key of stored rows."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.transforms.staging import with_ingestion


def valid_key(kind: Column, identity: list[Column]) -> Column:
    """The key of a row that is in silver or deletions: the bytes of `streaming.records.identity.key_of_event`."""
    parts = [F.concat(F.length(part).cast("string"), F.lit(":"), part) for part in [kind, *identity]]
    return F.unhex(F.substring(F.sha2(F.concat(F.lit("id|"), *parts), 256), 1, 32))


def drop_repeats(events: DataFrame, horizon_seconds: int) -> DataFrame:
    """Adds `ingested_at` (the batch's time) and its date; keeps the first row of each `dedup_key` within the horizon.

    The watermark is on batch time, which Spark stores in the offset log: a repeated batch drops the same rows, and no
    row is ever late.
    """
    staged = with_ingestion(events, _interpreted(F.current_timestamp()))
    watermarked = staged.withWatermark("ingested_at", f"{horizon_seconds} seconds")
    return watermarked.dropDuplicatesWithinWatermark(["dedup_key"])


def _interpreted(value: Column) -> Column:
    """The same value, but evaluated without code generation.

    Spark makes the batch's time a literal of the plan. In generated code it would change the source of three classes,
    which would be compiled anew for every batch: a third of all processor time. A higher-order function is interpreted.
    """
    return F.get(F.transform(F.array(value), lambda same: same), F.lit(0))
