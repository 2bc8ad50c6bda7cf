"""Which tags a post gets: Zipf topics and tags, a long tail, and trends that rise and fall over event time."""

import math
from dataclasses import dataclass
from typing import Any

from streaming.producers.synthetic.authors import Author
from streaming.producers.synthetic.random_words import RandomWords, make_table, uniform_of, zipf_weights

_MINUTE_MS = 60_000
_MIN_BOOST = 0.002  # a trend with less extra weight is ignored


@dataclass(frozen=True)
class TrendLayer:
    """One layer of trends; conf/generator.yaml explains the fields."""

    name: str
    slot_minutes: float
    topics: int
    rise_minutes: float
    fall_minutes: float
    boost: float


@dataclass(frozen=True)
class Trend:
    """One topic that is used more often around `peak_ms`, through one of its tags."""

    topic: str
    tag_number: int
    peak_ms: int
    layer: TrendLayer

    def boost(self, at_ms: int) -> float:
        """Extra weight at a time; without trends all topics together weigh 1."""
        minutes = (at_ms - self.peak_ms) / _MINUTE_MS
        scale = self.layer.rise_minutes if minutes < 0 else -self.layer.fall_minutes
        return self.layer.boost * math.exp(minutes / scale)


class Hashtags:
    """Draws raw tags (without `#`) for authors at a time."""

    def __init__(self, seed: int, posts: dict[str, Any], topics: dict[str, dict[str, list[str]]]) -> None:
        self._topics = list(topics)
        self._tags = {name: _tags_by_language(tags, list(posts["languages"])) for name, tags in topics.items()}
        self._rare_share: float = posts["rare_tags"]
        self._layers = [TrendLayer(name, **values) for name, values in posts["trends"].items()]
        self._random = RandomWords(seed, "trends")
        self._topic_table = make_table(zipf_weights(len(topics), posts["topic_exponent"]))
        self._tag_tables = {n: make_table(zipf_weights(n, posts["tag_exponent"]), 256) for n in range(1, 40)}
        self._second = -1
        self._current: list[tuple[float, Trend]] = []
        self._slots: dict[tuple[str, int], list[Trend]] = {}

    def draw(self, author: Author, lang: str, at_ms: int, word: int) -> str:
        """One raw tag for a post of `author` at a time; `word` are 32 random bits."""
        boosts = self._boosts(at_ms)
        point = (word >> 8 & 0xFFFF) / 65536 * (1.0 + boosts[-1][0] if boosts else 1.0)
        if point >= 1.0:
            trend = next(trend for reached, trend in boosts if point < 1.0 + reached or reached == boosts[-1][0])
            tags = self._tags[trend.topic][lang]
            return tags[trend.tag_number % len(tags)]
        tags = self._tags[self._topic_of(author, word)][lang]
        tag = tags[self._tag_tables[len(tags)][word & 255]]
        if (word >> 24) / 256 < self._rare_share:
            return f"{tag}_{word >> 10 & 0xFFF:x}"
        return tag

    def trends_at(self, at_ms: int) -> list[Trend]:
        """Trends that may have weight at a time: those of its slot and of the one before, in every layer."""
        found = []
        for layer in self._layers:
            slot = int(at_ms // (layer.slot_minutes * _MINUTE_MS))
            found += self._trends_of(layer, slot - 1) + self._trends_of(layer, slot)
        return found

    def _topic_of(self, author: Author, word: int) -> str:
        segment = author.segment
        mixed = word * 2654435761 >> 7
        if segment.topics and uniform_of(mixed & 0xFFFFFFFF) < segment.loyalty:
            return segment.topics[(mixed >> 5 ^ author.key[-1]) % len(segment.topics)]
        return self._topics[self._topic_table[mixed >> 3 & 4095]]

    def _boosts(self, at_ms: int) -> list[tuple[float, Trend]]:
        """Cumulative extra weights of the current trends, cached for a second of event time."""
        second = at_ms // 1000
        if second != self._second:
            self._second = second
            boosts = [(trend.boost(second * 1000), trend) for trend in self.trends_at(second * 1000)]
            total, self._current = 0.0, []
            for boost, trend in boosts:
                if boost > _MIN_BOOST:
                    total += boost
                    self._current.append((total, trend))
        return self._current

    def _trends_of(self, layer: TrendLayer, slot: int) -> list[Trend]:
        known = self._slots.get((layer.name, slot))
        if known is None:
            if len(self._slots) > 64:
                self._slots.clear()
            known = self._slots[layer.name, slot] = [self._make_trend(layer, slot, n) for n in range(layer.topics)]
        return known

    def _make_trend(self, layer: TrendLayer, slot: int, number: int) -> Trend:
        words = self._random.words((slot * 16 + number) * 16 + self._layers.index(layer))
        peak = (slot + 0.15 + 0.7 * uniform_of(words[0])) * layer.slot_minutes * _MINUTE_MS
        return Trend(self._topics[words[1] % len(self._topics)], words[2] % 3, int(peak), layer)


def _tags_by_language(tags: dict[str, list[str]], languages: list[str]) -> dict[str, list[str]]:
    """Per language the topic's own tags mixed with those of every language, most frequent first."""
    return {lang: _interleave(tags.get(lang, []), tags["any"]) for lang in languages}


def _interleave(first: list[str], second: list[str]) -> list[str]:
    shared = min(len(first), len(second))
    mixed = [tag for pair in zip(first, second, strict=False) for tag in pair]
    return mixed + first[shared:] + second[shared:]
