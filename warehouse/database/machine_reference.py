"""The description of machines, sensors and shifts (conf/machines.yaml): validated, and upserted into the dimensions."""

import json
from collections.abc import Mapping
from datetime import date, time
from typing import Any

import psycopg2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warehouse.database.connections import Connection, read_sql
from warehouse.errors import CorrectTheReference

_STEPS = ("sensors", "machines", "limits", "shifts", "machine_shifts")
"""Files in upserts/reference, in the order of their foreign keys; the row count of each is what it changed."""

Limits = dict[str, tuple[float, float]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # the file also contains keys that only the generator reads


class Sensor(_Part):
    """A measured quantity."""

    unit: str
    description: str


class Shift(_Part):
    """A working shift in local time; weekdays are ISO numbers; the time zone is the file's unless it has its own."""

    starts: time
    ends: time
    weekdays: list[int] = Field(default=[1, 2, 3, 4, 5, 6, 7], min_length=1)
    time_zone: str | None = None


class Model(_Part):
    """Properties that all machines of a model share; limits: sensor -> (low, high)."""

    idle_rotation_rpm: float = Field(default=0, ge=0)
    limits: Limits = {}


class Machine(_Part):
    """One machine; its own limits override its model's."""

    model: str
    line: str
    site: str
    commissioned_on: date | None = None
    shifts: list[str] = []
    limits: Limits = {}


class Reference(_Part):
    """The whole file."""

    time_zone: str = "UTC"
    sensors: dict[str, Sensor]
    shifts: dict[str, Shift] = {}
    models: dict[str, Model] = {}
    machines: dict[str, Machine]


def parse_reference(tree: Mapping[str, Any]) -> Reference:
    """Validates the parsed YAML.

    Raises:
        CorrectTheReference: a key is missing or wrong, or a model, sensor or shift is used but not described.
    """
    try:
        reference = Reference.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CorrectTheReference(f"the description of the machines is wrong at {key!r}: {first['msg']}") from None
    for machine_id, machine in reference.machines.items():
        _refuse_unknown(f"machine {machine_id}: model", [machine.model], reference.models)
        _refuse_unknown(f"machine {machine_id}: shift", machine.shifts, reference.shifts)
        _refuse_unknown(f"machine {machine_id}: limit of sensor", machine.limits, reference.sensors)
    for name, model in reference.models.items():
        _refuse_unknown(f"model {name}: limit of sensor", model.limits, reference.sensors)
    return reference


def upsert_reference(connection: Connection, reference: Reference) -> list[str]:
    """Inserts and updates rows that differ, in the caller's transaction; returns one line per table that changed.

    A machine that is no longer in the file keeps its row, because `fact_*` rows refer to it; a placeholder that is now
    described becomes a known machine.

    Raises:
        CorrectTheReference: the database rejects a row, e.g. a lower limit above the upper one.
    """
    rows = _make_rows(reference)
    changes = []
    with connection.cursor() as cursor:
        for step in _STEPS:
            try:
                cursor.execute(read_sql(f"upserts/reference/{step}.sql"), {"rows": json.dumps(rows[step])})
            except psycopg2.IntegrityError as error:
                sentence = str(error).strip().splitlines()[0]
                raise CorrectTheReference(f"the description of the machines is wrong at {step}: {sentence}") from error
            if cursor.rowcount:
                changes.append(f"{step.replace('_', ' ')}: {cursor.rowcount} rows")
    return changes


def _refuse_unknown(what: str, names: Any, known: Mapping[str, Any]) -> None:
    for name in names:
        if name not in known:
            raise CorrectTheReference(f"{what} {name!r} is not described; known: {', '.join(known)}")


def _make_rows(reference: Reference) -> dict[str, list[dict[str, Any]]]:
    """Step -> flat rows, in the form that jsonb_to_recordset reads."""
    machines = reference.machines.items()
    limits = {name: {**reference.models[machine.model].limits, **machine.limits} for name, machine in machines}
    return {
        "sensors": [
            {"sensor_key": key, "sensor": name, **sensor.model_dump()}
            for key, (name, sensor) in enumerate(reference.sensors.items(), start=1)
        ],
        "machines": [
            {
                "machine_id": name,
                "model": machine.model,
                "line": machine.line,
                "site": machine.site,
                "commissioned_on": machine.commissioned_on and machine.commissioned_on.isoformat(),
                "idle_rotation_rpm": reference.models[machine.model].idle_rotation_rpm,
            }
            for name, machine in machines
        ],
        "limits": [
            {"machine_id": name, "sensor": sensor, "low": low, "high": high}
            for name, _ in machines
            for sensor, (low, high) in limits[name].items()
        ],
        "shifts": [
            {
                "shift": name,
                "starts_at": shift.starts.isoformat(),
                "ends_at": shift.ends.isoformat(),
                "weekdays": shift.weekdays,
                "time_zone": shift.time_zone or reference.time_zone,
            }
            for name, shift in reference.shifts.items()
        ],
        "machine_shifts": [
            {"machine_id": name, "shift": shift} for name, machine in machines for shift in machine.shifts
        ],
    }
