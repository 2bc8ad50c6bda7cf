"""A machine over time: shifts, load, wear and the values of its six sensors, as a function of (seed, machine, time)."""

import math
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.incidents import MINUTE_MS, Incidents, Occurrence
from streaming.producers.synthetic.random_words import RandomWords, Words, noise_of, uniform_of

SENSORS = ("temperature_c", "vibration_mm_s", "rotation_rpm", "pressure_bar", "power_kw", "parts_count")
_CACHE_SIZE = 4_096  # minutes
_THERMAL_STEPS = (0, 5, 10, 20, 30)  # minutes back; the weight of a step is exp(-step / thermal_minutes)
_STOP_MINUTES = 3  # the longest pause of a producing machine


@dataclass(frozen=True)
class Minute:
    """The state of a machine in one minute.

    `load` and `delayed_load` (which the temperature follows) are 0..1; `factors` are the effect of wear, by sensor.
    """

    is_on: bool
    load: float
    delayed_load: float
    factors: dict[str, float]
    is_silent: bool


class Machine:
    """One machine; conf/generator.yaml explains the parameters."""

    def __init__(self, seed: int, machine_id: str, config: GeneratorConfig) -> None:
        entry, readings = config.machine(machine_id), config.parameters["readings"]
        self.id = machine_id
        self.incidents = Incidents(seed, machine_id, entry["model"], readings)
        self._profile: dict[str, list[float]] = readings["models"][entry["model"]]
        self._modes: dict[str, dict[str, Any]] = readings["modes"]
        self._rules: dict[str, Any] = readings["load"]
        self._zone = ZoneInfo(config.factory["time_zone"])
        self._shifts = [config.factory["shifts"][name] for name in entry["shifts"]]
        self._random = RandomWords(seed, "load", machine_id)
        weights = [math.exp(-step / readings["thermal_minutes"]) for step in _THERMAL_STEPS]
        self._thermal = [(step, weight / sum(weights)) for step, weight in zip(_THERMAL_STEPS, weights, strict=True)]
        self._minute_cache: dict[int, Minute] = {}
        self._load_cache: dict[int, float] = {}

    def minute(self, at_ms: int) -> Minute:
        """The state in the minute of a time (milliseconds since 1970)."""
        number = at_ms // MINUTE_MS
        cached = self._minute_cache.get(number)
        if cached is None:
            if len(self._minute_cache) >= _CACHE_SIZE:
                self._minute_cache.clear()
            cached = self._minute_cache[number] = self._make_minute(number)
        return cached

    def read_sensors(self, at_ms: int, words: Words) -> list[float]:
        """The six values at a time, in the order of SENSORS, rounded to three decimals; `words` are their noise."""
        state = self.minute(at_ms)
        values = []
        for sensor, word in zip(SENSORS, words, strict=False):
            profile = self._profile[sensor]
            value = profile[0] + (_level(sensor, profile, state) - profile[0]) * state.factors.get(sensor, 1.0)
            value += profile[3] * noise_of(word) * (1.0 if state.is_on else 0.1)
            values.append(round(max(0.0, value), 3))
        values[5] = round(values[5]) if state.load > 0 else 0
        return values

    def occurrences(self, after_ms: int, until_ms: int) -> list[Occurrence]:
        """The occurrences in (after, until], by time; routine service only while the machine is on."""
        occurrences = self.incidents.occurrences(after_ms, until_ms)
        return [
            occurrence for occurrence in occurrences if not occurrence.is_routine or self.minute(occurrence.at).is_on
        ]

    def _make_minute(self, number: int) -> Minute:
        at_ms = number * MINUTE_MS
        incident = self.incidents.at(at_ms)
        load = self._load(number)
        delayed_load = sum(weight * max(0.0, self._load(number - step)) for step, weight in self._thermal)
        wear = incident.wear(at_ms)
        mode = self._modes[incident.mode]
        factors = {sensor: 1.0 + (factor - 1.0) * wear for sensor, factor in mode.items() if sensor in SENSORS}
        return Minute(
            load >= 0.0, max(0.0, load), delayed_load, factors if wear else {}, self.incidents.is_silent(at_ms)
        )

    def _load(self, number: int) -> float:
        """Load in 0..1; 0 when idling, -1 when switched off or down."""
        cached = self._load_cache.get(number)
        if cached is None:
            if len(self._load_cache) >= _CACHE_SIZE:
                self._load_cache.clear()
            cached = self._load_cache[number] = self._make_load(number)
        return cached

    def _make_load(self, number: int) -> float:
        at_ms = number * MINUTE_MS
        local = datetime.fromtimestamp(number * 60, self._zone)
        progress = next((p for shift in self._shifts if (p := _progress(shift, local)) is not None), None)
        if progress is None or self.incidents.at(at_ms).is_down(at_ms):
            return -1.0
        if self._is_pausing(number):
            return 0.0
        rules = self._rules
        load = rules["base"] + rules["swing"] * math.sin(math.pi * progress) + rules["drift"] * self._drift(number)
        return float(min(1.0, max(0.1, load * rules["weekdays"][local.weekday()])))

    def _is_pausing(self, number: int) -> bool:
        words = self._random.words(2 * (number // _STOP_MINUTES) + 1)
        share = self._rules["micro_stops"] * _STOP_MINUTES / 60
        return uniform_of(words[0]) < share and number % _STOP_MINUTES <= words[1] % _STOP_MINUTES

    def _drift(self, number: int) -> float:
        """Slow noise between -1 and 1: linear interpolation between random knots."""
        knot, within = divmod(number, self._rules["drift_minutes"])
        here, there = (2 * uniform_of(self._random.words(2 * k)[0]) - 1 for k in (knot, knot + 1))
        return float(here + (there - here) * within / self._rules["drift_minutes"])


def _level(sensor: str, profile: list[float], state: Minute) -> float:
    """A sensor's value without wear and noise: all follow the load, the temperature with a delay."""
    off, idle, full, _ = profile
    if sensor == "temperature_c":
        running = idle + (full - idle) * state.delayed_load
        return running if state.is_on else off + (running - off) * min(1.0, 2 * state.delayed_load)
    return idle + (full - idle) * state.load if state.is_on else off


def _progress(shift: dict[str, Any], local: datetime) -> float | None:
    """The elapsed share of a shift at a local time, 0..1; None outside the shift."""
    starts, ends = (time.fromisoformat(shift[key]) for key in ("starts", "ends"))
    begin, end = starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute
    length = (end - begin) % 1440 or 1440
    elapsed = (local.hour * 60 + local.minute - begin) % 1440
    if elapsed >= length:
        return None
    began_yesterday = local.hour * 60 + local.minute < begin
    weekday = (local.weekday() - began_yesterday) % 7 + 1
    return elapsed / length if weekday in shift["weekdays"] else None
