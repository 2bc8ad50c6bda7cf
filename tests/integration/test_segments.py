"""Segments from gold: features by hand, planted groups found again, no groups invented."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from warehouse.lake.schemas import gold
from warehouse.segmentation import clustering
from warehouse.segmentation.clustering import (
    Candidate,
    NoSegments,
    choose,
    compare_candidates,
    fit_clusters,
    fit_preparation,
    read_labels,
)
from warehouse.segmentation.features import (
    FEATURES,
    PRIOR_POSTS,
    Gold,
    Population,
    Window,
    count_by_author,
    describe_population,
    make_features,
)
from warehouse.segmentation.stability import adjusted_rand

DAY = date(2026, 3, 1)
WINDOW = Window(DAY, DAY + timedelta(days=2))


def at(hour: int, day: int = 0) -> datetime:
    return datetime(2026, 3, 1 + day, hour, tzinfo=UTC)


def make_gold(spark: SparkSession, days: list[tuple], hours: list[tuple], tags: list[tuple]) -> Gold:  # type: ignore[type-arg]  # rows
    return Gold(
        spark.createDataFrame(days, gold.AUTHOR_DAYS),
        spark.createDataFrame(hours, gold.AUTHOR_HOURS),
        spark.createDataFrame(tags, gold.AUTHOR_HASHTAG_DAYS),
    )


def test_features_of_an_author(spark: SparkSession) -> None:
    days = [(DAY, "a", 3, 1, 6), (DAY + timedelta(days=1), "a", 1, 1, 0), (DAY - timedelta(days=1), "a", 99, 0, 0)]
    hours = [(at(9), "a", 3, 3), (at(3, 1), "a", 1, 1), (at(9) - timedelta(days=1), "a", 99, 0)]
    tags = [(DAY, "a", "x", 2), (DAY + timedelta(days=1), "a", "x", 1), (DAY, "a", "y", 1)]
    counts = count_by_author(make_gold(spark, days, hours, tags), WINDOW, "America/Sao_Paulo")  # three hours behind
    population = Population(1.0, 0.25, 0.5, 2.0, 0.0, 0.0)
    (row,) = make_features(counts, population, WINDOW).collect()
    assert (row["author_pseudonym"], row["posts"]) == ("a", 4)
    n = 4 + PRIOR_POSTS
    angles = np.array([6, 6, 6, 0]) * 2 * np.pi / 24
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    expected = {
        "posts_per_day": 2.0,
        "active_days_share": 1.0,
        "hashtags_per_post": (4 + PRIOR_POSTS * 1.0) / n,
        "hashtag_diversity": (4 * entropy / np.log(4) + PRIOR_POSTS * 0.25) / n,
        "reply_share": (2 + PRIOR_POSTS * 0.5) / n,
        "mentions_per_post": (6 + PRIOR_POSTS * 2.0) / n,
        "hour_cos": np.cos(angles).sum() / n,
        "hour_sin": np.sin(angles).sum() / n,
        "burstiness": np.log((1.0 + 1) / (2.0 + 1)),
    }
    assert {name: row[name] for name in FEATURES} == pytest.approx(expected)
    described = describe_population(counts)
    assert (described.reply_share, described.hashtag_diversity) == pytest.approx((0.5, entropy / np.log(4)))


def test_an_author_without_hashtags_is_as_diverse_as_the_average(spark: SparkSession) -> None:
    counts = count_by_author(make_gold(spark, [(DAY, "a", 1, 0, 0)], [(at(9), "a", 1, 0)], []), WINDOW, "UTC")
    (row,) = make_features(counts, Population(0, 0.7, 0, 0, 0, 0), WINDOW).collect()
    assert row["hashtag_diversity"] == pytest.approx(0.7)


def test_each_author_counts_once_in_the_average(spark: SparkSession) -> None:
    days, hours = [(DAY, "a", 99, 99, 0), (DAY, "b", 1, 0, 0)], [(at(9), "a", 99, 0), (at(9), "b", 1, 0)]
    assert describe_population(count_by_author(make_gold(spark, days, hours, []), WINDOW, "UTC")).reply_share == 0.5


def make_prepared(spark: SparkSession, groups: int, seed: int, authors: int = 240) -> tuple[DataFrame, np.ndarray]:  # type: ignore[type-arg]  # labels
    """Authors around `groups` centers, scaled and cached in one partition; and their groups."""
    chance = np.random.default_rng(seed)
    labels = np.arange(authors) % groups
    centers = chance.normal(0, 3, (groups, len(FEATURES)))
    values = np.abs(centers[labels] + chance.normal(0, 0.5, (authors, len(FEATURES))) + 10)
    rows = [(f"{n:04d}", *map(float, row)) for n, row in enumerate(values)]
    features = spark.createDataFrame(rows, ["author_pseudonym", *FEATURES]).coalesce(1)
    return fit_preparation(features).transform(features).coalesce(1).cache(), labels


@pytest.fixture
def few_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full choice takes 34 trainings."""
    monkeypatch.setattr(clustering, "MOST_SEGMENTS", 5)
    monkeypatch.setattr(clustering, "RESAMPLES", 2)
    monkeypatch.setattr(clustering, "FINALISTS", 2)


@pytest.mark.slow
@pytest.mark.usefixtures("few_trainings")
def test_planted_groups_are_found(spark: SparkSession) -> None:
    groups = 4
    prepared, labels = make_prepared(spark, groups, seed=groups)
    chosen = choose(compare_candidates(prepared, 11))
    assert chosen.k == groups
    found = [read_labels(fit_clusters(prepared, chosen.algorithm, chosen.k, 11).transform(prepared)) for _ in range(2)]
    assert adjusted_rand(found[0], labels) > 0.95
    assert (found[0] == found[1]).all()


@pytest.mark.slow
@pytest.mark.usefixtures("few_trainings")
def test_no_groups_are_invented(spark: SparkSession) -> None:
    prepared, _ = make_prepared(spark, 1, seed=5)
    with pytest.raises(NoSegments, match="the authors show no segments: the best of 8 candidates has silhouette 0"):
        choose(compare_candidates(prepared, 11))


def test_equal_authors_have_no_candidates(spark: SparkSession) -> None:
    features = spark.createDataFrame(
        [(f"{n}", *[1.0] * len(FEATURES)) for n in range(60)], ["author_pseudonym", *FEATURES]
    )
    prepared = fit_preparation(features).transform(features).coalesce(1).cache()
    with pytest.raises(NoSegments, match="all are alike"):
        choose(compare_candidates(prepared, 11))


def test_a_candidate_must_separate_and_come_out_again() -> None:
    good, unstable, flat = (
        Candidate("KMeans", 3, 0.6, 0.9),
        Candidate("KMeans", 2, 0.9, 0.5),
        Candidate("KMeans", 4, 0.4, 1.0),
    )
    assert choose([unstable, flat, good]) == good
    finer, pair = Candidate("KMeans", 5, 0.58, 0.85), Candidate("KMeans", 2, 0.9, 0.99)
    assert choose([pair, good, finer]) == finer  # nearly as well separated, and says more
    assert choose([pair, Candidate("KMeans", 6, 0.52, 0.9), good]) == good
    assert choose([pair, unstable]) == pair
    with pytest.raises(NoSegments):
        choose([unstable, flat])
