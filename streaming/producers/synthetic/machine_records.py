"""The reading and the machine events of one machine at an index: a function of (seed, start, rate, index) and conf/."""

from typing import Any

from streaming.producers.events import DUPLICATE, VALID, Event, encode
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.event_time import EvenTime, TimeText, minute_of
from streaming.producers.synthetic.incidents import Occurrence
from streaming.producers.synthetic.injection import Injection, InjectionSchedule, InjectionShares
from streaming.producers.synthetic.machine_model import SENSORS, Machine
from streaming.producers.synthetic.malformed import MACHINE_EVENT_CORRUPTIONS, READING_CORRUPTIONS
from streaming.producers.synthetic.random_words import RandomWords, Words, uniform_of

READINGS, MACHINE_EVENTS = "readings", "machine_events"


class Readings:
    """The readings of one machine."""

    def __init__(self, seed: int, machine: Machine, config: GeneratorConfig) -> None:
        self._machine = machine
        self._key = machine.id.encode()
        self._prefix = f"r{seed}-{machine.id}-"
        self._random = RandomWords(seed, "readings", machine.id)
        self._faults: dict[str, Any] = config.parameters["faults"]
        self._jitter: float = config.parameters["readings"]["jitter"]
        self._iso = TimeText()

    def start(self, time: EvenTime, shares: InjectionShares, first: int) -> None:
        """Sets the parameters of a run; the event `first` is the first one of the run. Call it before `event`."""
        self._time = time
        self._schedule = InjectionSchedule(shares, self._faults, first, time.per_second)

    def event(self, index: int) -> Event | None:
        """The reading at an index; None while the machine sends no readings."""
        words = self._random.words(index)
        assignment = self._schedule.find_fixed(index)
        if self._machine.minute(self._time.at(index)).is_silent:
            return None
        if assignment is None:
            is_duplicate = self._schedule.draw(words[0]) is Injection.DUPLICATE
            return self._duplicate_event(index, words) if is_duplicate else self._valid_event(index, words)
        if assignment.injection is Injection.CORRECTED:
            return self._valid_event(assignment.other, self._random.words(assignment.other), may_be_late=False)
        corruption = READING_CORRUPTIONS[assignment.other % len(READING_CORRUPTIONS)]
        fields = self._fields(index, words, self._measured_at(index, words))
        return Event(READINGS, self._key, corruption.corrupt(fields), f"{self._prefix}{index}", corruption.rule)

    def _duplicate_event(self, index: int, words: Words) -> Event:
        """A copy of an earlier reading of this run, sometimes edited; without an earlier one a valid reading."""
        original = next((i for i in self._schedule.original_candidates(index, words[14]) if self._is_ordinary(i)), None)
        if original is None:
            return self._valid_event(index, words)
        event = self._valid_event(original, self._random.words(original))
        if uniform_of(words[13]) >= self._faults["edits"] or event.value is None:
            return event._replace(verdict=DUPLICATE, expected=None, late=False)
        value = event.value.replace(b'"parts_count":', b'"parts_count":7')
        return event._replace(value=value, verdict=DUPLICATE, expected=None, late=False)

    def _is_ordinary(self, index: int) -> bool:
        """Whether this index sent a valid reading with its own id: only such readings are duplicated."""
        if self._schedule.find_fixed(index) is not None or self._machine.minute(self._time.at(index)).is_silent:
            return False
        return self._schedule.draw(self._random.words(index)[0]) is not Injection.DUPLICATE

    def _measured_at(self, index: int, words: Words) -> int:
        at_ms = self._time.at(index)
        interval = self._time.at(index + 1) - at_ms
        return at_ms - int(interval * self._jitter * uniform_of(words[8]))

    def _valid_event(self, index: int, words: Words, may_be_late: bool = True) -> Event:
        is_late = may_be_late and self._schedule.draw(words[0]) is Injection.LATE
        at_ms = self._measured_at(index, words) - (self._schedule.delay_ms(words) if is_late else 0)
        fields = self._fields(index, words, at_ms)
        values = {sensor: f"{fields[sensor]:.3f}" for sensor in SENSORS[:-1]} | {SENSORS[-1]: str(fields[SENSORS[-1]])}
        expected = {"minute": minute_of(fields["measured_at"]), "machine_id": self._machine.id, "values": values}
        value = encode(fields).encode()
        return Event(READINGS, self._key, value, fields["reading_id"], VALID, expected, is_late)

    def _fields(self, index: int, words: Words, at_ms: int) -> dict[str, Any]:
        values = self._machine.read_sensors(at_ms, words[1:7])
        return {
            "reading_id": f"{self._prefix}{index}",
            "machine_id": self._machine.id,
            "measured_at": self._iso.text(at_ms),
            **dict(zip(SENSORS, values, strict=True)),
        }


class MachineEvents:
    """The machine events of one machine. An index has those that occurred since the time of the index before."""

    def __init__(self, seed: int, machine: Machine, config: GeneratorConfig) -> None:
        self._machine = machine
        self._key = machine.id.encode()
        self._prefix = f"e{seed}-{machine.id}-"
        self._random = RandomWords(seed, "machine_events", machine.id)
        self._faults: dict[str, Any] = config.parameters["faults"]
        self._iso = TimeText()

    def start(self, time: EvenTime, shares: InjectionShares, first: int) -> None:
        """Sets the parameters of a run; the event `first` is the first one of the run. Call it before `events`."""
        self._time = time
        self._shares = shares
        self._schedule = InjectionSchedule(shares, self._faults, first, time.per_second)

    def events(self, index: int) -> list[Event]:
        """The machine events at an index, mostly none. Malformed ones and duplicates come together with their event."""
        occurrences = self._machine.occurrences(self._time.at(index - 1), self._time.at(index))
        return [
            event
            for number, occurrence in enumerate(occurrences)
            for event in self._with_injections(index, number, occurrence)
        ]

    def _with_injections(self, index: int, number: int, occurrence: Occurrence) -> list[Event]:
        words = self._random.words(index * 64 + number)
        valid = self._valid_event(f"{self._prefix}{index}-{number}", occurrence, words)
        share = uniform_of(words[1])
        if share < self._shares.malformed:
            corruption = MACHINE_EVENT_CORRUPTIONS[words[2] % len(MACHINE_EVENT_CORRUPTIONS)]
            malformed = valid._replace(
                value=corruption.corrupt(self._fields(valid.id, occurrence, occurrence.at)),
                verdict=corruption.rule,
                expected=None,
                late=False,
            )
            return [malformed, valid] if words[3] % self._faults["twin_every"] == 0 else [malformed]
        if share < self._shares.malformed + self._shares.duplicates:
            return [valid, valid._replace(verdict=DUPLICATE, expected=None, late=False)]
        return [valid]

    def _valid_event(self, event_id: str, occurrence: Occurrence, words: Words) -> Event:
        is_late = self._schedule.draw(words[0]) is Injection.LATE
        fields = self._fields(event_id, occurrence, occurrence.at - (self._schedule.delay_ms(words) if is_late else 0))
        expected = {name: fields[name] for name in ("machine_id", "occurred_at", "kind")}
        return Event(MACHINE_EVENTS, self._key, encode(fields).encode(), event_id, VALID, expected, is_late)

    def _fields(self, event_id: str, occurrence: Occurrence, at_ms: int) -> dict[str, Any]:
        return {
            "event_id": event_id,
            "machine_id": self._machine.id,
            "occurred_at": self._iso.text(at_ms),
            "kind": occurrence.kind,
            "detail": occurrence.detail,
        }
