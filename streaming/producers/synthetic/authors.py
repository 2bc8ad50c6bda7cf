"""The authors of posts: their segments, their activity by hour of the day, whom they mention."""

from __future__ import annotations  # array is generic for the type checker only

import math
from array import array
from dataclasses import dataclass, field
from typing import Any

from streaming.producers.synthetic.random_words import (
    RandomWords,
    Words,
    make_table,
    split_shares,
    zipf_weights,
)

_FIRST = (
    "ana",
    "bruno",
    "carla",
    "davi",
    "elisa",
    "fabio",
    "gabi",
    "hugo",
    "iris",
    "joao",
    "karen",
    "lucas",
    "maria",
    "nina",
    "otavio",
    "paula",
    "rafa",
    "sofia",
    "tiago",
    "vera",
    "william",
    "yara",
    "zeca",
    "marta",
    "pedro",
)
_LAST = (
    "silva",
    "souza",
    "lima",
    "rocha",
    "alves",
    "costa",
    "dias",
    "melo",
    "ramos",
    "nunes",
    "castro",
    "freitas",
    "moraes",
    "pinto",
    "teixeira",
    "smith",
    "garcia",
    "weber",
    "tanaka",
    "haddad",
)
_HUB_SEGMENTS = ("influencer", "newsroom")


@dataclass(frozen=True)
class Segment:
    """One kind of author; conf/generator.yaml explains the fields."""

    name: str
    authors: float
    weight: float
    peak_hour: float
    width_hours: float
    floor: float
    tags: list[int]
    topics: list[str]
    loyalty: float
    replies: float
    mentions: float
    mention_count: int

    def activity_at(self, hour: int) -> float:
        """Relative activity in a local hour."""
        distance = min((hour - self.peak_hour) % 24, (self.peak_hour - hour) % 24)
        return self.floor + math.exp(-((distance / self.width_hours) ** 2) / 2)


@dataclass(frozen=True)
class Author:
    """One author: the id is also the handle in a mention."""

    id: str
    key: bytes
    segment: Segment
    language: str
    weight: float


@dataclass
class Population:
    """All authors, the same for every producer. `_by_hour` caches a table to draw from per local hour."""

    authors: list[Author]
    hubs: list[Author]
    _hub_table: array[int]
    _hub_share: float
    _friends: int
    _by_hour: dict[int, array[int]] = field(default_factory=dict)

    def draw(self, word: int, hour: int) -> Author:
        """An author, drawn by weight and activity in a local hour (0..23)."""
        table = self._by_hour.get(hour)
        if table is None:
            table = make_table([author.weight * author.segment.activity_at(hour) for author in self.authors], 1 << 16)
            self._by_hour[hour] = table
        return self.authors[table[word & 0xFFFF]]

    def draw_mentioned(self, author: Author, word: int) -> str:
        """The id of an author whom `author` mentions: mostly a hub, else one of a few friends."""
        if (word >> 16) / 65536 < self._hub_share:
            return self.hubs[self._hub_table[word & 4095]].id
        target = int.from_bytes(author.key[-3:], "big") * 2654435761 + word % self._friends * 40503
        return self.authors[target % len(self.authors)].id


def make_population(seed: int, posts: dict[str, Any]) -> Population:
    """The authors of a seed, the same in every process; `posts` is that section of conf/generator.yaml."""
    random = RandomWords(seed, "authors")
    segments = [Segment(name, **values) for name, values in posts["segments"].items()]
    languages = split_shares(list(posts["languages"].values()), 1000)
    names = list(posts["languages"])
    authors: list[Author] = []
    members = split_shares([segment.authors for segment in segments], posts["authors"])
    weights_by_segment = {n: _author_weights(members.count(n), posts["author_exponent"]) for n in set(members)}
    for index, number in enumerate(members):
        words = random.words(index)
        author_id = _author_id(words, index)
        weight = segments[number].weight * weights_by_segment[number][index - members.index(number)]
        language = names[languages[words[3] % len(languages)]]
        authors.append(Author(author_id, author_id.encode(), segments[number], language, weight))
    return _build_population(authors, posts["mentions"])


def _author_weights(count: int, exponent: float) -> list[float]:
    """Zipf weights with a mean of 1, without the first five ranks, so that no author writes a third of all posts."""
    weights = zipf_weights(count + 5, exponent)[5:]
    return [weight * count / sum(weights) for weight in weights]


def _author_id(words: Words, index: int) -> str:
    return f"{_FIRST[words[0] % len(_FIRST)]}_{_LAST[words[1] % len(_LAST)]}{index:04d}"


def _build_population(authors: list[Author], mentions: dict[str, Any]) -> Population:
    candidates = [author for author in authors if author.segment.name in _HUB_SEGMENTS]
    hubs = sorted(candidates, key=lambda author: -author.weight)[: mentions["hubs"]]
    table = make_table(zipf_weights(len(hubs), mentions["hub_exponent"]))
    return Population(authors, hubs, table, mentions["hub_share"], mentions["friends"])
