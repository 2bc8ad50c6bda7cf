"""The migration files and the description of the machines, without a database."""

import re
from typing import Any

import pytest

from tests.support.postgres import read_machines
from warehouse.database.machine_reference import parse_reference
from warehouse.database.migrations import list_sql_files
from warehouse.errors import CorrectTheReference


def make_tree(**changes: Any) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "sensors": {"temperature_c": {"unit": "°C", "description": "heat"}},
        "shifts": {"day": {"starts": "06:00", "ends": "14:00"}},
        "models": {"mill": {"limits": {"temperature_c": [0, 80]}}},
        "machines": {"m": {"model": "mill", "line": "l", "site": "s", "shifts": ["day"]}},
    }
    return {**tree, **changes}


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [int(re.fullmatch(r"(\d{4})_\w+\.sql", file.name)[1]) for file in list_sql_files("ddl")]
    assert numbers == list(range(1, len(numbers) + 1))


def test_there_are_ten_questions_and_each_says_what_it_asks() -> None:
    questions = list_sql_files("serving/questions")
    assert len(questions) == 10
    for question in questions:
        assert re.match(r"-- [A-Z].*\?", question.read()), question.name


def test_the_projects_machines_are_valid() -> None:
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
    ("changes", "words"),
    [
        ({"machines": {"m": {"model": "saw", "line": "l", "site": "s"}}}, "machine m: model 'saw' is not described"),
        ({"machines": {"m": {"model": "mill", "line": "l", "site": "s", "shifts": ["night"]}}}, "shift 'night'"),
        ({"models": {"mill": {"limits": {"smell": [0, 1]}}}}, "limit of sensor 'smell'"),
        ({"machines": {"m": {"model": "mill", "site": "s"}}}, r"machines\.m\.line"),
        ({"sensors": None}, "sensors"),
    ],
)
def test_a_wrong_description_names_the_place(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(CorrectTheReference, match=words):
        parse_reference(make_tree(**changes))
