"""The steps that all topics share: Kafka's bytes -> typed event -> verdict of the quality rules -> staged row.

A staged row is what a topic query holds in memory while it writes a batch: coordinates, outcome and deduplication key
of the record, and the columns of its silver table.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from streaming.transforms.quality_rules import Check, QualityRules, first_failure, first_warning, parse_time
from warehouse.lake.schemas import quarantine
from warehouse.lake.schemas.coordinates import COORDINATES

STAGED_COLUMNS = (
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
MAX_UNKNOWN_FIELDS, MAX_FIELD_NAME_LENGTH = 20, 64
"""Of one record so many unknown fields are reported, each cut to so many characters: a hostile sender invents names."""
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
    """Adds `text` (null if the value cannot be JSON text), `event` (typed by `schema`, plus `_corrupt`), `event_at`
    (parsed from `time_field`) and `unknown_fields` (names of fields that `schema` does not have)."""
    text = F.col("value").cast("string")
    readable = F.is_valid_utf8("value") & F.ltrim(text, F.lit(JSON_SPACE)).startswith("{")
    event_schema = StructType([*schema.fields, StructField(CORRUPT, StringType())])
    return (
        records.withColumn("text", F.when(readable, text))
        .withColumn("event", F.from_json("text", event_schema, JSON_OPTIONS))
        .withColumn("event_at", parse_time(F.col("event")[time_field]))
        .withColumn("unknown_fields", find_unknown(F.col("text"), schema.names))
    )


def find_unknown(text: Column, known: list[str]) -> Column:
    """array<string>: a JSON object's own field names that are not `known`, made safe for a log line; null if `text` is
    no JSON object. At most `MAX_UNKNOWN_FIELDS` names, each cut to `MAX_FIELD_NAME_LENGTH` characters.

    `json_object_keys` only scans the text, which costs a tenth of parsing it.
    """
    names = F.array_except(F.json_object_keys(text), F.array(*map(F.lit, known)))
    reported = F.slice(names, 1, MAX_UNKNOWN_FIELDS)
    return F.transform(
        reported,
        lambda name: F.substring(F.regexp_replace(name, "[^A-Za-z0-9_.-]", "?"), 1, MAX_FIELD_NAME_LENGTH),
    )


def with_verdict(parsed: DataFrame, checks: list[Check], rules: QualityRules) -> DataFrame:
    """Adds `rejection` (struct<rule, reason>, null if valid) and `warned` (the rule with action `warn` that a valid row
    breaks, else null). `value` becomes null for valid rows: only quarantine stores the original bytes.
    """
    rejection = first_failure(check_shape() + checks)
    return parsed.withColumn("rejection", rejection).withColumns(
        {
            "value": F.when(F.col("rejection").isNotNull(), F.col("value")),
            "warned": F.when(F.col("rejection").isNull(), first_warning(rules)),
        }
    )


def check_shape() -> list[Check]:
    """The value is a JSON object (else `malformed`) whose fields have the declared types (else `wrong_type`).

    `from_json` reports both as corrupt. Parsed again with a schema that has none of the fields, only malformed text is.
    """
    corrupt = F.col("event")[CORRUPT].isNotNull()
    unreadable = F.from_json("text", f"struct<_none: string, {CORRUPT}: string>", JSON_OPTIONS)[CORRUPT].isNotNull()
    return [
        Check(F.col("text").isNull() | (corrupt & unreadable), "malformed", "the value is not a JSON object"),
        Check(corrupt, "wrong_type", "a field has the wrong type"),
    ]


def with_outcome(events: DataFrame, late_seconds: int) -> DataFrame:
    """Adds `rule`, `reason`, `outcome` (silver, deletion or quarantine:<rule>) and `is_late` (of silver rows: the event
    time is more than `late_seconds` before the Kafka time)."""
    rule, kind = F.col("rejection.rule"), F.when(F.col("kind") == "deletion", "deletion").otherwise("silver")
    delay_us = F.unix_micros("kafka_at") - F.unix_micros("event_at")
    columns = {
        "rule": rule,
        "reason": F.col("rejection.reason"),
        "outcome": F.coalesce(F.concat(F.lit("quarantine:"), rule), kind),
        "warned": F.when(kind == "silver", F.col("warned")),
        "is_late": rule.isNull() & (kind == "silver") & (delay_us > late_seconds * 1_000_000),
    }
    return events.withColumns(columns)


def select_staged(events: DataFrame, silver: StructType) -> DataFrame:
    """`STAGED_COLUMNS` of every row, then the other columns of its silver table, to be used where `outcome` is
    silver."""
    return events.select(*STAGED_COLUMNS, *(name for name in silver.names if name not in STAGED_COLUMNS))


def select_silver(staged: DataFrame, silver: StructType) -> DataFrame:
    """Staged rows -> rows of a silver table."""
    return staged.where("outcome = 'silver'").select(*silver.names)


def select_rejected(staged: DataFrame) -> DataFrame:
    """Staged rows -> rows of schemas.quarantine.REJECTED, with their original bytes."""
    never = F.lit(None).cast("timestamp")
    columns = {"first_seen_at": F.col("ingested_at"), "replayed_at": never, "purged_at": never}
    return staged.where("rule IS NOT NULL").withColumns(columns).select(*quarantine.REJECTED.names)
