"""Registry of the Delta tables: schema, key and partitioning. A table's name is its path in the lake."""

from dataclasses import dataclass

from pyspark.sql.types import StructType

from warehouse.lake.schemas import bronze, gold, quarantine, silver


@dataclass(frozen=True)
class Table:
    """One Delta table; `name` is its folder below the lake, e.g. `silver/posts`."""

    name: str
    schema: StructType
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()


BRONZE = Table(
    "bronze/records", bronze.RECORDS, ("topic", "generation", "partition", "offset"), ("topic", "ingest_date")
)

POSTS = Table("silver/posts", silver.POSTS, ("source", "post_id"), ("ingest_date",))
POST_DELETIONS = Table("silver/post_deletions", silver.POST_DELETIONS, ("source", "post_id"), ("ingest_date",))
READINGS = Table("silver/readings", silver.READINGS, ("reading_id",), ("ingest_date",))
MACHINE_EVENTS = Table("silver/machine_events", silver.MACHINE_EVENTS, ("event_id",), ("ingest_date",))

SILVER = {"posts": POSTS, "readings": READINGS, "machine_events": MACHINE_EVENTS}

QUARANTINE = {
    topic: Table(f"quarantine/{topic}", quarantine.REJECTED, ("generation", "partition", "offset")) for topic in SILVER
}

HASHTAG_MINUTES = Table("gold/hashtag_minutes", gold.HASHTAG_MINUTES, ("minute", "hashtag", "lang"))
AUTHOR_DAYS = Table("gold/author_days", gold.AUTHOR_DAYS, ("day", "author_pseudonym"))
MENTION_EDGES = Table("gold/mention_edges", gold.MENTION_EDGES, ("day", "author_pseudonym", "mention_pseudonym"))
AUTHOR_HOURS = Table("gold/author_hours", gold.AUTHOR_HOURS, ("hour", "author_pseudonym"))
AUTHOR_HASHTAG_DAYS = Table(
    "gold/author_hashtag_days", gold.AUTHOR_HASHTAG_DAYS, ("day", "author_pseudonym", "hashtag")
)
AUTHOR_SEGMENTS = Table("gold/author_segments", gold.AUTHOR_SEGMENTS, ("day", "author_pseudonym"))
MACHINE_MINUTES = Table("gold/machine_minutes", gold.MACHINE_MINUTES, ("minute", "machine_id", "sensor"))

ALL = (
    BRONZE,
    POSTS,
    POST_DELETIONS,
    READINGS,
    MACHINE_EVENTS,
    *QUARANTINE.values(),
    HASHTAG_MINUTES,
    AUTHOR_DAYS,
    MENTION_EDGES,
    AUTHOR_HOURS,
    AUTHOR_HASHTAG_DAYS,
    AUTHOR_SEGMENTS,
    MACHINE_MINUTES,
)
