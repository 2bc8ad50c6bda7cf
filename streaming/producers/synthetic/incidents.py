"""What happens to a machine and when: failures, wear before them, repairs, maintenance, service, silence.

Anchored to absolute time, not to a run: a history and the live run after it see the same machine. Each slot of time
takes one card of a shuffled deck, so the shares of conf/generator.yaml hold exactly.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from streaming.producers.synthetic.random_words import RandomWords, Words, share_of

MINUTE_MS = 60_000
FAILURE, MAINTENANCE = "failure", "maintenance"
_INSPECTED_AT = 0.5  # wear at which an inspection finds it


@dataclass(frozen=True)
class Incident:
    """One slot's incident. Times are milliseconds since 1970; the machine stands still from `at` to `until`."""

    card: str
    mode: str
    ramp_from: int
    at: int
    until: int

    def wear(self, at_ms: int) -> float:
        """Wear in 0..1 at a time before the incident."""
        if self.card not in ("warned", "inspected") or not self.ramp_from <= at_ms < self.at:
            return 0.0
        most = 1.0 if self.card == "warned" else _INSPECTED_AT
        return most * ((at_ms - self.ramp_from) / (self.at - self.ramp_from)) ** 2

    def stands_still(self, at_ms: int) -> bool:
        """Whether the machine is broken or in maintenance at a time."""
        return self.card != "quiet" and self.at <= at_ms < self.until


class Note(NamedTuple):
    """What goes to the topic machine_events."""

    at: int
    kind: str
    detail: str
    is_routine: bool = False


class Incidents:
    """The incidents of one machine."""

    def __init__(self, seed: int, machine_id: str, model: str, readings: dict[str, Any]) -> None:
        self._chance = RandomWords(seed, "incidents", machine_id)
        rules = readings["incidents"]
        self._rules: dict[str, Any] = rules.get(model, rules["default"])
        self._silence: dict[str, Any] = readings["silence"].get(model, readings["silence"]["default"])
        self._service: dict[str, Any] = readings["service"]
        self._modes: dict[str, dict[str, Any]] = readings["modes"]
        self._deck: list[str] = readings["deck"]
        self._slot_ms = int(self._rules["slot_hours"] * 3_600_000)
        self._known: dict[int, Incident] = {}

    def at(self, at_ms: int) -> Incident:
        """The incident of the slot that a time lies in; a repair may run into the next slot, but never past it."""
        slot = at_ms // self._slot_ms
        previous = self._incident(slot - 1)
        return previous if previous.stands_still(at_ms) else self._incident(slot)

    def notes(self, after_ms: int, until_ms: int) -> list[Note]:
        """What is to be reported in (after, until], in order."""
        found = [
            note
            for slot in range(after_ms // self._slot_ms - 1, until_ms // self._slot_ms + 1)
            for note in self._notes_of(self._incident(slot))
        ]
        service_ms = self._service["slot_minutes"] * MINUTE_MS
        for slot in range(after_ms // service_ms, until_ms // service_ms + 1):
            found += self._service_of(slot, service_ms)
        return sorted(note for note in found if after_ms < note.at <= until_ms)

    def is_silent(self, at_ms: int) -> bool:
        """Whether the machine sends no readings at a time."""
        slot_ms = self._silence["slot_minutes"] * MINUTE_MS
        slot, within = divmod(at_ms, slot_ms)
        words = self._chance.words(-3 * slot - 2)
        if share_of(words[0]) >= self._silence["share"]:
            return False
        low, high = self._silence["minutes"]
        length = (low + (high - low) * share_of(words[1])) * MINUTE_MS
        begin = (slot_ms - length) * share_of(words[2])
        return bool(begin <= within < begin + length)

    def _incident(self, slot: int) -> Incident:
        known = self._known.get(slot)
        if known is None:
            if len(self._known) > 512:
                self._known.clear()
            known = self._known[slot] = self._make(slot)
        return known

    def _make(self, slot: int) -> Incident:
        words = self._chance.words(3 * slot)
        card = self._shuffled(slot // len(self._deck))[slot % len(self._deck)]
        at = int((slot + 0.5 + 0.4 * share_of(words[0])) * self._slot_ms)
        low, high = self._rules["ramp"]
        ramp = (low + (high - low) * share_of(words[1])) * self._slot_ms
        low, high = self._rules["repair_minutes" if card in ("warned", "sudden") else "planned_minutes"]
        pause = int((low + (high - low) * share_of(words[2])) * MINUTE_MS)
        return Incident(card, list(self._modes)[words[3] % len(self._modes)], at - int(ramp), at, at + pause)

    def _shuffled(self, block: int) -> list[str]:
        words = self._chance.words(3 * block + 1) + self._chance.words(3 * block + 2)
        order = sorted(range(len(self._deck)), key=lambda position: words[position % len(words)])
        return [self._deck[position] for position in order]

    def _notes_of(self, incident: Incident) -> list[Note]:
        detail = self._modes[incident.mode]["detail"]
        if incident.card in ("warned", "sudden"):
            return [Note(incident.at, FAILURE, detail), Note(incident.until, MAINTENANCE, f"repaired: {detail}")]
        if incident.card == "inspected":
            return [Note(incident.at, MAINTENANCE, f"wear found and mended: {incident.mode}")]
        return [Note(incident.at, MAINTENANCE, "planned maintenance")] if incident.card == "planned" else []

    def _service_of(self, slot: int, slot_ms: int) -> list[Note]:
        words: Words = self._chance.words(-3 * slot - 1)
        if share_of(words[0]) >= self._service["share"]:
            return []
        details = self._service["details"]
        return [Note(int((slot + share_of(words[1])) * slot_ms), MAINTENANCE, details[words[2] % len(details)], True)]
