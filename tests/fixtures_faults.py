"""The fault matrix: a test names its fault, how often it runs in CI and how often in full; every run has its own seed.

`./spark-submit.sh test --faults --seed N` runs `tests/faults` in full and writes what was run to `REPORT`.
"""

import json
import random
import subprocess
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.settings import ROOT
from tests.faults.report import FAULTS, REPORT, FaultRuns, add_test, render_rows
from warehouse.verification import Check

DEFAULT_SEED = 20261124
Judge = Callable[[Iterable[Check]], None]
Injected = Callable[[], None]


def ci_runs(fault: str, values: Iterable[Any], *chosen: Any) -> list[Any]:
    """Parameters of a test, of which CI runs the chosen ones and a full run all."""
    only_in_full = pytest.mark.fault(fault, ci=0)
    return [pytest.param(value, marks=() if value in chosen else only_in_full) for value in values]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two words of a full run."""
    group = parser.getgroup("faults")
    group.addoption("--faults", action="store_true", help="as many rounds as the full matrix asks for")
    group.addoption("--seed", type=int, default=DEFAULT_SEED, help="replays the choices of an earlier run")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`@pytest.mark.fault("F1", ci=3, full=100)` on a test that uses `chance`: so many rounds."""
    marker = metafunc.definition.get_closest_marker("fault")
    if marker is None or "chance" not in metafunc.fixturenames:
        return
    metafunc.parametrize("round_number", range(max(_count_rounds(metafunc.config, marker), 1)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes out what only a full run runs (`ci=0`); what stays tells its fault to the report."""
    marks = {item: mark for item in items if (mark := _find_mark(item))}
    for item, mark in marks.items():
        item.user_properties.append(("fault", mark.args[0]))
    absent = [item for item, mark in marks.items() if not _count_rounds(config, mark)]
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


class MatrixRun:
    """Collects what really ran."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._seed = config, config.getoption("--seed")
        self._started_at, self._commit = _now(), _commit()
        self._runs: dict[str, FaultRuns] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test's verdict, how often it injected its fault, and the differences it was judged by."""
        fault = dict(report.user_properties).get("fault")
        if fault and (report.when == "call" or not report.passed):
            add_test(self._runs, str(fault), injections=_total(report, "injections") or 1,
                     failed=not report.passed, differences=_total(report, "differences"))
        if report.failed:  # not only at the end of a run of hours
            self._config.pluginmanager.get_plugin("terminalreporter").write_line(f"\n{report.longreprtext}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        """The table for people; the JSON for the README only of a run that had every fault and came to its end."""
        terminalreporter.section(f"faults, seed {self._seed}")
        for row in render_rows(self._runs):
            terminalreporter.write_line(row)
        if exitstatus > pytest.ExitCode.TESTS_FAILED or set(self._runs) != set(FAULTS):
            return terminalreporter.write_line(f"not the whole matrix: {REPORT.name} stays as it was")
        facts = {"commit": self._commit, "seed": self._seed, "started_at": self._started_at, "ended_at": _now()}
        REPORT.write_text(json.dumps({**facts, "faults": self._runs}, indent=1, sort_keys=True) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """Only a full run leaves a report."""
    if config.getoption("--faults"):
        config.pluginmanager.register(MatrixRun(config), "fault matrix")


def _total(report: pytest.TestReport, wanted: str) -> int:
    return sum(int(value) for name, value in report.user_properties if name == wanted)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _commit() -> str:
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"

