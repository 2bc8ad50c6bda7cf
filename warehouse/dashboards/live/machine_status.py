"""Which sensor and which machine needs a look: limits first, then what is normal for this machine."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from warehouse.dashboards.live.rows import SensorState

State = Literal["above", "below", "unusual", "silent", "normal"]
ORDER: Sequence[State] = ("silent", "above", "below", "unusual", "normal")  # worst first
SILENT_AFTER = timedelta(minutes=3)  # behind the other machines, in event time: a stuck stream silences nobody


def judge_sensor(sensor: SensorState) -> State:
    """Limits first, then the normal band: `unusual` lies outside the band only. What is unknown judges nothing."""
    value = sensor.average
    if sensor.limit_high is not None and value > sensor.limit_high:
        return "above"
    if sensor.limit_low is not None and value < sensor.limit_low:
        return "below"
    band = span_of(sensor.normal_low, sensor.normal_high)
    return "unusual" if band and not band[0] <= value <= band[1] else "normal"


def judge_machine(sensors: Sequence[SensorState], newest: datetime) -> State:
    """The worst state of its sensors; `silent` when its newest minute lies behind that of the other machines."""
    if newest_of(sensors) < newest - SILENT_AFTER:
        return "silent"
    return min((judge_sensor(sensor) for sensor in sensors), key=ORDER.index)


def newest_of(sensors: Sequence[SensorState]) -> datetime:
    """The newest minute among them; there must be one."""
    return max(sensor.minute for sensor in sensors)


def span_of(low: float | None, high: float | None) -> tuple[float, float] | None:
    """Both edges, or None if one is unknown."""
    return (low, high) if low is not None and high is not None else None
