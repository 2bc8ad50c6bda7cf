"""What is known about each author in a window of days, from gold: one row per author."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

FEATURES = (
    "posts_per_day",
    "active_days_share",
    "hashtags_per_post",
    "hashtag_diversity",
    "reply_share",
    "mentions_per_post",
    "hour_cos",
    "hour_sin",
    "burstiness",
)
"""- `posts_per_day`: over all days of the window; `active_days_share`: days with a post, 0..1
- `hashtags_per_post`, `mentions_per_post`, `reply_share`: pulled towards the population, see `PRIOR_POSTS`
- `hashtag_diversity`: entropy of the author's hashtags in nats, divided by its maximum for so many uses, 0..1; pulled
- `hour_cos`, `hour_sin`: mean direction of the posts on a 24-hour clock of local time, length 0 (any time) .. 1
- `burstiness`: variance over mean of the posts per day (1: as independent posts would fall), as a logarithm"""
PRIOR_POSTS = 10.0
"""An author's shares are those of the author's posts and of so many posts (uses, for hashtags) of the average one, as
three posts say little. With 2 to 5 the planted segments are found less often: adjusted Rand 0.75 to 0.96, not 0.98."""

DECIMALS = 9
"""Of each feature. Sums of doubles differ in their last digits with the order of the files; scaling would turn these
into differences as large as a real one wherever all authors are equal."""


@dataclass(frozen=True)
class Window:
    """Days [first, end) in UTC."""

    first: date
    end: date

    @property
    def days(self) -> int:
        """Their number."""
        return (self.end - self.first).days

    def contains(self, at: Column) -> Column:
        """For dates, and for times in UTC."""
        return (at >= F.lit(self.first)) & (at < F.lit(self.end))


@dataclass(frozen=True)
class Gold:
    """The gold tables that features are made from (`warehouse.lake.schemas.gold`)."""

    author_days: DataFrame
    author_hours: DataFrame
    author_hashtag_days: DataFrame


@dataclass(frozen=True)
class Population:
    """The average author of a training window, each author counted once: part of the model.

    Weighted by posts it would be one of the few who post most, and pull the many others there.
    """

    hashtags_per_post: float
    hashtag_diversity: float
    reply_share: float
    mentions_per_post: float
    hour_cos: float
    hour_sin: float

    def to_dict(self) -> dict[str, float]:
        """For a manifest."""
        return asdict(self)


def choose_window(author_days: DataFrame, days: int) -> Window | None:
    """The `days` days that end with the newest day of the data; None without data."""
    newest = author_days.agg(F.max("day")).collect()[0][0]
    return None if newest is None else Window(newest - timedelta(days=days - 1), newest + timedelta(days=1))


def count_by_author(gold: Gold, window: Window, time_zone: str) -> DataFrame:
    """(author_pseudonym, posts, active_days, squares, replies, mentions, hashtags, cos, sin, entropy): sums."""
    days = gold.author_days.where(window.contains(F.col("day"))).groupBy("author_pseudonym")
    sums = days.agg(
        F.sum("posts").alias("posts"),
        F.count("*").alias("active_days"),
        F.sum(F.col("posts") * F.col("posts")).alias("squares"),
        F.sum("replies").alias("replies"),
        F.sum("mentions").alias("mentions"),
    )
    return (
        sums.join(_sum_hours(gold.author_hours.where(window.contains(F.col("hour"))), time_zone), "author_pseudonym")
        .join(
            _measure_entropy(gold.author_hashtag_days.where(window.contains(F.col("day")))), "author_pseudonym", "left"
        )
        .na.fill(0.0, ["entropy"])
    )


def describe_population(counts: DataFrame) -> Population:
    """The average author of `count_by_author`."""
    hashtags, *others = (F.mean(F.col(name) / F.col("posts")) for name in _SUMS)
    row = counts.agg(hashtags, F.mean(_diversity()), *others).collect()[0]
    return Population(*(round(float(value), DECIMALS) for value in row))


def make_features(counts: DataFrame, population: Population, window: Window) -> DataFrame:
    """`count_by_author` -> (author_pseudonym, posts, `FEATURES`)."""
    posts = F.col("posts")

    def share(name: str, average: float) -> Column:
        return (F.col(name) + PRIOR_POSTS * average) / (posts + PRIOR_POSTS)

    mean = posts / window.days
    variance = F.col("squares") / window.days - mean * mean
    diversity = _diversity() * F.col("hashtags") + PRIOR_POSTS * population.hashtag_diversity
    columns = {
        "posts_per_day": mean,
        "active_days_share": F.col("active_days") / window.days,
        "hashtags_per_post": share("hashtags", population.hashtags_per_post),
        "hashtag_diversity": diversity / (F.col("hashtags") + PRIOR_POSTS),
        "reply_share": share("replies", population.reply_share),
        "mentions_per_post": share("mentions", population.mentions_per_post),
        "hour_cos": share("cos", population.hour_cos),
        "hour_sin": share("sin", population.hour_sin),
        "burstiness": F.log((variance + 1) / (mean + 1)),
    }
    rounded = (F.round(columns[name], DECIMALS).alias(name) for name in FEATURES)
    return counts.select("author_pseudonym", "posts", *rounded)


_SUMS = ("hashtags", "replies", "mentions", "cos", "sin")


def _diversity() -> Column:
    return F.col("entropy") / F.log(F.greatest(F.col("hashtags"), F.lit(2)))


def _sum_hours(author_hours: DataFrame, time_zone: str) -> DataFrame:
    """(author_pseudonym, hashtags, cos, sin): the directions of the local hours, summed over the posts."""
    angle = F.hour(F.from_utc_timestamp("hour", time_zone)) * F.lit(2 * 3.141592653589793 / 24)
    return author_hours.groupBy("author_pseudonym").agg(
        F.sum("hashtags").alias("hashtags"),
        F.sum(F.cos(angle) * F.col("posts")).alias("cos"),
        F.sum(F.sin(angle) * F.col("posts")).alias("sin"),
    )


def _measure_entropy(author_hashtag_days: DataFrame) -> DataFrame:
    """(author_pseudonym, entropy) of the hashtags that an author uses, in nats: log N - sum(n log n) / N."""
    uses = author_hashtag_days.groupBy("author_pseudonym", "hashtag").agg(F.sum("posts").alias("n"))
    total, weighted = F.sum("n"), F.sum(F.col("n") * F.log("n"))
    return uses.groupBy("author_pseudonym").agg((F.log(total) - weighted / total).alias("entropy"))
