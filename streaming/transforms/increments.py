"""Aggregates of silver rows: increments for PostgreSQL's facts and for gold. Each adds to what is there already,
so a late event corrects its own minute."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.transforms.posts import MASK, RECENT_SHARE
from streaming.transforms.rules import WORD
from warehouse.schemas import silver

PAIRED_TAGS = 10
"""Pairs grow with the square: 10 tags make 45 pairs, 30 would make 435 for one post."""
MASKED_LENGTH = 280


def count_by_hashtag_minute(posts: DataFrame) -> DataFrame:
    """Silver posts -> (minute, hashtag, lang, posts)."""
    tagged = posts.select(
        F.date_trunc("minute", "created_at").alias("minute"), F.explode("counted_hashtags").alias("hashtag"), "lang"
    )
    return tagged.groupBy("minute", "hashtag", "lang").agg(F.count("*").alias("posts"))


def count_by_author_day(posts: DataFrame) -> DataFrame:
    """Silver posts -> (day, author_pseudonym, posts, replies, mentions)."""
    return posts.groupBy(F.to_date("created_at").alias("day"), "author_pseudonym").agg(
        F.count("*").alias("posts"),
        F.count("in_reply_to").alias("replies"),
        F.sum(F.size("mention_pseudonyms")).cast("long").alias("mentions"),
    )


def count_by_mention_edge(posts: DataFrame) -> DataFrame:
    """Silver posts -> (day, author_pseudonym, mention_pseudonym, mentions)."""
    edges = posts.select(
        F.to_date("created_at").alias("day"),
        "author_pseudonym",
        F.explode("mention_pseudonyms").alias("mention_pseudonym"),
    )
    return edges.groupBy(*edges.columns).agg(F.count("*").alias("mentions"))


def count_by_post_fact(posts: DataFrame) -> DataFrame:
    """Silver posts -> (fact, at, key_a, key_b, n, m, k): every increment of the warehouse in one pass.

    One exploded array and one aggregation instead of three jobs: a batch pays the shuffle once.
    """
    minute, hour = F.date_trunc("minute", "created_at"), F.date_trunc("hour", "created_at")
    tags = F.transform("counted_hashtags", lambda tag: _fact("hashtag_minute", minute, tag, F.col("lang")))
    pairs = F.transform(_pairs(), lambda pair: _fact("hashtag_pair_hour", hour, pair["low"], pair["high"]))
    author = _fact(
        "author_day",
        F.date_trunc("day", "created_at"),
        F.col("author_pseudonym"),
        F.lit(""),
        F.when(F.col("in_reply_to").isNotNull(), 1).otherwise(0),
        F.size("mention_pseudonyms"),
    )
    facts = posts.select(F.explode(F.concat(tags, pairs, F.array(author))).alias("increment")).select("increment.*")
    return facts.groupBy("fact", "at", "key_a", "key_b").agg(
        *(F.sum(number).cast("long").alias(number) for number in ("n", "m", "k"))
    )


def _fact(
    name: str, at: Column, key_a: Column, key_b: Column, m: Column | None = None, k: Column | None = None
) -> Column:
    zero = F.lit(0)
    return F.struct(
        F.lit(name).alias("fact"),
        at.alias("at"),
        key_a.alias("key_a"),
        key_b.alias("key_b"),
        F.lit(1).alias("n"),
        (zero if m is None else m).alias("m"),
        (zero if k is None else k).alias("k"),
    )


def _pairs() -> Column:
    """Unordered pairs among a post's first counted tags: array<struct<low, high>>, low < high by code point."""
    tags = F.array_sort(F.slice("counted_hashtags", 1, PAIRED_TAGS))
    return F.flatten(
        F.transform(
            tags,
            lambda low: F.transform(
                F.filter(tags, lambda high: high > low),
                lambda high: F.struct(low.alias("low"), high.alias("high")),
            ),
        )
    )


def measure_by_machine_minute(readings: DataFrame) -> DataFrame:
    """Silver readings -> (minute, machine_id, sensor, readings, total, total_squares, lowest, highest)."""
    values = readings.select(
        F.date_trunc("minute", "measured_at").alias("minute"),
        "machine_id",
        F.explode(
            F.array(*(F.struct(F.lit(s).alias("sensor"), F.col(s).alias("value")) for s in silver.SENSORS))
        ).alias("measure"),
    ).select("minute", "machine_id", "measure.*")
    return values.groupBy("minute", "machine_id", "sensor").agg(
        F.count("*").alias("readings"),
        F.sum("value").cast("decimal(38,4)").alias("total"),
        F.sum((F.col("value") * F.col("value")).cast("decimal(38,8)")).cast("decimal(38,8)").alias("total_squares"),
        F.min("value").alias("lowest"),
        F.max("value").alias("highest"),
    )


def select_recent_posts(posts: DataFrame) -> DataFrame:
    """A deterministic sample of silver posts with handles masked, for `warehouse.recent_posts`."""
    chosen = F.pmod(F.xxhash64("source", "post_id"), F.lit(RECENT_SHARE)) == 0
    masked = F.substring(F.regexp_replace("text", f"(?<!{WORD})@{WORD}+", MASK), 1, MASKED_LENGTH)
    return posts.where(chosen & F.col("text").isNotNull()).select(
        "generation",
        "partition",
        "offset",
        "post_id",
        "source",
        "author_pseudonym",
        "created_at",
        "lang",
        masked.alias("masked_text"),
        F.col("counted_hashtags").alias("hashtags"),
    )
