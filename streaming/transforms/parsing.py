"""From Kafka's bytes to a typed event or a verdict: the part that is the same for every topic."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from streaming.transforms.rules import Check, first_failure

CORRUPT = "_corrupt"
JSON_OPTIONS = {
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": CORRUPT,
    "allowNonNumericNumbers": "false",
    "allowSingleQuotes": "false",
    "allowUnquotedControlChars": "true",
}


def select_coordinates(kafka_records: DataFrame, generation: int) -> DataFrame:
    """Kafka's columns -> generation, partition, offset, kafka_at, key, value."""
    return kafka_records.select(
        F.lit(generation).alias("generation"),
        F.col("partition"),
        F.col("offset"),
        F.col("timestamp").alias("kafka_at"),
        F.col("key"),
        F.col("value"),
    )


def parse_json(records: DataFrame, schema: StructType) -> DataFrame:
    """Adds `text` (null if the value cannot be JSON text) and `event` (typed by `schema`, plus `_corrupt`)."""
    readable = F.is_valid_utf8("value") & F.col("value").cast("string").rlike(r"^\s*\{")
    wanted = StructType([*schema.fields, StructField(CORRUPT, StringType())])
    return records.withColumn("text", F.when(readable, F.col("value").cast("string"))).withColumn(
        "event", F.from_json("text", wanted, JSON_OPTIONS)
    )


def with_verdict(parsed: DataFrame, checks: list[Check]) -> DataFrame:
    """Adds `rejection` (struct<rule, reason>, null if valid); `value` is kept for rejected rows only."""
    rejection = first_failure(check_shape() + checks)
    return parsed.withColumn("rejection", rejection).withColumn(
        "value", F.when(F.col("rejection").isNotNull(), F.col("value"))
    )


def check_shape() -> list[Check]:
    """A JSON object whose fields have the declared types. Parsed without them, only malformed text is corrupt."""
    corrupt = F.col("event")[CORRUPT].isNotNull()
    unreadable = F.from_json("text", f"struct<_none: string, {CORRUPT}: string>", JSON_OPTIONS)[CORRUPT].isNotNull()
    return [
        Check(F.col("text").isNull() | (corrupt & unreadable), "malformed", "the value is not a JSON object"),
        Check(corrupt, "wrong_type", "a field has the wrong type"),
    ]


def deduplication_key(kind: Column, identity: list[Column]) -> Column:
    """16 bytes: of (kind, identity) for a valid row, of its coordinates for a rejected one.

    A bad row must never swallow its corrected twin, nor a deletion its post.
    """
    place = F.concat_ws("|", F.lit("at"), "generation", "partition", "offset")
    return F.when(F.col("rejection").isNull(), valid_key(kind, identity)).otherwise(_hash(place))


def valid_key(kind: Column, identity: list[Column]) -> Column:
    """The key of a valid row; lengths keep ("a", "bc") and ("ab", "c") apart."""
    parts = [F.concat(F.length(part).cast("string"), F.lit(":"), part) for part in [kind, *identity]]
    return _hash(F.concat(F.lit("id|"), *parts))


def _hash(text: Column) -> Column:
    return F.unhex(F.substring(F.sha2(text, 256), 1, 32))


def drop_repeats(events: DataFrame, horizon_seconds: int) -> DataFrame:
    """Keeps the first row of each `dedup_key` within the horizon, on batch time.

    Batch time is fixed in the offset log, so a replay decides the same, and no row is ever late.
    """
    return (
        events.withColumn("ingested_at", F.current_timestamp())
        .withWatermark("ingested_at", f"{horizon_seconds} seconds")
        .dropDuplicatesWithinWatermark(["dedup_key"])
    )
