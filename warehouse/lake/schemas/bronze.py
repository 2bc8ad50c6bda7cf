"""Bronze: every record as it arrived, never parsed, never changed except by erasure."""

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DateType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from warehouse.lake.schemas.coordinates import COORDINATES

HEADERS = ArrayType(StructType([StructField("key", StringType()), StructField("value", BinaryType())]))

RECORDS = StructType(
    [
        StructField("topic", StringType(), False),
        *COORDINATES,
        StructField("key", BinaryType()),
        StructField("value", BinaryType()),
        StructField("headers", HEADERS),
        StructField("ingested_at", TimestampType(), False),
        StructField("ingest_date", DateType(), False),
    ]
)
"""Grain: one record of a topic. Key: (topic, generation, partition, offset)."""
