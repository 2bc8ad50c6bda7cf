"""The fault matrix: a test names its fault, how often it runs in CI and how often in full; every run has its own seed.

`./spark-submit.sh test --faults --seed N` runs `tests/faults` in full and writes what was run to `REPORT`.
"""

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.support.faults.matrix import MatrixRun
from warehouse.verification import Check

DEFAULT_SEED = 20261124
MATRIX = "fault matrix"
Judge = Callable[[Iterable[Check]], None]
Injected = Callable[[], None]


def ci_runs(fault: str, values: Iterable[Any], *chosen: Any) -> list[Any]:
    """Parameters of a test, of which CI runs the chosen ones and a full run all."""
    only_in_full = pytest.mark.fault(fault, ci=0)
    return [pytest.param(value, marks=() if value in chosen else only_in_full) for value in values]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The words of a full run."""
    group = parser.getgroup("faults")
    group.addoption("--faults", action="store_true", help="as many rounds as the full matrix asks for")
    group.addoption("--seed", type=int, default=DEFAULT_SEED, help="replays the choices of an earlier run")
    group.addoption("--resume", action="store_true", help="keep a record of the full run, or go on where it broke off")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`@pytest.mark.fault("F1", ci=3, full=100)` on a test that uses `chance`: so many rounds."""
    marker = metafunc.definition.get_closest_marker("fault")
    if marker is None or "chance" not in metafunc.fixturenames:
        return
    metafunc.parametrize("round_number", range(max(_count_rounds(metafunc.config, marker), 1)))


@pytest.hookimpl(tryfirst=True)  # what -k takes out is missing from the whole
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes out what only a full run runs (`ci=0`) and what it has run; what stays tells its fault to the report."""
    marks = {item: mark for item in items if (mark := _find_mark(item))}
    for item, mark in marks.items():
        item.user_properties.append(("fault", mark.args[0]))
    absent = [item for item, mark in marks.items() if not _count_rounds(config, mark)]
    if matrix := config.pluginmanager.get_plugin(MATRIX):
        absent += matrix.find_ended([item for item in marks if item not in absent])
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


def _find_mark(item: pytest.Item) -> pytest.Mark | None:
    """The mark of its parameters, else of the test, else of the file."""
    own = [mark for mark in item.own_markers if mark.name == "fault"]
    return own[-1] if own else item.get_closest_marker("fault")


def _count_rounds(config: pytest.Config, marker: pytest.Mark) -> int:
    return int(marker.kwargs.get("full" if config.getoption("--faults") else "ci", 1))


@pytest.fixture
def chance(request: pytest.FixtureRequest, round_number: int) -> random.Random:
    """The choices of this round: the same for the same seed."""
    seed = request.config.getoption("--seed")
    return random.Random(f"{seed} {request.node.originalname} {round_number}")  # noqa: S311 - replayable on purpose


@pytest.fixture
def full(pytestconfig: pytest.Config) -> bool:
    """Whether this is the whole matrix, not CI's share of it."""
    return bool(pytestconfig.getoption("--faults"))


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Judge:
    """Takes the checks of a recount, keeps the differences for the report and fails unless there are none."""

    def take(checks: Iterable[Check]) -> None:
        differences = {check.name: check.differences for check in checks if check.differences}
        request.node.user_properties.append(("differences", sum(differences.values())))
        assert differences == {}

    return take


@pytest.fixture
def injected(request: pytest.FixtureRequest) -> Injected:
    """Called by a test that injects its fault more than once, after each time."""
    return lambda: request.node.user_properties.append(("injections", 1))


def pytest_configure(config: pytest.Config) -> None:
    """Only a full run leaves a report."""
    if config.getoption("--faults"):
        run = MatrixRun(config, config.getoption("--seed"), resume=config.getoption("--resume"))
        config.pluginmanager.register(run, MATRIX)
    elif config.getoption("--resume"):
        raise pytest.UsageError("--resume goes on with a full run: it needs --faults")
