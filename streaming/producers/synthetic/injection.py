"""Which event is spoilt, repeated, late or ordinary: decided from its index alone, so that no memory is needed."""

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from streaming.producers.synthetic.random_words import Words, share_of

_TRIES = 8  # how far back from the drawn place an original is looked for


class Role(Enum):
    """What becomes of an index."""

    PLAIN = auto()
    LATE = auto()
    FAULT = auto()  # `other` is the running number of the fault
    TWIN = auto()  # valid, with the id of the malformed event `other`
    DUPLICATE = auto()  # of the event `other`
    DELETION = auto()  # of the event `other`


class Part(NamedTuple):
    """The role of an index and the number that goes with it."""

    role: Role
    other: int = -1


@dataclass(frozen=True)
class Mix:
    """Shares of all events, 0..1."""

    malformed: float = 0.0
    duplicates: float = 0.0
    late: float = 0.0


class Roles:
    """Roles of one producer's indexes from `first` on; `faults` is that part of conf/generator.yaml."""

    def __init__(self, mix: Mix, faults: dict[str, Any], first: int, per_second: float) -> None:
        rest = max(1e-9, 1.0 - mix.malformed)
        self._malformed = mix.malformed
        self._duplicate = min(1.0, mix.duplicates / rest)
        self._late = min(1.0, self._duplicate + mix.late / rest)
        self._first = first
        self._window = min(faults["duplicate_window"], int(faults["duplicate_seconds"] * per_second))
        self._twin_every: int = faults["twin_every"]
        self._twin_lag: int = faults["twin_lag"]
        self._late_low, self._late_high = (math.log(minutes) for minutes in faults["late_minutes"])

    def fault_number(self, index: int) -> int:
        """The running number of the fault at an index, -1 when there is none. Evenly spread, exact in the long run."""
        number = int(index * self._malformed)
        return number if int((index + 1) * self._malformed) > number else -1

    def settled(self, index: int) -> Part | None:
        """The role where the index alone decides: faults and their twins."""
        if not self._malformed:
            return None
        number = self.fault_number(index)
        if number >= 0:
            return Part(Role.FAULT, number)
        spoilt = index - self._twin_lag
        if spoilt >= self._first:
            number = self.fault_number(spoilt)
            if number >= 0 and number % self._twin_every == 0:
                return Part(Role.TWIN, spoilt)
        return None

    def wish(self, word: int) -> Role:
        """What chance wants an otherwise unsettled event to be."""
        share = share_of(word)
        if share < self._duplicate:
            return Role.DUPLICATE
        return Role.LATE if share < self._late else Role.PLAIN

    def originals(self, index: int, word: int) -> range:
        """Where to look for the original of a duplicate: recent indexes, newest first."""
        if not self._window:
            return range(0)
        newest = index - 1 - word % self._window
        return range(newest, max(self._first, index - self._window, newest - _TRIES) - 1, -1)

    def delay_ms(self, words: Words) -> int:
        """How late a late event is."""
        return int(60_000 * math.exp(self._late_low + (self._late_high - self._late_low) * share_of(words[12])))
