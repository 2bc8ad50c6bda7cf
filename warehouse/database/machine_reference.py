"""Machines, sensors and shifts as people describe them (conf/machines.yaml), brought into the dimensions."""

import json
from collections.abc import Mapping
from datetime import date, time
from typing import Any

import psycopg2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warehouse.database.connections import Connection, read_sql
from warehouse.errors import CorrectTheReference

_STEPS = ("sensors", "machines", "limits", "shifts", "machine_shifts")
"""Files below upserts/reference, in the order of their foreign keys; each returns the rows that it changed."""

Limits = dict[str, tuple[float, float]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # the file also carries what only the generator reads


class Sensor(_Part):
    """A measured quantity."""

    unit: str
    description: str


class Shift(_Part):
    """A working shift in local wall time; the time zone is the file's unless it has its own."""

    starts: time
    ends: time
    weekdays: list[int] = Field(default=[1, 2, 3, 4, 5, 6, 7], min_length=1)
    time_zone: str | None = None


class Model(_Part):
    """What machines of one kind have in common."""

    idle_rotation_rpm: float = Field(default=0, ge=0)
    limits: Limits = {}


class Machine(_Part):
    """One machine; its own limits stand above its model's."""

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
    """Validates the description.

    Raises:
        CorrectTheReference: it misses something, or names a model, sensor or shift that it does not describe.
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
    """Adds and updates what differs, in the caller's transaction; returns one line per kind that changed.

    A machine that left the file keeps its row and its facts; a placeholder becomes a known machine.
    """
    rows = _make_rows(reference)
    done = []
    with connection.cursor() as cursor:
        for step in _STEPS:
            try:
                cursor.execute(read_sql(f"upserts/reference/{step}.sql"), {"rows": json.dumps(rows[step])})
            except psycopg2.IntegrityError as error:
                sentence = str(error).strip().splitlines()[0]
                raise CorrectTheReference(f"the description of the machines is wrong at {step}: {sentence}") from error
            if cursor.rowcount:
                done.append(f"{step.replace('_', ' ')}: {cursor.rowcount} rows")
    return done


def _refuse_unknown(what: str, names: Any, known: Mapping[str, Any]) -> None:
    for name in names:
        if name not in known:
            raise CorrectTheReference(f"{what} {name!r} is not described; known: {', '.join(known)}")


def _make_rows(reference: Reference) -> dict[str, list[dict[str, Any]]]:
    """Flat rows per step, ready for jsonb_to_recordset."""
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
