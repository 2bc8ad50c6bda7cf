"""Deduplication of the stream: the key of a row, and the stateful operator that keeps the first row of each key.

The bytes of a key are in the state of running queries and are computed again from silver after a state reset: a change
of the key's definition makes every stored key useless.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def deduplication_key(kind: Column, identity: list[Column]) -> Column:
    """16 bytes: a hash of (kind, identity) for a valid row, of the record's coordinates for a rejected one.

    So a rejected record never suppresses its corrected version, which has the same identity, and a deletion never
    suppresses its post, which has another kind. Needs the columns `rejection` and the coordinates.
    """
    coordinates = F.concat_ws("|", F.lit("at"), "generation", "partition", "offset")
    return F.when(F.col("rejection").isNull(), valid_key(kind, identity)).otherwise(_hash(coordinates))


def valid_key(kind: Column, identity: list[Column]) -> Column:
    """The key of a valid row, 16 bytes. Each part is preceded by its length: ("a", "bc") differs from ("ab", "c")."""
    parts = [F.concat(F.length(part).cast("string"), F.lit(":"), part) for part in [kind, *identity]]
    return _hash(F.concat(F.lit("id|"), *parts))


def _hash(text: Column) -> Column:
    """The first 16 bytes of SHA-256."""
    return F.unhex(F.substring(F.sha2(text, 256), 1, 32))


def drop_repeats(events: DataFrame, horizon_seconds: int) -> DataFrame:
    """Adds `ingested_at` (the batch's time) and keeps the first row of each `dedup_key` within the horizon.

    The watermark is on batch time, which Spark stores in the offset log: a repeated batch drops the same rows, and no
    row is ever late.
    """
    return (
        events.withColumn("ingested_at", _interpreted(F.current_timestamp()))
        .withWatermark("ingested_at", f"{horizon_seconds} seconds")
        .dropDuplicatesWithinWatermark(["dedup_key"])
    )


def _interpreted(value: Column) -> Column:
    """The same value, but evaluated without code generation.

    Spark makes the batch's time a literal of the plan. In generated code it would change the source of three classes,
    which would be compiled anew for every batch: a third of all processor time. A higher-order function is interpreted.
    """
    return F.get(F.transform(F.array(value), lambda same: same), F.lit(0))
