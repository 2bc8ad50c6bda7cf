"""Random numbers as a pure function: a counter-based hash instead of a generator with state, and tables to draw from.

The same (names, counter) always gives the same words, in any order of calls, so every event can be made again.
"""

from __future__ import annotations  # array is generic for the type checker only

from array import array
from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct

_WORDS = Struct("<16I")
_SCALE = 1.0 / 2**32
TABLE_SIZE = 4096
"""Slots of a table, which is its resolution. A power of two: the low bits of a word choose a slot."""

Words = tuple[int, ...]


class RandomWords:
    """Sixteen 32-bit words per counter, keyed by names such as (seed, "posts", producer). About 1 us."""

    def __init__(self, *names: object) -> None:
        key = "/".join(str(name) for name in names).encode()
        self._base = blake2b(blake2b(key, digest_size=32).digest(), digest_size=64)

    def words(self, counter: int) -> Words:
        """The words of one counter (any signed 64-bit integer)."""
        hashed = self._base.copy()
        hashed.update(counter.to_bytes(8, "little", signed=True))
        return _WORDS.unpack(hashed.digest())


def uniform_of(word: int) -> float:
    """A word as a number in [0, 1), uniformly distributed."""
    return word * _SCALE


def noise_of(word: int) -> float:
    """A word as roughly normal noise, mean 0, standard deviation about 1: the sum of its four bytes, within +-3.5."""
    total = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24)
    return (total - 510.0) / 147.8


def zipf_weights(count: int, exponent: float) -> list[float]:
    """Zipf weights 1 / rank^exponent of the ranks 1..count, not normalized."""
    return [(rank + 1) ** -exponent for rank in range(count)]


def make_table(weights: Sequence[float], size: int = TABLE_SIZE) -> array[int]:
    """A table of `size` slots, where index i of `weights` fills its share: a random slot is a weighted draw."""
    total = sum(weights)
    table = array("H", bytes(2 * size))
    choice, cumulative = 0, weights[0] / total
    for slot in range(size):
        while (slot + 0.5) / size >= cumulative and choice < len(weights) - 1:
            choice += 1
            cumulative += weights[choice] / total
        table[slot] = choice
    return table


def split_shares(shares: Sequence[float], count: int) -> list[int]:
    """Splits `count` items by `shares`: the share index of each item, ascending; at least one item each."""
    sizes = [max(1, round(count * share / sum(shares))) for share in shares]
    sizes[shares.index(max(shares))] += count - sum(sizes)
    return [number for number, size in enumerate(sizes) for _ in range(size)]
