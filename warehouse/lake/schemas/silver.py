"""Silver: typed, valid, deduplicated events. Personal ids only as pseudonyms. `ingested_at` is the batch's time."""

from pyspark.sql.types import (
    ArrayType,
    DateType,
    DecimalType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from warehouse.lake.schemas.coordinates import COORDINATES

INGESTION = [
    StructField("ingested_at", TimestampType(), False),
    StructField("ingest_date", DateType(), False),  # of ingested_at, UTC; the partition column
]
MEASURE = DecimalType(18, 4)
"""Fixed point, so that sums are exact in any order."""

SENSORS = ("temperature_c", "vibration_mm_s", "rotation_rpm", "pressure_bar", "power_kw", "parts_count")

POSTS = StructType(
    [
        *COORDINATES,
        StructField("post_id", StringType(), False),
        StructField("source", StringType(), False),
        StructField("author_pseudonym", StringType(), False),  # HMAC-SHA-256, 64 hex digits
        StructField("created_at", TimestampType(), False),
        StructField("lang", StringType(), False),  # lower case
        StructField("text", StringType()),  # null once blanked by a deletion
        StructField("hashtags", ArrayType(StringType()), False),  # folded, distinct, in order of appearance, all
        StructField("counted_hashtags", ArrayType(StringType()), False),  # at most 30, each <= 100 characters
        StructField("mention_pseudonyms", ArrayType(StringType()), False),  # distinct, in order of appearance
        StructField("in_reply_to", StringType()),  # post id
        *INGESTION,
    ]
)
"""Grain: one post. Key: the coordinates; (source, post_id) is unique within a deduplication horizon only."""

POST_DELETIONS = StructType(
    [
        *COORDINATES,
        StructField("post_id", StringType(), False),
        StructField("source", StringType(), False),
        StructField("deleted_at", TimestampType(), False),
        *INGESTION,
    ]
)
"""Grain: one deletion event. Changes no count; blanks the post's text."""

READINGS = StructType(
    [
        *COORDINATES,
        StructField("reading_id", StringType(), False),
        StructField("machine_id", StringType(), False),
        StructField("measured_at", TimestampType(), False),
        *(StructField(sensor, MEASURE, False) for sensor in SENSORS),
        *INGESTION,
    ]
)
"""Grain: one reading of one machine. Key: reading_id within a deduplication horizon."""

MACHINE_EVENTS = StructType(
    [
        *COORDINATES,
        StructField("event_id", StringType(), False),
        StructField("machine_id", StringType(), False),
        StructField("occurred_at", TimestampType(), False),
        StructField("kind", StringType(), False),  # failure, maintenance
        StructField("detail", StringType()),
        *INGESTION,
    ]
)
"""Grain: one failure or maintenance of one machine. Key: event_id within a deduplication horizon."""
