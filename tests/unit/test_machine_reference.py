"""Validation of conf/machines.yaml, the description of machines, sensors and shifts."""

from typing import Any

import pytest

from tests.support.postgres import read_machines
from warehouse.database.machine_reference import parse_reference
from warehouse.errors import CorrectTheReference


def make_tree(**changes: Any) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "sensors": {"temperature_c": {"unit": "°C", "description": "heat"}},
        "shifts": {"day": {"starts": "06:00", "ends": "14:00"}},
        "models": {"mill": {"limits": {"temperature_c": [0, 80]}}},
        "machines": {"m": {"model": "mill", "line": "l", "site": "s", "shifts": ["day"]}},
    }
    return {**tree, **changes}


def test_the_shipped_description_of_machines_is_valid() -> None:
    reference = read_machines()
    assert len(reference.machines) >= 15
    assert set(reference.sensors) == {
        "temperature_c",
        "vibration_mm_s",
        "rotation_rpm",
        "pressure_bar",
        "power_kw",
        "parts_count",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"machines": {"m": {"model": "saw", "line": "l", "site": "s"}}}, "machine m: model 'saw' is not described"),
        ({"machines": {"m": {"model": "mill", "line": "l", "site": "s", "shifts": ["night"]}}}, "shift 'night'"),
        ({"models": {"mill": {"limits": {"smell": [0, 1]}}}}, "limit of sensor 'smell'"),
        ({"machines": {"m": {"model": "mill", "site": "s"}}}, r"machines\.m\.line"),
        ({"sensors": None}, "sensors"),
    ],
)
def test_an_invalid_description_names_the_wrong_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CorrectTheReference, match=message):
        parse_reference(make_tree(**changes))
