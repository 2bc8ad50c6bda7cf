"""Aggregates of silver rows that are merged into the gold tables.

Each function takes rows of one silver table, usually those of a few commits, and returns increments with the columns of
its gold table (`warehouse.lake.schemas.gold`). The merge adds them to the rows that are there already, so a late event
corrects the minute or day it belongs to.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from warehouse.lake.schemas import silver


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


def count_by_author_hour(posts: DataFrame) -> DataFrame:
    """Silver posts -> (hour, author_pseudonym, posts, hashtags)."""
    return posts.groupBy(F.date_trunc("hour", "created_at").alias("hour"), "author_pseudonym").agg(
        F.count("*").alias("posts"), F.sum(F.size("counted_hashtags")).cast("long").alias("hashtags")
    )


def count_by_author_hashtag_day(posts: DataFrame) -> DataFrame:
    """Silver posts -> (day, author_pseudonym, hashtag, posts)."""
    tagged = posts.select(
        F.to_date("created_at").alias("day"), "author_pseudonym", F.explode("counted_hashtags").alias("hashtag")
    )
    return tagged.groupBy(*tagged.columns).agg(F.count("*").alias("posts"))


def measure_by_machine_minute(readings: DataFrame) -> DataFrame:
    """Silver readings -> (minute, machine_id, sensor, readings, total, total_squares, lowest, highest)."""
    values = readings.select(
        F.date_trunc("minute", "measured_at").alias("minute"),
        "machine_id",
        F.explode(
            F.array(*(F.struct(F.lit(s).alias("sensor"), F.col(s).alias("value")) for s in silver.SENSORS))
        ).alias("measure"),
    ).select("minute", "machine_id", "measure.*")
    return values.groupBy("minute", "machine_id", "sensor").agg(F.count("*").alias("readings"), *moments())


def moments() -> list[Column]:
    """Sum, sum of squares, lowest and highest of `value`; fixed point, so exact in any order."""
    square = (F.col("value") * F.col("value")).cast("decimal(38,8)")
    return [
        F.sum("value").cast("decimal(38,4)").alias("total"),
        F.sum(square).cast("decimal(38,8)").alias("total_squares"),
        F.min("value").alias("lowest"),
        F.max("value").alias("highest"),
    ]
