"""One machine over time: shifts, load, wear, and what its six sensors show; all from (seed, machine, time)."""

import math
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.incidents import MINUTE_MS, Incidents, Note
from streaming.producers.synthetic.random_words import RandomWords, Words, noise_of, share_of

SENSORS = ("temperature_c", "vibration_mm_s", "rotation_rpm", "pressure_bar", "power_kw", "parts_count")
_MEMORY = 4_096  # minutes kept
_THERMAL_STEPS = (0, 5, 10, 20, 30)  # minutes back; the weights fall with thermal_minutes
_STOP_MINUTES = 3


@dataclass(frozen=True)
class Minute:
    """The state of a machine for one minute."""

    is_on: bool
    load: float
    warmth: float
    factors: dict[str, float]
    is_silent: bool


class Machine:
    """One machine; the config parameters are explained in conf/generator.yaml."""

    def __init__(self, seed: int, machine_id: str, config: GeneratorConfig) -> None:
        entry, readings = config.machine(machine_id), config.parameters["readings"]
        self.id = machine_id
        self.incidents = Incidents(seed, machine_id, entry["model"], readings)
        self._profile: dict[str, list[float]] = readings["models"][entry["model"]]
        self._modes: dict[str, dict[str, Any]] = readings["modes"]
        self._rules: dict[str, Any] = readings["load"]
        self._zone = ZoneInfo(config.factory["time_zone"])
        self._shifts = [config.factory["shifts"][name] for name in entry["shifts"]]
        self._chance = RandomWords(seed, "load", machine_id)
        weights = [math.exp(-step / readings["thermal_minutes"]) for step in _THERMAL_STEPS]
        self._thermal = [(step, weight / sum(weights)) for step, weight in zip(_THERMAL_STEPS, weights, strict=True)]
        self._minutes: dict[int, Minute] = {}
        self._loads: dict[int, float] = {}

    def minute(self, at_ms: int) -> Minute:
        """The state in the minute of a time."""
        number = at_ms // MINUTE_MS
        known = self._minutes.get(number)
        if known is None:
            if len(self._minutes) >= _MEMORY:
                self._minutes.clear()
            known = self._minutes[number] = self._make_minute(number)
        return known

    def sense(self, at_ms: int, words: Words) -> list[float]:
        """The six values at a time, in the order of SENSORS, with at most three decimals."""
        state = self.minute(at_ms)
        values = []
        for sensor, word in zip(SENSORS, words, strict=False):
            profile = self._profile[sensor]
            value = profile[0] + (_level(sensor, profile, state) - profile[0]) * state.factors.get(sensor, 1.0)
            value += profile[3] * noise_of(word) * (1.0 if state.is_on else 0.1)
            values.append(round(max(0.0, value), 3))
        values[5] = round(values[5]) if state.load > 0 else 0
        return values

    def notes(self, after_ms: int, until_ms: int) -> list[Note]:
        """What is to be reported in (after, until]; routine service only while the machine runs."""
        notes = self.incidents.notes(after_ms, until_ms)
        return [note for note in notes if not note.is_routine or self.minute(note.at).is_on]

    def _make_minute(self, number: int) -> Minute:
        at_ms = number * MINUTE_MS
        incident = self.incidents.at(at_ms)
        load = self._load(number)
        warmth = sum(weight * max(0.0, self._load(number - step)) for step, weight in self._thermal)
        wear = incident.wear(at_ms)
        mode = self._modes[incident.mode]
        factors = {sensor: 1.0 + (factor - 1.0) * wear for sensor, factor in mode.items() if sensor in SENSORS}
        return Minute(load >= 0.0, max(0.0, load), warmth, factors if wear else {}, self.incidents.is_silent(at_ms))

    def _load(self, number: int) -> float:
        """Load in 0..1; 0 when idling, -1 when switched off or standing still."""
        known = self._loads.get(number)
        if known is None:
            if len(self._loads) >= _MEMORY:
                self._loads.clear()
            known = self._loads[number] = self._make_load(number)
        return known

    def _make_load(self, number: int) -> float:
        at_ms = number * MINUTE_MS
        local = datetime.fromtimestamp(number * 60, self._zone)
        progress = next((p for shift in self._shifts if (p := _progress(shift, local)) is not None), None)
        if progress is None or self.incidents.at(at_ms).stands_still(at_ms):
            return -1.0
        if self._is_pausing(number):
            return 0.0
        rules = self._rules
        load = rules["base"] + rules["swing"] * math.sin(math.pi * progress) + rules["drift"] * self._drift(number)
        return float(min(1.0, max(0.1, load * rules["weekdays"][local.weekday()])))

    def _is_pausing(self, number: int) -> bool:
        words = self._chance.words(2 * (number // _STOP_MINUTES) + 1)
        share = self._rules["micro_stops"] * _STOP_MINUTES / 60
        return share_of(words[0]) < share and number % _STOP_MINUTES <= words[1] % _STOP_MINUTES

    def _drift(self, number: int) -> float:
        """Slow noise between -1 and 1: straight lines between random knots."""
        knot, within = divmod(number, self._rules["drift_minutes"])
        here, there = (2 * share_of(self._chance.words(2 * k)[0]) - 1 for k in (knot, knot + 1))
        return float(here + (there - here) * within / self._rules["drift_minutes"])


def _level(sensor: str, profile: list[float], state: Minute) -> float:
    """A sensor's value without wear and noise: all follow the load, the temperature with a delay."""
    off, idle, full, _ = profile
    if sensor == "temperature_c":
        running = idle + (full - idle) * state.warmth
        return running if state.is_on else off + (running - off) * min(1.0, 2 * state.warmth)
    return idle + (full - idle) * state.load if state.is_on else off


def _progress(shift: dict[str, Any], local: datetime) -> float | None:
    """How much of a shift is over at a local time, 0..1; None outside of it."""
    starts, ends = (time.fromisoformat(shift[key]) for key in ("starts", "ends"))
    begin, end = starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute
    length = (end - begin) % 1440 or 1440
    elapsed = (local.hour * 60 + local.minute - begin) % 1440
    if elapsed >= length:
        return None
    began_yesterday = local.hour * 60 + local.minute < begin
    weekday = (local.weekday() - began_yesterday) % 7 + 1
    return elapsed / length if weekday in shift["weekdays"] else None
