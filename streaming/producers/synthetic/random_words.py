"""RandomWords as a pure function: a counter-based hash instead of a generator with state, and tables to draw from.

The same (names, counter) always gives the same words, in any order of asking, so every event can be made again.
"""

from __future__ import annotations  # array is generic for the type checker only

from array import array
from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct

_WORDS = Struct("<16I")
_SCALE = 1.0 / 2**32
TABLE_SIZE = 4096
"""Slots of a table: its resolution. A power of two, so that a slot is a word's low bits."""

Words = tuple[int, ...]


class RandomWords:
    """Sixteen 32-bit words per counter, keyed by names such as (seed, "posts", producer). About 1 us."""

    def __init__(self, *names: object) -> None:
        key = "/".join(str(name) for name in names).encode()
        self._base = blake2b(blake2b(key, digest_size=32).digest(), digest_size=64)

    def words(self, counter: int) -> Words:
        """The words of one counter (any 64-bit whole number, negative ones too)."""
        hashed = self._base.copy()
        hashed.update(counter.to_bytes(8, "little", signed=True))
        return _WORDS.unpack(hashed.digest())


def share_of(word: int) -> float:
    """A word as a number in [0, 1)."""
    return word * _SCALE


def noise_of(word: int) -> float:
    """A word as noise of mean 0 and deviation about 1: the sum of its four bytes, never beyond 3.5."""
    total = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24)
    return (total - 510.0) / 147.8


def zipf_weights(count: int, exponent: float) -> list[float]:
    """Weights of ranks 1..count."""
    return [(rank + 1) ** -exponent for rank in range(count)]


def make_table(weights: Sequence[float], size: int = TABLE_SIZE) -> array[int]:
    """A table of `size` slots in which position i of `weights` fills its share of them."""
    total = sum(weights)
    table = array("H", bytes(2 * size))
    position, reached = 0, weights[0] / total
    for slot in range(size):
        while (slot + 0.5) / size >= reached and position < len(weights) - 1:
            position += 1
            reached += weights[position] / total
        table[slot] = position
    return table


def split_shares(shares: Sequence[float], count: int) -> list[int]:
    """`count` things over `shares`: the position of the share each one falls into, at least one each, in order."""
    exact = [max(1, round(count * share / sum(shares))) for share in shares]
    exact[shares.index(max(shares))] += count - sum(exact)
    return [position for position, wanted in enumerate(exact) for _ in range(wanted)]
