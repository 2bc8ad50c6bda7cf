"""A plain run of the tests leaves the faults to CI; whoever selects tests gets what he selects."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.faults.fixtures import pytest_report_header


def make_config(*arguments: str, faults: bool = False, keyword: str = "", markexpr: str = "") -> pytest.Config:
    option = SimpleNamespace(faults=faults, keyword=keyword, markexpr=markexpr)
    return cast(pytest.Config, SimpleNamespace(option=option, invocation_params=SimpleNamespace(args=arguments)))


@pytest.mark.parametrize(
    ("changes", "arguments", "ci", "leaves_out"),
    [
        ({}, [], "", True),
        ({}, ["tests/unit", "-x"], "", True),
        ({}, [], "true", False),
        ({}, ["tests/faults/test_f01_driver_killed.py"], "", False),
        ({"faults": True}, ["--faults"], "", False),
        ({"keyword": "killed"}, [], "", False),
        ({"markexpr": "fault"}, [], "", False),
    ],
)
def test_faults_are_left_out_of_a_plain_run_only(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], arguments: list[str], ci: str, leaves_out: bool
) -> None:
    monkeypatch.setenv("CI", ci)
    assert (pytest_report_header(make_config(*arguments, **changes)) is not None) == leaves_out
