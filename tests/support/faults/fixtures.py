"""The fault matrix: a test names its fault, its rounds in CI and its rounds in full; each round has a seed of its own.

`./spark-submit.sh test --faults --seed N` runs `tests/faults` in full and writes the results to `last_full_run.json`.
Every run of pytest loads this file, so modules that load Spark, Kafka or DuckDB are imported inside functions.
"""

import os
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.faults.installation import Installation
    from warehouse.verification import Check

DEFAULT_SEED = 20261124
MATRIX = "fault matrix"
AssertExact = Callable[[Iterable["Check"]], None]
CountInjection = Callable[[], None]


def ci_runs(fault: str, values: Iterable[Any], *chosen: Any) -> list[Any]:
    """Parameters of a test: CI runs the chosen values, a full run all of them."""
    only_in_full = pytest.mark.fault(fault, ci=0)
    return [pytest.param(value, marks=() if value in chosen else only_in_full) for value in values]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a full run."""
    group = parser.getgroup("faults")
    group.addoption("--faults", action="store_true", help="as many rounds as the full matrix asks for")
    group.addoption("--seed", type=int, default=DEFAULT_SEED, help="repeats the random choices of an earlier run")
    group.addoption("--resume", action="store_true", help="save the full run after every test, or resume a saved one")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`@pytest.mark.fault("F1", ci=3, full=100)` on a test that uses `chance`: so many rounds."""
    marker = metafunc.definition.get_closest_marker("fault")
    if marker is None or "chance" not in metafunc.fixturenames:
        return
    metafunc.parametrize("round_number", range(max(_count_rounds(metafunc.config, marker), 1)))


def pytest_report_header(config: pytest.Config) -> str | None:
    """How long a plain run takes, and what it leaves out."""
    if not _is_plain(config):
        return None
    return (
        "about 12 minutes on two cores; left out: the fault tests (with CI=true their share of CI, 15 minutes more; "
        "with --faults all of them, hours)"
    )


@pytest.hookimpl(tryfirst=True)  # before -k deselects: what -k leaves out is missing from the whole matrix
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what only a full run runs (`ci=0`) and what it has run already; notes the fault of the other tests."""
    marks = {item: mark for item in items if (mark := _find_mark(item))}
    for item, mark in marks.items():
        item.user_properties.append(("fault", mark.args[0]))
    absent = [item for item, mark in marks.items() if not _count_rounds(config, mark)]
    if matrix := config.pluginmanager.get_plugin(MATRIX):
        absent += matrix.find_ended([item for item in marks if item not in absent])
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


def _is_plain(config: pytest.Config) -> bool:
    """Whether no option or argument asks for fault tests: not CI, no --faults, and no selection that may mean them."""
    options, words = config.option, config.invocation_params.args
    is_selected = bool(options.markexpr or options.keyword) or any("faults" in str(word) for word in words)
    return not (options.faults or is_selected or os.environ.get("CI", "").lower() == "true")


def _find_mark(item: pytest.Item) -> pytest.Mark | None:
    """The mark of its parameters, else of the test, else of the file."""
    own = [mark for mark in item.own_markers if mark.name == "fault"]
    return own[-1] if own else item.get_closest_marker("fault")


def _count_rounds(config: pytest.Config, marker: pytest.Mark) -> int:
    if _is_plain(config):
        return 0
    return int(marker.kwargs.get("full" if config.getoption("--faults") else "ci", 1))


@pytest.fixture
def chance(request: pytest.FixtureRequest, round_number: int) -> random.Random:
    """The random generator of this round: the same for the same seed, test name and round."""
    seed = request.config.getoption("--seed")
    return random.Random(f"{seed} {request.node.originalname} {round_number}")  # noqa: S311 - replayable on purpose


@pytest.fixture
def full(pytestconfig: pytest.Config) -> bool:
    """True in a run of the whole matrix, False in CI's share of it."""
    return bool(pytestconfig.getoption("--faults"))


@pytest.fixture
def assert_exact(request: pytest.FixtureRequest) -> AssertExact:
    """Fails unless the checks of a recount have no difference; adds their differences to the report of the matrix."""

    def assert_without_differences(checks: "Iterable[Check]") -> None:
        differences = {check.name: check.differences for check in checks if check.differences}
        request.node.user_properties.append(("differences", sum(differences.values())))
        assert differences == {}

    return assert_without_differences


@pytest.fixture
def count_injection(request: pytest.FixtureRequest) -> CountInjection:
    """Adds one injection to the report of the matrix: for tests that inject their fault more than once."""
    return lambda: request.node.user_properties.append(("injections", 1))


@pytest.fixture
def installation() -> "Iterator[Installation]":
    """Broker and database run, topics and schema exist; all processes are stopped afterwards, also after a failure.

    Its folder is not below pytest's own: every other run of pytest closes that to other users, and where tests run as
    root the database server runs as another user.
    """
    import psutil

    from tests.support.faults.installation import RARE_GOLD_BATCHES, Installation
    from tests.support.ports import free_port_overrides

    with tempfile.TemporaryDirectory(prefix="afluente-installation-") as folder:
        installation = Installation(Path(folder), [f"var={folder}", *free_port_overrides(), *RARE_GOLD_BATCHES])
        installation.run("services", "start")
        try:
            installation.run("create_topics")
            installation.run("migrate")
            yield installation
        finally:
            for process in installation.find_leftover_processes():
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            installation.run("services", "stop")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the record of a full run; only a full run writes a report."""
    if config.getoption("--faults"):
        from tests.support.faults.matrix import MatrixRun

        run = MatrixRun(config, config.getoption("--seed"), resume=config.getoption("--resume"))
        config.pluginmanager.register(run, MATRIX)
    elif config.getoption("--resume"):
        raise pytest.UsageError("--resume continues a full run: it needs --faults")
