"""Who posts: a population in segments, when each one is awake, whom each one mentions."""

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
    """One kind of author; the fields are explained in conf/generator.yaml."""

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

    def awake(self, hour: int) -> float:
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
    """All authors, the same for every producer. Tables by hour are made when first needed."""

    authors: list[Author]
    hubs: list[Author]
    _hub_table: array[int]
    _hub_share: float
    _friends: int
    _by_hour: dict[int, array[int]] = field(default_factory=dict)

    def draw(self, word: int, hour: int) -> Author:
        """An author who is awake in a local hour."""
        table = self._by_hour.get(hour)
        if table is None:
            table = make_table([author.weight * author.segment.awake(hour) for author in self.authors], 1 << 16)
            self._by_hour[hour] = table
        return self.authors[table[word & 0xFFFF]]

    def draw_mentioned(self, author: Author, word: int) -> str:
        """Whom an author mentions: mostly a hub, else one of a few friends."""
        if (word >> 16) / 65536 < self._hub_share:
            return self.hubs[self._hub_table[word & 4095]].id
        place = int.from_bytes(author.key[-3:], "big") * 2654435761 + word % self._friends * 40503
        return self.authors[place % len(self.authors)].id


def make_population(seed: int, posts: dict[str, Any]) -> Population:
    """The authors that a seed gives, from the `posts` part of conf/generator.yaml."""
    chance = RandomWords(seed, "authors")
    segments = [Segment(name, **values) for name, values in posts["segments"].items()]
    languages = split_shares(list(posts["languages"].values()), 1000)
    names = list(posts["languages"])
    authors: list[Author] = []
    members = split_shares([segment.authors for segment in segments], posts["authors"])
    unequal = {n: _unequal(members.count(n), posts["author_exponent"]) for n in set(members)}
    for position, number in enumerate(members):
        words = chance.words(position)
        author_id = _author_id(words, position)
        weight = segments[number].weight * unequal[number][position - members.index(number)]
        language = names[languages[words[3] % len(languages)]]
        authors.append(Author(author_id, author_id.encode(), segments[number], language, weight))
    return _with_hubs(authors, posts["mentions"])


def _unequal(count: int, exponent: float) -> list[float]:
    """Zipf weights with a mean of 1, flattened at the top so that nobody writes a third of everything."""
    weights = zipf_weights(count + 5, exponent)[5:]
    return [weight * count / sum(weights) for weight in weights]


def _author_id(words: Words, position: int) -> str:
    return f"{_FIRST[words[0] % len(_FIRST)]}_{_LAST[words[1] % len(_LAST)]}{position:04d}"


def _with_hubs(authors: list[Author], mentions: dict[str, Any]) -> Population:
    famous = [author for author in authors if author.segment.name in _HUB_SEGMENTS]
    hubs = sorted(famous, key=lambda author: -author.weight)[: mentions["hubs"]]
    table = make_table(zipf_weights(len(hubs), mentions["hub_exponent"]))
    return Population(authors, hubs, table, mentions["hub_share"], mentions["friends"])
