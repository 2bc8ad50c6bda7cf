"""The incidents of a machine: failures, wear before them, repairs, maintenance, routine service, gaps in the readings.

They depend on absolute time, not on the run: a history and the live run after it see the same machine. Time is cut
into slots; each slot gets the next incident kind of `deck` in conf/generator.yaml, shuffled per machine, so the
shares of the kinds are exact.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from streaming.producers.synthetic.random_words import RandomWords, Words, uniform_of

MINUTE_MS = 60_000
FAILURE, MAINTENANCE = "failure", "maintenance"
_CACHE_SIZE = 512  # incidents
_INSPECTION_WEAR = 0.5  # wear at which an inspection finds the damage


@dataclass(frozen=True)
class Incident:
    """The incident of one slot. `kind` is one of `deck`, `mode` one of `modes` in conf/generator.yaml.

    Times are milliseconds since 1970: wear grows from `ramp_from` to `at`, the machine is down from `at` to `until`.
    """

    kind: str
    mode: str
    ramp_from: int
    at: int
    until: int

    def wear(self, at_ms: int) -> float:
        """Wear in 0..1 at a time; 0 outside the ramp and for kinds without wear."""
        if self.kind not in ("warned", "inspected") or not self.ramp_from <= at_ms < self.at:
            return 0.0
        max_wear = 1.0 if self.kind == "warned" else _INSPECTION_WEAR
        return max_wear * ((at_ms - self.ramp_from) / (self.at - self.ramp_from)) ** 2

    def is_down(self, at_ms: int) -> bool:
        """Whether the machine is broken or in maintenance at a time."""
        return self.kind != "quiet" and self.at <= at_ms < self.until


class Occurrence(NamedTuple):
    """The content of one machine event: a failure or a maintenance. Routine service does not stop the machine."""

    at: int
    kind: str
    detail: str
    is_routine: bool = False


class Incidents:
    """The incidents of one machine."""

    def __init__(self, seed: int, machine_id: str, model: str, readings: dict[str, Any]) -> None:
        self._random = RandomWords(seed, "incidents", machine_id)
        rules = readings["incidents"]
        self._rules: dict[str, Any] = rules.get(model, rules["default"])
        self._silence: dict[str, Any] = readings["silence"].get(model, readings["silence"]["default"])
        self._service: dict[str, Any] = readings["service"]
        self._modes: dict[str, dict[str, Any]] = readings["modes"]
        self._deck: list[str] = readings["deck"]
        self._slot_ms = int(self._rules["slot_hours"] * 3_600_000)
        self._cache: dict[int, Incident] = {}

    def at(self, at_ms: int) -> Incident:
        """The incident at a time: that of its slot, or of the slot before while the machine is still down from it."""
        slot = at_ms // self._slot_ms
        previous = self._incident(slot - 1)
        return previous if previous.is_down(at_ms) else self._incident(slot)

    def occurrences(self, after_ms: int, until_ms: int) -> list[Occurrence]:
        """The occurrences in (after, until], by time."""
        found = [
            occurrence
            for slot in range(after_ms // self._slot_ms - 1, until_ms // self._slot_ms + 1)
            for occurrence in self._incident_occurrences(self._incident(slot))
        ]
        service_ms = self._service["slot_minutes"] * MINUTE_MS
        for slot in range(after_ms // service_ms, until_ms // service_ms + 1):
            found += self._service_occurrences(slot, service_ms)
        return sorted(occurrence for occurrence in found if after_ms < occurrence.at <= until_ms)

    def is_silent(self, at_ms: int) -> bool:
        """Whether the machine sends no readings at a time."""
        slot_ms = self._silence["slot_minutes"] * MINUTE_MS
        slot, within = divmod(at_ms, slot_ms)
        words = self._random.words(-3 * slot - 2)
        if uniform_of(words[0]) >= self._silence["share"]:
            return False
        low, high = self._silence["minutes"]
        length = (low + (high - low) * uniform_of(words[1])) * MINUTE_MS
        begin = (slot_ms - length) * uniform_of(words[2])
        return bool(begin <= within < begin + length)

    def _incident(self, slot: int) -> Incident:
        cached = self._cache.get(slot)
        if cached is None:
            if len(self._cache) > _CACHE_SIZE:
                self._cache.clear()
            cached = self._cache[slot] = self._make_incident(slot)
        return cached

    def _make_incident(self, slot: int) -> Incident:
        words = self._random.words(3 * slot)
        kind = self._shuffle_deck(slot // len(self._deck))[slot % len(self._deck)]
        at = int((slot + 0.5 + 0.4 * uniform_of(words[0])) * self._slot_ms)
        low, high = self._rules["ramp"]
        ramp = (low + (high - low) * uniform_of(words[1])) * self._slot_ms
        low, high = self._rules["repair_minutes" if kind in ("warned", "sudden") else "planned_minutes"]
        downtime = int((low + (high - low) * uniform_of(words[2])) * MINUTE_MS)
        return Incident(kind, list(self._modes)[words[3] % len(self._modes)], at - int(ramp), at, at + downtime)

    def _shuffle_deck(self, block: int) -> list[str]:
        words = self._random.words(3 * block + 1) + self._random.words(3 * block + 2)
        order = sorted(range(len(self._deck)), key=lambda index: words[index % len(words)])
        return [self._deck[index] for index in order]

    def _incident_occurrences(self, incident: Incident) -> list[Occurrence]:
        detail = self._modes[incident.mode]["detail"]
        if incident.kind in ("warned", "sudden"):
            return [
                Occurrence(incident.at, FAILURE, detail),
                Occurrence(incident.until, MAINTENANCE, f"repaired: {detail}"),
            ]
        if incident.kind == "inspected":
            return [Occurrence(incident.at, MAINTENANCE, f"wear found and mended: {incident.mode}")]
        return [Occurrence(incident.at, MAINTENANCE, "planned maintenance")] if incident.kind == "planned" else []

    def _service_occurrences(self, slot: int, slot_ms: int) -> list[Occurrence]:
        words: Words = self._random.words(-3 * slot - 1)
        if uniform_of(words[0]) >= self._service["share"]:
            return []
        details = self._service["details"]
        return [
            Occurrence(
                int((slot + uniform_of(words[1])) * slot_ms), MAINTENANCE, details[words[2] % len(details)], True
            )
        ]
