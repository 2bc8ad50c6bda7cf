"""Where a record came from: the columns that every bronze, silver and quarantine row starts with."""

from pyspark.sql.types import IntegerType, LongType, StructField, TimestampType

COORDINATES = [
    StructField("generation", IntegerType(), False),  # number of the topic's UUID: a recreated topic reuses offsets
    StructField("partition", IntegerType(), False),
    StructField("offset", LongType(), False),
    StructField("kafka_at", TimestampType(), False),  # LogAppendTime, UTC
]
COORDINATE_KEY = ("generation", "partition", "offset")
