"""Quarantine: records that cannot be used, with the rule, the reason and the original bytes."""

from pyspark.sql.types import BinaryType, StringType, StructField, StructType, TimestampType

from warehouse.lake.schemas.coordinates import COORDINATES

REJECTED = StructType(
    [
        *COORDINATES,
        StructField("key", BinaryType()),
        StructField("value", BinaryType()),
        StructField("rule", StringType(), False),  # an id of conf/quality.yaml
        StructField("reason", StringType(), False),  # one sentence without payload
        StructField("first_seen_at", TimestampType(), False),  # the batch's time
        StructField("replayed_at", TimestampType()),  # when it was found valid after a fix; its row is in silver
        StructField("purged_at", TimestampType()),  # when its bytes were given up; bronze keeps its own
    ]
)
"""Grain: one record of the table's topic. Key: (generation, partition, offset)."""
