"""Topic readings: sensor values of machines."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from streaming.records.fields import Event, check_texts, read_number, read_texts, require
from streaming.records.judge import SILVER, RecordType, Usable
from streaming.records.quality_rules import QualityRules, Unusable
from streaming.records.times import TimeRules

TEXTS = ("reading_id", "machine_id", "measured_at")
SENSORS = ("temperature_c", "vibration_mm_s", "rotation_rpm", "pressure_bar", "power_kw", "parts_count")
_STEP = Decimal("0.0001")


def read_reading(
    event: Event, kafka_us: int, rules: QualityRules, times: TimeRules, _pseudonym_of: Callable[[str], str]
) -> Usable:
    """The rules, in their order."""
    texts, values = read_texts(event, TEXTS), {sensor: read_number(event, sensor) for sensor in SENSORS}
    require(texts, TEXTS)
    require(values, SENSORS)
    check_texts(texts, rules.max_lengths, {})
    at, warned = times.read("measured_at", str(texts["measured_at"]), kafka_us)
    measures = {sensor: _read_measure(sensor, value, rules) for sensor, value in values.items() if value is not None}
    reading_id = str(texts["reading_id"])
    columns = {"reading_id": reading_id, "machine_id": texts["machine_id"], "measured_at": at, **measures}
    return Usable(SILVER, "reading", (reading_id,), at, warned, columns)


def _read_measure(sensor: str, value: float, rules: QualityRules) -> Decimal:
    """The value with four decimals.

    A number is read as a double first: as a decimal, the twelve bytes 1e1000000000 would become a number of a billion
    digits. As a double it is infinite, which no limit allows.
    """
    low, high = rules.sensor_limits[sensor]
    if not low <= value <= high:
        raise Unusable("impossible_value", f"{sensor} is outside {low}..{high}")
    if sensor == "parts_count" and not value.is_integer():
        raise Unusable("impossible_value", "parts_count is not a whole number")
    return Decimal(repr(value)).quantize(_STEP, ROUND_HALF_UP)


READINGS = RecordType(frozenset((*TEXTS, *SENSORS)), read_reading)
