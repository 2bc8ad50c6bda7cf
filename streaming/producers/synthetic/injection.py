"""Which indexes become malformed, duplicate, late or deletion records: decided from the index alone, without state."""

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from streaming.producers.synthetic.random_words import Words, uniform_of

_MAX_TRIES = 8  # how many indexes before the drawn one are tried as the original of a duplicate


class Injection(Enum):
    """What an index becomes. `other` is the number that `Assignment` carries with it."""

    NONE = auto()  # a valid record
    LATE = auto()  # a valid record with an event time in the past
    MALFORMED = auto()  # breaks a rule; `other` counts the malformed events and so chooses the way
    CORRECTED = auto()  # a valid record with the id of the malformed event `other`
    DUPLICATE = auto()  # of the event `other`
    DELETION = auto()  # of the post `other`


class Assignment(NamedTuple):
    """What an index becomes, and the number that goes with it."""

    injection: Injection
    other: int = -1


@dataclass(frozen=True)
class InjectionShares:
    """Shares of all events, 0..1; together at most 1."""

    malformed: float = 0.0
    duplicates: float = 0.0
    late: float = 0.0


class InjectionSchedule:
    """The injections of one source's indexes from `first` on; `faults` is that section of conf/generator.yaml."""

    def __init__(self, shares: InjectionShares, faults: dict[str, Any], first: int, per_second: float) -> None:
        rest = max(1e-9, 1.0 - shares.malformed)
        self._malformed = shares.malformed
        self._duplicate = min(1.0, shares.duplicates / rest)
        self._late = min(1.0, self._duplicate + shares.late / rest)
        self._first = first
        self._window = min(faults["duplicate_window"], int(faults["duplicate_seconds"] * per_second))
        self._corrected_every: int = faults["twin_every"]
        self._corrected_lag: int = faults["twin_lag"]
        self._late_low, self._late_high = (math.log(minutes) for minutes in faults["late_minutes"])

    def malformed_number(self, index: int) -> int:
        """Which malformed event an index is, from 0; -1 if it is none. Evenly spread, exact in the long run."""
        number = int(index * self._malformed)
        return number if int((index + 1) * self._malformed) > number else -1

    def find_fixed(self, index: int) -> Assignment | None:
        """The assignment of an index that needs no random word: malformed events and their corrections; else None."""
        if not self._malformed:
            return None
        number = self.malformed_number(index)
        if number >= 0:
            return Assignment(Injection.MALFORMED, number)
        malformed_index = index - self._corrected_lag
        if malformed_index >= self._first:
            number = self.malformed_number(malformed_index)
            if number >= 0 and number % self._corrected_every == 0:
                return Assignment(Injection.CORRECTED, malformed_index)
        return None

    def draw(self, word: int) -> Injection:
        """The injection of an index without a fixed assignment, drawn with one random word."""
        share = uniform_of(word)
        if share < self._duplicate:
            return Injection.DUPLICATE
        return Injection.LATE if share < self._late else Injection.NONE

    def original_candidates(self, index: int, word: int) -> range:
        """Indexes that a duplicate may repeat: recent ones of this run, newest first."""
        if not self._window:
            return range(0)
        newest = index - 1 - word % self._window
        return range(newest, max(self._first, index - self._window, newest - _MAX_TRIES) - 1, -1)

    def delay_ms(self, words: Words) -> int:
        """How far in the past the event time of a late event lies."""
        return int(60_000 * math.exp(self._late_low + (self._late_high - self._late_low) * uniform_of(words[12])))
