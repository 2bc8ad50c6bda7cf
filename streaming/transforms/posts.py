"""Posts: bytes -> validated events -> silver rows and their aggregates."""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from streaming.transforms.parsing import deduplication_key, parse_json, select_staged, with_outcome, with_verdict
from streaming.transforms.quality_rules import (
    Check,
    QualityRules,
    check_arrays,
    check_flat,
    check_flat_elements,
    check_required,
    check_strings,
    check_time,
)
from warehouse.lake.schemas import silver

WIRE = StructType(
    [StructField(name, StringType()) for name in ("post_id", "source", "author_id", "created_at", "text", "lang")]
    + [StructField(name, ArrayType(StringType())) for name in ("hashtags", "mentions")]
    + [StructField(name, StringType()) for name in ("in_reply_to", "kind")]
)
STRINGS = ["post_id", "source", "author_id", "lang", "text", "in_reply_to"]
MAX_TAGS, MAX_TAG_LENGTH = 30, 100
MASK = "@…"
RAW_NAMES = ("raw_author", "raw_hashtags", "raw_mentions", "raw_text")
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Language tags are ASCII; whatever else a sender writes there has no case that every Unicode version agrees about."""
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
        *check_time("created_at", rules),
    ]
    return (
        records.transform(parse_json, WIRE, "created_at")
        .transform(with_verdict, checks, rules)
        .withColumn("kind", kind)
        .withColumn("dedup_key", deduplication_key(F.col("kind"), [event["source"], event["post_id"]]))
        .drop("text")
    )


def with_raw_names(events: DataFrame) -> DataFrame:
    """Adds the `RAW_NAMES` of a post: what was sent, and the text where a list was not sent and may stand in it."""
    event, is_post = F.col("event"), F.col("outcome") == "silver"
    holds_names = event["hashtags"].isNull() & event["text"].contains("#")
    holds_names = holds_names | (event["mentions"].isNull() & event["text"].contains("@"))
    columns = {
        "raw_author": F.when(is_post, event["author_id"]),
        "raw_hashtags": F.when(is_post, event["hashtags"]),
        "raw_mentions": F.when(is_post, event["mentions"]),
        "raw_text": F.when(is_post & holds_names, event["text"]),
    }
    return events.withColumns(columns)


def stage_posts(events: DataFrame, names: Callable[..., Column], late_seconds: int) -> DataFrame:
    """Deduplicated events -> staged rows with the columns of schemas.silver.POSTS; `names` as in `transforms.names`."""
    event, named = F.col("event"), F.col("names")
    short = F.filter(named["hashtags"], lambda tag: F.length(tag) <= MAX_TAG_LENGTH)
    columns = {
        "post_id": event["post_id"],
        "source": event["source"],
        "author_pseudonym": named["author_pseudonym"],
        "created_at": F.col("event_at"),
        "lang": F.translate(event["lang"], UPPER, UPPER.lower()),
        "text": event["text"],
        "hashtags": named["hashtags"],
        "counted_hashtags": F.slice(short, 1, MAX_TAGS),
        "mention_pseudonyms": named["mention_pseudonyms"],
        "in_reply_to": event["in_reply_to"],
        "ingest_date": F.to_date("ingested_at"),
    }
    raw = events.transform(with_outcome, late_seconds).transform(with_raw_names)
    return (
        raw.withColumn("names", names(*map(F.col, RAW_NAMES)))
        .withColumns(columns)
        .transform(select_staged, silver.POSTS)
    )


def select_deletions(staged: DataFrame) -> DataFrame:
    """Staged deletions -> rows of schemas.silver.POST_DELETIONS."""
    deletions = staged.where("outcome = 'deletion'").withColumn("deleted_at", F.col("event_at"))
    return deletions.select(*silver.POST_DELETIONS.names)
