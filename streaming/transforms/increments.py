"""What the rows of each topic contribute to PostgreSQL: increments of fact tables, and rows that are stored unchanged.

`one_pass` aggregates them. Increments are added to what is there already, so a late event corrects its own minute.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from streaming.transforms.deduplication import valid_key
from streaming.transforms.gold_aggregates import moments
from streaming.transforms.one_pass import (
    OnePassAggregation,
    contribution,
    make_columns,
    make_contributions,
    make_sums,
    sum_of,
)
from warehouse.lake.schemas import silver

PAIRED_TAGS = 10
"""Pairs grow with the square: 10 tags make 45 pairs, 30 would make 435 for one post."""
SAMPLE_BELOW = b"\x0d"
"""Posts whose deduplication key begins with a byte below this, 13 of 256, are copied to `warehouse.recent_posts`, to be
read by people."""
RECENT_POST = (
    "generation",
    "partition",
    "offset",
    "post_id",
    "source",
    "author_pseudonym",
    "created_at",
    "lang",
    "text",
    "counted_hashtags",
)
MACHINE_EVENT = ("generation", "partition", "offset", "event_id", "machine_id", "occurred_at", "kind", "detail")


def make_post_aggregation() -> OnePassAggregation:
    """Posts: n per (hashtag, language) and minute, n per pair of hashtags and hour, and per author and day n posts, m
    replies, k mentions. A share of the posts is also contributed as a `row` (`RECENT_POST`); a deletion contributes the
    (source, post_id) to delete there."""
    fact, is_author = F.col("fact"), F.col("fact") == "author_day"
    tags = F.transform("counted_hashtags", lambda tag: contribution("hashtag_minute", tag, F.col("lang")))
    author = F.array(contribution("author_day", F.col("author_pseudonym")))
    with_sample = F.array(contribution("author_day", F.col("author_pseudonym")), contribution("recent_post"))
    single = F.when(_is_sampled(), with_sample).otherwise(author)
    several = F.size("counted_hashtags") > 1  # most posts have no pair, and computing the empty list is not cheap
    columns = make_columns(
        m=F.when(is_author, F.col("in_reply_to").isNotNull()),
        k=F.when(is_author, F.size("mention_pseudonyms")),
        at=F.when(fact == "hashtag_minute", F.date_trunc("minute", "created_at"))
        .when(fact == "hashtag_pair_hour", F.date_trunc("hour", "created_at"))
        .when(is_author, F.date_trunc("day", "created_at")),
        row=_row_if(fact == "recent_post", RECENT_POST),
    )
    return OnePassAggregation(
        contributions=make_contributions(
            F.when(several, F.concat(tags, _pairs(), single)).otherwise(F.concat(tags, single)),
            deletion=F.array(contribution("deletion", F.col("source"), F.col("post_id"))),
        ),
        columns=columns,
        keys=("fact", "at", "key_a", "key_b", "row"),
        sums=make_sums(sum_of("k")),
    )


def make_reading_aggregation() -> OnePassAggregation:
    """Readings: n and the moments of the values, per machine, sensor and minute."""
    value = F.coalesce(*(F.when(F.col("key_b") == sensor, F.col(sensor)) for sensor in silver.SENSORS))
    sensors = (contribution("machine_minute", F.col("machine_id"), sensor) for sensor in silver.SENSORS)
    return OnePassAggregation(
        contributions=make_contributions(F.array(*sensors)),
        columns=make_columns(
            at=F.when(F.col("fact") == "machine_minute", F.date_trunc("minute", "measured_at")), value=value
        ),
        keys=("fact", "at", "key_a", "key_b"),
        sums=make_sums(*moments()),
    )


def make_machine_event_aggregation() -> OnePassAggregation:
    """Machine events: each is contributed as a `row`, unchanged."""
    return OnePassAggregation(
        contributions=make_contributions(F.array(contribution("machine_event"))),
        columns=make_columns(row=_row_if(F.col("fact") == "machine_event", MACHINE_EVENT)),
        keys=("fact", "key_a", "row"),
        sums=make_sums(),
    )


def _pairs() -> Column:
    """Contributions of the unordered pairs among a post's first `PAIRED_TAGS` counted tags, low < high by code
    point."""
    tags = F.sort_array(F.slice("counted_hashtags", 1, PAIRED_TAGS))
    return F.flatten(
        F.transform(
            tags,
            lambda low, at: F.transform(
                F.slice(tags, at + 2, F.lit(PAIRED_TAGS)), lambda high: contribution("hashtag_pair_hour", low, high)
            ),
        )
    )


def _is_sampled() -> Column:
    """A deterministic share of the posts that have a text."""
    key = valid_key(F.lit("post"), [F.col("source"), F.col("post_id")])
    return (F.substring(key, 1, 1) < F.lit(SAMPLE_BELOW)) & F.col("text").isNotNull()


def _row_if(condition: Column, names: tuple[str, ...]) -> Column:
    """A struct of the named columns where `condition` holds, else null.

    Every field is nullable on its own: with fields that are not, Arrow rejects a null struct.
    """
    fields = (F.when(condition, F.col(name)).alias(name) for name in names)
    return F.when(condition, F.struct(*fields))
