"""From Kafka's bytes to a typed event or a verdict: the part that is the same for every topic."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from streaming.transforms.quality_rules import Check, QualityRules, first_failure, first_warning, parse_time
from warehouse.lake.schemas import quarantine
from warehouse.lake.schemas.coordinates import COORDINATES

STAGED = (
    *(field.name for field in COORDINATES),
    "key",
    "value",
    "rule",
    "reason",
    "outcome",
    "is_late",
    "event_at",
    "dedup_key",
    "unknown_fields",
    "warned",
)
MOST_UNKNOWN, NAME_LENGTH = 20, 64
"""A hostile sender invents fields: of one record so many are told, by so much of their names."""
CORRUPT = "_corrupt"
JSON_SPACE = " \t\n\r"
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


def parse_json(records: DataFrame, schema: StructType, time_field: str) -> DataFrame:
    """Adds `text` (null if the value cannot be JSON text), `event` (typed by `schema`, plus `_corrupt`), `event_at` and
    `unknown_fields` (names that `schema` does not have)."""
    text = F.col("value").cast("string")
    readable = F.is_valid_utf8("value") & F.ltrim(text, F.lit(JSON_SPACE)).startswith("{")
    wanted = StructType([*schema.fields, StructField(CORRUPT, StringType())])
    return (
        records.withColumn("text", F.when(readable, text))
        .withColumn("event", F.from_json("text", wanted, JSON_OPTIONS))
        .withColumn("event_at", parse_time(F.col("event")[time_field]))
        .withColumn("unknown_fields", find_unknown(F.col("text"), schema.names))
    )


def find_unknown(text: Column, known: list[str]) -> Column:
    """Names of a JSON object's own fields that are not known, fit for a log; null if it is no object.

    It only walks over the text, which costs a tenth of parsing it.
    """
    names = F.array_except(F.json_object_keys(text), F.array(*map(F.lit, known)))
    told = F.slice(names, 1, MOST_UNKNOWN)
    return F.transform(told, lambda name: F.substring(F.regexp_replace(name, "[^A-Za-z0-9_.-]", "?"), 1, NAME_LENGTH))


def with_verdict(parsed: DataFrame, checks: list[Check], rules: QualityRules) -> DataFrame:
    """Adds `rejection` (struct<rule, reason>, null if valid) and `warned` (of a valid row a rule that only warns).

    `value` is kept for rejected rows only.
    """
    rejection = first_failure(check_shape() + checks)
    return parsed.withColumn("rejection", rejection).withColumns(
        {
            "value": F.when(F.col("rejection").isNotNull(), F.col("value")),
            "warned": F.when(F.col("rejection").isNull(), first_warning(rules)),
        }
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
        events.withColumn("ingested_at", kept_out_of_code(F.current_timestamp()))
        .withWatermark("ingested_at", f"{horizon_seconds} seconds")
        .dropDuplicatesWithinWatermark(["dedup_key"])
    )


def kept_out_of_code(value: Column) -> Column:
    """The same value, but no literal of generated code, which would be compiled anew for every batch.

    A higher-order function is interpreted. Three classes less per batch: a third of all processor time.
    """
    return F.get(F.transform(F.array(value), lambda same: same), F.lit(0))


def with_outcome(events: DataFrame, late_seconds: int) -> DataFrame:
    """Adds `rule`, `reason`, `outcome` (silver, deletion or quarantine:<rule>) and `is_late` (of silver rows)."""
    rule, kind = F.col("rejection.rule"), F.when(F.col("kind") == "deletion", "deletion").otherwise("silver")
    behind = F.unix_micros("kafka_at") - F.unix_micros("event_at")
    columns = {
        "rule": rule,
        "reason": F.col("rejection.reason"),
        "outcome": F.coalesce(F.concat(F.lit("quarantine:"), rule), kind),
        "warned": F.when(kind == "silver", F.col("warned")),
        "is_late": rule.isNull() & (kind == "silver") & (behind > late_seconds * 1_000_000),
    }
    return events.withColumns(columns)


def select_staged(events: DataFrame, silver: StructType) -> DataFrame:
    """Place, verdict and key of every row, then the columns of its silver table (null where it is no such row)."""
    return events.select(*STAGED, *(name for name in silver.names if name not in STAGED))


def select_silver(staged: DataFrame, silver: StructType) -> DataFrame:
    """Staged rows -> rows of a silver table."""
    return staged.where("outcome = 'silver'").select(*silver.names)


def select_rejected(staged: DataFrame) -> DataFrame:
    """Staged rows -> rows of schemas.quarantine.REJECTED, with their original bytes."""
    never = F.lit(None).cast("timestamp")
    columns = {"first_seen_at": F.col("ingested_at"), "replayed_at": never, "purged_at": never}
    return staged.where("rule IS NOT NULL").withColumns(columns).select(*quarantine.REJECTED.names)
