"""Topic posts (posts and deletions of posts): bytes -> validated events -> staged rows."""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from streaming.transforms.deduplication import deduplication_key
from streaming.transforms.parsing import parse_json, select_staged, with_outcome, with_verdict
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

JSON_SCHEMA = StructType(
    [StructField(name, StringType()) for name in ("post_id", "source", "author_id", "created_at", "text", "lang")]
    + [StructField(name, ArrayType(StringType())) for name in ("hashtags", "mentions")]
    + [StructField(name, StringType()) for name in ("in_reply_to", "kind")]
)
STRINGS = ["post_id", "source", "author_id", "lang", "text", "in_reply_to"]
MAX_TAGS, MAX_TAG_LENGTH = 30, 100
MASK = "@…"
PSEUDONYMIZER_INPUT = ("raw_author", "raw_hashtags", "raw_mentions", "raw_text")
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Only ASCII letters are lower-cased: language tags are ASCII, and about other letters Unicode versions disagree."""
RECENT_SHARE = 20
"""One post in so many, chosen by a hash of its id, is copied to `warehouse.recent_posts`, to be read by people."""


def parse_posts(records: DataFrame, rules: QualityRules) -> DataFrame:
    """Rows of `select_coordinates` -> coordinates, key, value, event, rejection, event_at, kind, dedup_key,
    unknown_fields, warned."""
    event = F.col("event")
    kind = F.coalesce(event["kind"], F.lit("post"))
    is_post = kind != "deletion"
    required = check_required(event, ["post_id", "source", "created_at"])
    for_posts = [
        Check(is_post & check.failed, check.rule, check.reason)
        for check in check_required(event, ["author_id", "lang"])
    ]
    missing_text = Check(is_post & event["text"].isNull(), "missing_field", "text is missing")
    unknown = Check(~kind.isin("post", "deletion"), "unknown_kind", "kind is neither post nor deletion")
    checks = [
        *check_flat(event, F.col("text"), [*STRINGS, "created_at", "kind"]),
        *check_flat_elements(event, F.col("text"), ["hashtags", "mentions"]),
        *required,
        *for_posts,
        missing_text,
        unknown,
        *check_arrays(event, ["hashtags", "mentions"]),
        *check_strings(event, STRINGS, rules),
        *check_time("created_at", rules),
    ]
    return (
        records.transform(parse_json, JSON_SCHEMA, "created_at")
        .transform(with_verdict, checks, rules)
        .withColumn("kind", kind)
        .withColumn("dedup_key", deduplication_key(F.col("kind"), [event["source"], event["post_id"]]))
        .drop("text")
    )


def with_pseudonymizer_input(events: DataFrame) -> DataFrame:
    """Adds the columns `PSEUDONYMIZER_INPUT`, null unless the row is a silver post.

    `raw_text` is set only if a list was not sent and the text contains its sign (# or @): else it is not read.
    """
    event, is_post = F.col("event"), F.col("outcome") == "silver"
    is_needed = event["hashtags"].isNull() & event["text"].contains("#")
    is_needed = is_needed | (event["mentions"].isNull() & event["text"].contains("@"))
    columns = {
        "raw_author": F.when(is_post, event["author_id"]),
        "raw_hashtags": F.when(is_post, event["hashtags"]),
        "raw_mentions": F.when(is_post, event["mentions"]),
        "raw_text": F.when(is_post & is_needed, event["text"]),
    }
    return events.withColumns(columns)


def stage_posts(events: DataFrame, pseudonymize: Callable[..., Column], late_seconds: int) -> DataFrame:
    """Deduplicated events -> staged rows with the columns of schemas.silver.POSTS.

    `pseudonymize` is the column function of `pseudonyms.make_pseudonymizer`.
    """
    event, pseudonymized = F.col("event"), F.col("pseudonymized")
    short = F.filter(pseudonymized["hashtags"], lambda tag: F.length(tag) <= MAX_TAG_LENGTH)
    columns = {
        "post_id": event["post_id"],
        "source": event["source"],
        "author_pseudonym": pseudonymized["author_pseudonym"],
        "created_at": F.col("event_at"),
        "lang": F.translate(event["lang"], UPPER, UPPER.lower()),
        "text": event["text"],
        "hashtags": pseudonymized["hashtags"],
        "counted_hashtags": F.slice(short, 1, MAX_TAGS),
        "mention_pseudonyms": pseudonymized["mention_pseudonyms"],
        "in_reply_to": event["in_reply_to"],
        "ingest_date": F.to_date("ingested_at"),
    }
    with_input = events.transform(with_outcome, late_seconds).transform(with_pseudonymizer_input)
    return (
        with_input.withColumn("pseudonymized", pseudonymize(*map(F.col, PSEUDONYMIZER_INPUT)))
        .withColumns(columns)
        .transform(select_staged, silver.POSTS)
    )


def select_deletions(staged: DataFrame) -> DataFrame:
    """Staged deletions -> rows of schemas.silver.POST_DELETIONS."""
    deletions = staged.where("outcome = 'deletion'").withColumn("deleted_at", F.col("event_at"))
    return deletions.select(*silver.POST_DELETIONS.names)
