"""Segments: agreement of assignments, names in words, numbers that stay."""

import numpy as np
import pytest

from warehouse.segmentation.features import FEATURES
from warehouse.segmentation.naming import make_names, match_ids
from warehouse.segmentation.stability import adjusted_rand

CENTER, SPREAD = dict.fromkeys(FEATURES, 0.0), dict.fromkeys(FEATURES, 1.0)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([0, 0, 1, 1], [1, 1, 0, 0], 1.0),
        ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], 0.24242424),  # the textbook's example
        ([0, 0, 1, 1], [0, 1, 0, 1], -0.5),
        ([0, 0, 0, 0], [0, 0, 0, 0], 1.0),
    ],
)
def test_adjusted_rand(one: list[int], other: list[int], expected: float) -> None:
    assert adjusted_rand(np.array(one), np.array(other)) == pytest.approx(expected)


def test_names_say_what_distinguishes_a_segment() -> None:
    night = {**CENTER, "posts_per_day": 2.0, "hashtags_per_post": 1.0, "hour_cos": 0.8, "hour_sin": 0.3}
    assert make_names([night], CENTER, SPREAD) == ["many posts, at night, many hashtags"]
    assert make_names([CENTER], CENTER, SPREAD) == ["like the average author"]


def test_names_differ() -> None:
    many = {**CENTER, "posts_per_day": 2.0, "reply_share": 1.5, "active_days_share": 1.2}
    more = {**many, "mentions_per_post": 1.0}
    same = "many posts, many replies, on most days"
    assert make_names([many, more], CENTER, SPREAD) == [same, f"{same}, many mentions"]
    assert make_names([many, many], CENTER, SPREAD) == [f"{same} (1)", f"{same} (2)"]


def test_a_segment_of_the_same_authors_keeps_its_number() -> None:
    clusters, before = np.array([0, 0, 0, 1, 1, 2]), np.array([7, 7, 4, 4, 4, 0])
    assert match_ids(clusters, before, [4, 7, 9]) == [7, 4, 10]


def test_a_number_is_given_to_one_segment_only() -> None:
    clusters, before = np.array([0, 0, 1, 1]), np.array([3, 3, 3, 3])
    assert sorted(match_ids(clusters, before, [3])) == [3, 4]


def test_without_a_former_version_numbers_begin_with_one() -> None:
    assert match_ids(np.array([0, 1, 1]), np.zeros(3, dtype=np.int64), []) == [1, 2]
