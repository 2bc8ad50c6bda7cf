"""Gold: aggregates of silver up to one of its versions; every table is maintained by MERGE on its key."""

from pyspark.sql.types import (
    DateType,
    DecimalType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from warehouse.lake.schemas.silver import MEASURE

HASHTAG_MINUTES = StructType(
    [
        StructField("minute", TimestampType(), False),
        StructField("hashtag", StringType(), False),
        StructField("lang", StringType(), False),
        StructField("posts", LongType(), False),
    ]
)
"""Grain and key: (minute, hashtag, lang); event time. A tag counts once per post."""

AUTHOR_DAYS = StructType(
    [
        StructField("day", DateType(), False),
        StructField("author_pseudonym", StringType(), False),
        StructField("posts", LongType(), False),
        StructField("replies", LongType(), False),
        StructField("mentions", LongType(), False),
    ]
)
"""Grain and key: (day, author_pseudonym); event time, UTC."""

MENTION_EDGES = StructType(
    [
        StructField("day", DateType(), False),
        StructField("author_pseudonym", StringType(), False),
        StructField("mention_pseudonym", StringType(), False),
        StructField("mentions", LongType(), False),
    ]
)
"""Grain and key: (day, author_pseudonym, mention_pseudonym); event time, UTC."""

AUTHOR_HOURS = StructType(
    [
        StructField("hour", TimestampType(), False),
        StructField("author_pseudonym", StringType(), False),
        StructField("posts", LongType(), False),
        StructField("hashtags", LongType(), False),
    ]
)
"""Grain and key: (hour, author_pseudonym); event time. `hashtags`: counted hashtags of these posts."""

AUTHOR_HASHTAG_DAYS = StructType(
    [
        StructField("day", DateType(), False),
        StructField("author_pseudonym", StringType(), False),
        StructField("hashtag", StringType(), False),
        StructField("posts", LongType(), False),
    ]
)
"""Grain and key: (day, author_pseudonym, hashtag); event time, UTC. A tag counts once per post."""

AUTHOR_SEGMENTS = StructType(
    [
        StructField("day", DateType(), False),
        StructField("author_pseudonym", StringType(), False),
        StructField("segment_id", LongType(), False),
        StructField("model_version", LongType(), False),
    ]
)
"""Grain and key: (day, author_pseudonym). `day`: the last day of the window that was judged. Written by
`score_segments`, a day at a time."""

MACHINE_MINUTES = StructType(
    [
        StructField("minute", TimestampType(), False),
        StructField("machine_id", StringType(), False),
        StructField("sensor", StringType(), False),
        StructField("readings", LongType(), False),
        StructField("total", DecimalType(38, 4), False),
        StructField("total_squares", DecimalType(38, 8), False),
        StructField("lowest", MEASURE, False),
        StructField("highest", MEASURE, False),
    ]
)
"""Grain and key: (minute, machine_id, sensor); event time. `sensor` is a name of `schemas.silver.SENSORS`."""
