"""Aggregates of silver rows: facts for PostgreSQL and tables of gold. Each adds to what is there already, so a late
event corrects its own minute."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.transforms.one_pass import Facts, make_columns, make_marks, make_sums, mark, sum_of
from streaming.transforms.posts import MASK, RECENT_SHARE
from streaming.transforms.quality_rules import WORD
from warehouse.lake.schemas import silver

PAIRED_TAGS = 10
"""Pairs grow with the square: 10 tags make 45 pairs, 30 would make 435 for one post."""
MASKED_LENGTH = 280
RECENT_POST = (
    "generation",
    "partition",
    "offset",
    "post_id",
    "source",
    "author_pseudonym",
    "created_at",
    "lang",
    "masked_text",
    "hashtags",
)
MACHINE_EVENT = ("generation", "partition", "offset", "event_id", "machine_id", "occurred_at", "kind", "detail")


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


def measure_by_machine_minute(readings: DataFrame) -> DataFrame:
    """Silver readings -> (minute, machine_id, sensor, readings, total, total_squares, lowest, highest)."""
    values = readings.select(
        F.date_trunc("minute", "measured_at").alias("minute"),
        "machine_id",
        F.explode(
            F.array(*(F.struct(F.lit(s).alias("sensor"), F.col(s).alias("value")) for s in silver.SENSORS))
        ).alias("measure"),
    ).select("minute", "machine_id", "measure.*")
    return values.groupBy("minute", "machine_id", "sensor").agg(F.count("*").alias("readings"), *_moments())


def make_post_facts() -> Facts:
    """Facts of posts: tags by minute, pairs of tags by hour, the author's day (n posts, m replies, k mentions), and
    one post in `RECENT_SHARE` as a `row` for eyes; of a deletion the post that leaves them."""
    fact, is_author = F.col("fact"), F.col("fact") == "author_day"
    tags = F.transform("counted_hashtags", lambda tag: mark("hashtag_minute", tag, F.col("lang")))
    author = F.array(mark("author_day", F.col("author_pseudonym")))
    with_sample = F.array(mark("author_day", F.col("author_pseudonym")), mark("recent_post"))
    single = F.when(_is_recent(), with_sample).otherwise(author)
    several = F.size("counted_hashtags") > 1  # of most posts there is no pair, and looking for one is not cheap
    columns = make_columns(
        m=F.when(is_author, F.col("in_reply_to").isNotNull()),
        k=F.when(is_author, F.size("mention_pseudonyms")),
        at=F.when(fact == "hashtag_minute", F.date_trunc("minute", "created_at"))
        .when(fact == "hashtag_pair_hour", F.date_trunc("hour", "created_at"))
        .when(is_author, F.date_trunc("day", "created_at")),
        row=_row_if(fact == "recent_post", RECENT_POST, _made_of_post()),
    )
    return Facts(
        marks=make_marks(
            F.when(several, F.concat(tags, _pairs(), single)).otherwise(F.concat(tags, single)),
            deletion=F.array(mark("deletion", F.col("source"), F.col("post_id"))),
        ),
        columns=columns,
        keys=("fact", "at", "key_a", "key_b", "row"),
        sums=make_sums(sum_of("k")),
    )


def make_reading_facts() -> Facts:
    """Facts of readings: n readings and the moments of their values, per machine, sensor and minute."""
    value = F.coalesce(*(F.when(F.col("key_b") == sensor, F.col(sensor)) for sensor in silver.SENSORS))
    return Facts(
        marks=make_marks(F.array(*(mark("machine_minute", F.col("machine_id"), sensor) for sensor in silver.SENSORS))),
        columns=make_columns(
            at=F.when(F.col("fact") == "machine_minute", F.date_trunc("minute", "measured_at")), value=value
        ),
        keys=("fact", "at", "key_a", "key_b"),
        sums=make_sums(*_moments()),
    )


def make_event_facts() -> Facts:
    """Facts of machine events: rows as they are."""
    return Facts(
        marks=make_marks(F.array(mark("machine_event"))),
        columns=make_columns(row=_row_if(F.col("fact") == "machine_event", MACHINE_EVENT, {})),
        keys=("fact", "key_a", "row"),
        sums=make_sums(),
    )


def _moments() -> list[Column]:
    """Sum, sum of squares, least and greatest of `value`; fixed point, so exact in any order."""
    square = (F.col("value") * F.col("value")).cast("decimal(38,8)")
    return [
        F.sum("value").cast("decimal(38,4)").alias("total"),
        F.sum(square).cast("decimal(38,8)").alias("total_squares"),
        F.min("value").alias("lowest"),
        F.max("value").alias("highest"),
    ]


def _pairs() -> Column:
    """Marks of the unordered pairs among a post's first counted tags, low < high by code point."""
    tags = F.sort_array(F.slice("counted_hashtags", 1, PAIRED_TAGS))
    return F.flatten(
        F.transform(
            tags,
            lambda low, at: F.transform(
                F.slice(tags, at + 2, F.lit(PAIRED_TAGS)), lambda high: mark("hashtag_pair_hour", low, high)
            ),
        )
    )


def _is_recent() -> Column:
    """A deterministic share of the posts that have a text."""
    return (F.pmod(F.xxhash64("source", "post_id"), F.lit(RECENT_SHARE)) == 0) & F.col("text").isNotNull()


def _made_of_post() -> dict[str, Column]:
    """Fields of a row of `warehouse.recent_posts` that differ from silver: handles are masked."""
    masked = F.substring(F.regexp_replace("text", f"(?<!{WORD})@{WORD}+", MASK), 1, MASKED_LENGTH)
    return {"masked_text": masked, "hashtags": _array_literal("counted_hashtags")}


def _row_if(condition: Column, names: tuple[str, ...], made: dict[str, Column]) -> Column:
    """A struct of the named columns; its fields are nullable, or Arrow would refuse the rows without one."""
    fields = (F.when(condition, made.get(name, F.col(name))).alias(name) for name in names)
    return F.when(condition, F.struct(*fields))


def _array_literal(column: str) -> Column:
    """array<string> -> PostgreSQL's array text, every element quoted."""
    quoted = F.transform(column, lambda e: F.concat(F.lit('"'), F.regexp_replace(e, r'(["\\])', r"\\$1"), F.lit('"')))
    return F.concat(F.lit("{"), F.array_join(quoted, ","), F.lit("}"))
