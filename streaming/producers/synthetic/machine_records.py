"""Readings and machine events: what one machine sends at an index, made from (seed, start, rate, index) and conf/."""

from typing import Any

from streaming.producers.events import DUPLICATE, VALID, Event, encode
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.event_time import EvenTime, TimeText, minute_of
from streaming.producers.synthetic.incidents import Note
from streaming.producers.synthetic.injection import Mix, Role, Roles
from streaming.producers.synthetic.machine_model import SENSORS, Machine
from streaming.producers.synthetic.malformed import MACHINE_EVENT_FAULTS, READING_FAULTS
from streaming.producers.synthetic.random_words import RandomWords, Words, share_of

READINGS, MACHINE_EVENTS = "readings", "machine_events"


class Readings:
    """The readings of one machine."""

    def __init__(self, seed: int, machine: Machine, config: GeneratorConfig) -> None:
        self._machine = machine
        self._key = machine.id.encode()
        self._prefix = f"r{seed}-{machine.id}-"
        self._chance = RandomWords(seed, "readings", machine.id)
        self._faults: dict[str, Any] = config.parameters["faults"]
        self._jitter: float = config.parameters["readings"]["jitter"]
        self._iso = TimeText()

    def start(self, time: EvenTime, mix: Mix, first: int) -> None:
        """Sets what a run adds to the seed: its clock, its mix and its first index."""
        self._time = time
        self._roles = Roles(mix, self._faults, first, time.per_second)

    def event(self, index: int) -> Event | None:
        """The event at an index; None while the machine is silent."""
        words = self._chance.words(index)
        settled = self._roles.settled(index)
        if self._machine.minute(self._time.at(index)).is_silent:
            return None
        if settled is None:
            wish = self._roles.wish(words[0])
            return self._repeated(index, words) if wish is Role.DUPLICATE else self._valid(index, words)
        if settled.role is Role.TWIN:
            return self._valid(settled.other, self._chance.words(settled.other), may_be_late=False)
        fault = READING_FAULTS[settled.other % len(READING_FAULTS)]
        fields = self._fields(index, words, self._measured_at(index, words))
        return Event(READINGS, self._key, fault.spoil(fields), f"{self._prefix}{index}", fault.rule)

    def _repeated(self, index: int, words: Words) -> Event:
        original = next((i for i in self._roles.originals(index, words[14]) if self._is_ordinary(i)), None)
        if original is None:
            return self._valid(index, words)
        event = self._valid(original, self._chance.words(original))
        if share_of(words[13]) >= self._faults["edits"] or event.value is None:
            return event._replace(verdict=DUPLICATE, facts=None, late=False)
        value = event.value.replace(b'"parts_count":', b'"parts_count":7')
        return event._replace(value=value, verdict=DUPLICATE, facts=None, late=False)

    def _is_ordinary(self, index: int) -> bool:
        """Whether an index surely was sent as a valid reading of its own."""
        if self._roles.settled(index) is not None or self._machine.minute(self._time.at(index)).is_silent:
            return False
        return self._roles.wish(self._chance.words(index)[0]) is not Role.DUPLICATE

    def _measured_at(self, index: int, words: Words) -> int:
        at_ms = self._time.at(index)
        interval = self._time.at(index + 1) - at_ms
        return at_ms - int(interval * self._jitter * share_of(words[8]))

    def _valid(self, index: int, words: Words, may_be_late: bool = True) -> Event:
        is_late = may_be_late and self._roles.wish(words[0]) is Role.LATE
        at_ms = self._measured_at(index, words) - (self._roles.delay_ms(words) if is_late else 0)
        fields = self._fields(index, words, at_ms)
        values = {sensor: f"{fields[sensor]:.3f}" for sensor in SENSORS[:-1]} | {SENSORS[-1]: str(fields[SENSORS[-1]])}
        facts = {"minute": minute_of(fields["measured_at"]), "machine_id": self._machine.id, "values": values}
        value = encode(fields).encode()
        return Event(READINGS, self._key, value, fields["reading_id"], VALID, facts, is_late)

    def _fields(self, index: int, words: Words, at_ms: int) -> dict[str, Any]:
        values = self._machine.sense(at_ms, words[1:7])
        return {
            "reading_id": f"{self._prefix}{index}",
            "machine_id": self._machine.id,
            "measured_at": self._iso.text(at_ms),
            **dict(zip(SENSORS, values, strict=True)),
        }


class MachineEvents:
    """Failures and maintenance of one machine, found between two readings' times."""

    def __init__(self, seed: int, machine: Machine, config: GeneratorConfig) -> None:
        self._machine = machine
        self._key = machine.id.encode()
        self._prefix = f"e{seed}-{machine.id}-"
        self._chance = RandomWords(seed, "machine_events", machine.id)
        self._faults: dict[str, Any] = config.parameters["faults"]
        self._iso = TimeText()

    def start(self, time: EvenTime, mix: Mix, first: int) -> None:
        """Sets what a run adds to the seed: its clock, its mix and its first index."""
        self._time = time
        self._mix = mix
        self._roles = Roles(mix, self._faults, first, time.per_second)

    def events(self, index: int) -> list[Event]:
        """What is reported with the reading at an index: mostly nothing. Faults and repeats go with their event."""
        notes = self._machine.notes(self._time.at(index - 1), self._time.at(index))
        return [event for number, note in enumerate(notes) for event in self._sent(index, number, note)]

    def _sent(self, index: int, number: int, note: Note) -> list[Event]:
        words = self._chance.words(index * 64 + number)
        valid = self._valid(f"{self._prefix}{index}-{number}", note, words)
        share = share_of(words[1])
        if share < self._mix.malformed:
            fault = MACHINE_EVENT_FAULTS[words[2] % len(MACHINE_EVENT_FAULTS)]
            spoilt = valid._replace(
                value=fault.spoil(self._fields(valid.id, note, note.at)), verdict=fault.rule, facts=None, late=False
            )
            return [spoilt, valid] if words[3] % self._faults["twin_every"] == 0 else [spoilt]
        if share < self._mix.malformed + self._mix.duplicates:
            return [valid, valid._replace(verdict=DUPLICATE, facts=None, late=False)]
        return [valid]

    def _valid(self, event_id: str, note: Note, words: Words) -> Event:
        is_late = self._roles.wish(words[0]) is Role.LATE
        fields = self._fields(event_id, note, note.at - (self._roles.delay_ms(words) if is_late else 0))
        facts = {name: fields[name] for name in ("machine_id", "occurred_at", "kind")}
        return Event(MACHINE_EVENTS, self._key, encode(fields).encode(), event_id, VALID, facts, is_late)

    def _fields(self, event_id: str, note: Note, at_ms: int) -> dict[str, Any]:
        return {
            "event_id": event_id,
            "machine_id": self._machine.id,
            "occurred_at": self._iso.text(at_ms),
            "kind": note.kind,
            "detail": note.detail,
        }
