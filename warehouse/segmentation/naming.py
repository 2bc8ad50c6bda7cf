"""Segments in words, and numbers that stay the same from one training to the next."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from warehouse.segmentation.features import FEATURES
from warehouse.segmentation.stability import Labels

WORDS = {
    "posts_per_day": ("few posts", "many posts"),
    "active_days_share": ("on few days", "on most days"),
    "hashtags_per_post": ("few hashtags", "many hashtags"),
    "hashtag_diversity": ("always the same hashtags", "changing hashtags"),
    "reply_share": ("few replies", "many replies"),
    "mentions_per_post": ("few mentions", "many mentions"),
    "burstiness": ("evenly", "in bursts"),
}
"""Feature -> words for a centroid below and above the average author."""
PARTS_OF_DAY = ("at night", "in the morning", "in the afternoon", "in the evening")
"""Of six hours each, from midnight, local time."""
TOLD_APART = 0.35
"""Deviations from the average author that are worth a word."""
WORDS_PER_NAME = 3
FIXED_HOURS = 0.35
"""Length of the mean direction of a centroid's hours from which a time of day is named: 0 any time, 1 a single hour."""
SAME_SEGMENT = 0.3
"""Share of two segments' authors (intersection by union) from which the new one keeps the old one's number."""


@dataclass(frozen=True)
class Segment:
    """One segment: its number, its name, how many authors of the training it has, and its average author."""

    id: int
    name: str
    authors: int
    means: Mapping[str, float]  # feature -> mean


def make_names(
    means: Sequence[Mapping[str, float]], center: Mapping[str, float], spread: Mapping[str, float]
) -> list[str]:
    """A name for each centroid, all different. `center`, `spread`: mean and deviation of all authors, by feature."""
    words = [_rank_words(mean, center, spread) for mean in means]
    names = [", ".join(each[:WORDS_PER_NAME]) or "like the average author" for each in words]
    for number, name in enumerate(names):
        if names.count(name) > 1:
            names[number] = ", ".join(words[number][: WORDS_PER_NAME + 2]) or name
    return [name if names.count(name) == 1 else f"{name} ({number + 1})" for number, name in enumerate(names)]


def match_ids(clusters: Labels, before: Labels, known: Sequence[int]) -> list[int]:
    """The number of each cluster: of the former segment that is mostly the same authors, else a new one.

    `before`: the former segment of the same authors, 0 where there was none; `known`: all numbers ever used.
    """
    ids: dict[int, int] = {}
    overlaps = [
        (_overlap(clusters == cluster, before == former), int(cluster), int(former))
        for cluster in np.unique(clusters)
        for former in np.unique(before[before > 0])
    ]
    for overlap, cluster, former in sorted(overlaps, key=lambda each: (-each[0], each[1:])):
        if overlap >= SAME_SEGMENT and cluster not in ids and former not in ids.values():
            ids[cluster] = former
    unused = max(known, default=0)
    for cluster in range(int(clusters.max()) + 1):
        if cluster not in ids:
            unused += 1
            ids[cluster] = unused
    return [ids[cluster] for cluster in sorted(ids)]


def _rank_words(mean: Mapping[str, float], center: Mapping[str, float], spread: Mapping[str, float]) -> list[str]:
    """What distinguishes a centroid, the strongest first; the time of day comes second."""
    distances = {name: (mean[name] - center[name]) / (spread[name] or 1.0) for name in WORDS}
    strong = sorted((name for name in WORDS if abs(distances[name]) >= TOLD_APART), key=lambda n: -abs(distances[n]))
    words = [WORDS[name][distances[name] > 0] for name in strong]
    time = _part_of_day(mean["hour_cos"], mean["hour_sin"])
    return [*words[:1], time, *words[1:]] if time else words


def _part_of_day(cosine: float, sine: float) -> str | None:
    if math.hypot(cosine, sine) < FIXED_HOURS:
        return None
    hour = math.atan2(sine, cosine) / (2 * math.pi) * 24 % 24
    return PARTS_OF_DAY[int(hour // 6)]


def _overlap(one: "np.typing.NDArray[np.bool_]", other: "np.typing.NDArray[np.bool_]") -> float:
    return float((one & other).sum() / max((one | other).sum(), 1))


assert set(WORDS) | {"hour_cos", "hour_sin"} == set(FEATURES)  # noqa: S101 - every feature can be named
