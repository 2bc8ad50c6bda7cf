"""Posts: bytes -> validated events -> silver rows and their aggregates."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from streaming.transforms.parsing import deduplication_key, parse_json, with_verdict
from streaming.transforms.rules import (
    WORD,
    Check,
    QualityRules,
    check_arrays,
    check_flat,
    check_flat_elements,
    check_required,
    check_strings,
    check_time,
    parse_time,
)
from warehouse.schemas import silver

WIRE = StructType(
    [StructField(name, StringType()) for name in ("post_id", "source", "author_id", "created_at", "text", "lang")]
    + [StructField(name, ArrayType(StringType())) for name in ("hashtags", "mentions")]
    + [StructField(name, StringType()) for name in ("in_reply_to", "kind")]
)
STRINGS = ["post_id", "source", "author_id", "lang", "text", "in_reply_to"]
MAX_TAGS, MAX_TAG_LENGTH = 30, 100
MASK = "@…"
RECENT_SHARE = 20
"""One post in so many, chosen by a hash of its id, is kept for eyes in `recent_posts`."""


def parse_posts(records: DataFrame, rules: QualityRules) -> DataFrame:
    """Coordinates + value -> coordinates, key, value, event, rejection, event_at, kind, dedup_key."""
    event = F.col("event")
    kind = F.coalesce(event["kind"], F.lit("post"))
    is_post = kind != "deletion"
    required = check_required(event, ["post_id", "source", "created_at"])
    for_posts = [
        Check(is_post & check.failed, check.rule, check.reason)
        for check in check_required(event, ["author_id", "lang"])
    ]
    textless = Check(is_post & event["text"].isNull(), "missing_field", "text is missing")
    unknown = Check(~kind.isin("post", "deletion"), "unknown_kind", "kind is neither post nor deletion")
    checks = [
        *check_flat(event, F.col("text"), [*STRINGS, "created_at", "kind"]),
        *check_flat_elements(event, F.col("text"), ["hashtags", "mentions"]),
        *required,
        *for_posts,
        textless,
        unknown,
        *check_arrays(event, ["hashtags", "mentions"]),
        *check_strings(event, STRINGS, rules),
        *check_time(event, "created_at", F.col("kafka_at"), rules),
    ]
    return (
        records.transform(parse_json, WIRE)
        .transform(with_verdict, checks)
        .withColumn("kind", kind)
        .withColumn("event_at", parse_time(event["created_at"]))
        .withColumn("dedup_key", deduplication_key(F.col("kind"), [event["source"], event["post_id"]]))
        .drop("text")
    )


def with_raw_names(events: DataFrame) -> DataFrame:
    """Adds `raw_hashtags` and `raw_mentions`: the arrays if sent, else what stands in the text."""
    event = F.col("event")
    return events.withColumn(
        "raw_hashtags", F.coalesce(event["hashtags"], F.regexp_extract_all(event["text"], _marked("#"), F.lit(1)))
    ).withColumn(
        "raw_mentions", F.coalesce(event["mentions"], F.regexp_extract_all(event["text"], _marked("@"), F.lit(1)))
    )


def _marked(sign: str) -> F.Column:
    return F.lit(f"(?<!{WORD}){sign}({WORD}+)")


def select_posts(named: DataFrame) -> DataFrame:
    """Valid posts with `names` (see `transforms.names`) -> rows of schemas.silver.POSTS."""
    event, names = F.col("event"), F.col("names")
    short = F.filter(names["hashtags"], lambda tag: F.length(tag) <= MAX_TAG_LENGTH)
    columns = {
        "post_id": event["post_id"],
        "source": event["source"],
        "author_pseudonym": names["author_pseudonym"],
        "created_at": F.col("event_at"),
        "lang": F.lower(event["lang"]),
        "text": event["text"],
        "hashtags": names["hashtags"],
        "counted_hashtags": F.slice(short, 1, MAX_TAGS),
        "mention_pseudonyms": names["mention_pseudonyms"],
        "in_reply_to": event["in_reply_to"],
        "ingest_date": F.to_date("ingested_at"),
    }
    posts = named.where(F.col("rejection").isNull() & (F.col("kind") == "post"))
    return posts.withColumns(columns).select(*silver.POSTS.names)


def select_deletions(events: DataFrame) -> DataFrame:
    """Valid deletions -> rows of schemas.silver.POST_DELETIONS."""
    columns = {
        "post_id": F.col("event.post_id"),
        "source": F.col("event.source"),
        "deleted_at": F.col("event_at"),
        "ingest_date": F.to_date("ingested_at"),
    }
    deletions = events.where(F.col("rejection").isNull() & (F.col("kind") == "deletion"))
    return deletions.withColumns(columns).select(*silver.POST_DELETIONS.names)
