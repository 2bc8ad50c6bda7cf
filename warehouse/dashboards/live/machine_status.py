"""The state of a sensor and of a machine: its limits are checked first, then the machine's own normal range."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from warehouse.dashboards.live.rows import SensorState

State = Literal["above", "below", "unusual", "silent", "normal"]
ORDER: Sequence[State] = ("silent", "above", "below", "unusual", "normal")  # worst first
SILENT_AFTER = timedelta(
    minutes=3
)  # in event time, behind the newest minute of all machines: if the whole stream stops, no machine becomes silent


def classify_sensor(sensor: SensorState) -> State:
    """`above` or `below` a limit, else `unusual` if outside the normal range; unknown limits and ranges are skipped."""
    value = sensor.average
    if sensor.limit_high is not None and value > sensor.limit_high:
        return "above"
    if sensor.limit_low is not None and value < sensor.limit_low:
        return "below"
    band = both_edges(sensor.normal_low, sensor.normal_high)
    return "unusual" if band and not band[0] <= value <= band[1] else "normal"


def classify_machine(sensors: Sequence[SensorState], newest: datetime) -> State:
    """The worst state of its sensors; `silent` if its newest minute is more than `SILENT_AFTER` before `newest`."""
    if newest_sensor_minute(sensors) < newest - SILENT_AFTER:
        return "silent"
    return min((classify_sensor(sensor) for sensor in sensors), key=ORDER.index)


def newest_sensor_minute(sensors: Sequence[SensorState]) -> datetime:
    """The newest minute of the sensors, at least one."""
    return max(sensor.minute for sensor in sensors)


def both_edges(low: float | None, high: float | None) -> tuple[float, float] | None:
    """The range `(low, high)`, or None if one edge is unknown."""
    return (low, high) if low is not None and high is not None else None
