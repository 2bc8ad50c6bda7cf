"""A run of the fault matrix: the result of every test, kept in a file so that a run of hours can be resumed."""

import json
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypedDict

import pytest

from jobs.settings import ROOT
from tests.support.faults.report import FAULTS, REPORT, FaultRuns, add_test, render_rows

UNFINISHED = REPORT.with_name("unfinished_run.json")
ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
"""Exit codes of a run that was not interrupted; nothing is collected if an earlier stretch has run every test."""
NOT_CODE = (":!README.md", ":!tests/faults/*.json")
"""Files that may change between two stretches of a run, because no test runs them."""


class TestRun(TypedDict):
    """Result of one test: injections that were made, and differences of its recounts."""

    fault: str
    injections: int
    failed: bool
    differences: int


@dataclass
class MatrixRecord:
    """Results by node id, for one seed and one commit; `stretches` has [begin, end] of each time it was running."""

    commit: str
    seed: int
    stretches: list[list[str]] = field(default_factory=list)
    tests: dict[str, TestRun] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote."""
        return cls(**json.loads(path.read_text()))

    def save(self, path: Path) -> None:
        """Writes the file atomically: the process may be killed at any moment."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")
        draft.replace(path)

    def begin_stretch(self) -> None:
        """Notes that the run begins or is resumed now."""
        self.stretches.append([now(), now()])

    def add(self, report: pytest.TestReport, fault: str) -> None:
        """Takes a phase of a test; properties accumulate over the phases, so the last one has all of them."""
        failed = not report.passed or self.tests.get(report.nodeid, {"failed": False})["failed"]
        self.tests[report.nodeid] = TestRun(
            fault=fault,
            injections=_total(report, "injections") or 1,
            failed=failed,
            differences=_total(report, "differences"),
        )
        self.stretches[-1][1] = now()

    def sum_up(self) -> dict[str, FaultRuns]:
        """Totals by fault."""
        runs: dict[str, FaultRuns] = {}
        for test in self.tests.values():
            add_test(
                runs,
                test["fault"],
                injections=test["injections"],
                failed=test["failed"],
                differences=test["differences"],
            )
        return runs

    def describe_whole(self) -> dict[str, object]:
        """Content of `REPORT` for a complete run."""
        return {
            "commit": self.commit,
            "seed": self.seed,
            "stretches": self.stretches,
            "started_at": self.stretches[0][0],
            "ended_at": self.stretches[-1][1],
            "faults": self.sum_up(),
        }


class MatrixRun:
    """Plugin that records a full run; with `resume` it saves the record after every test."""

    def __init__(self, config: pytest.Config, seed: int, *, resume: bool) -> None:
        self._config, self._resume, self._wanted = config, resume, set[str]()
        self.record = MatrixRecord(read_commit(), seed)
        if resume and UNFINISHED.exists():
            self.record = MatrixRecord.load(UNFINISHED)
            check_same(self.record, seed)
        self.record.begin_stretch()

    def find_ended(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Notes the collected tests as the whole matrix; returns those that an earlier stretch has run."""
        self._wanted = {item.nodeid for item in items}
        return [item for item in items if item.nodeid in self.record.tests]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Records each phase of a test; saves after its teardown."""
        fault = dict(report.user_properties).get("fault")
        if fault:
            self.record.add(report, str(fault))
        if report.failed:  # at once, not only at the end of a run of hours
            self._config.pluginmanager.get_plugin("terminalreporter").write_line(f"\n{report.longreprtext}")
        if self._resume and report.when == "teardown":
            self.record.save(UNFINISHED)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fails the run if a test failed in an earlier stretch."""
        if any(test["failed"] for test in self.record.tests.values()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        """Prints the table; writes `REPORT` only if every test of the whole matrix has run."""
        runs = self.record.sum_up()
        terminalreporter.section(f"faults, seed {self.record.seed}")
        for row in render_rows(runs):
            terminalreporter.write_line(row)
        if exitstatus not in ENDED or not self._is_whole(runs):
            return terminalreporter.write_line(f"not the whole matrix: {REPORT.name} is unchanged")
        REPORT.write_text(json.dumps(self.record.describe_whole(), indent=1, sort_keys=True) + "\n")
        if self._resume:
            UNFINISHED.unlink()

    def _is_whole(self, runs: dict[str, FaultRuns]) -> bool:
        return set(runs) == set(FAULTS) and self._wanted == set(self.record.tests)


def check_same(record: MatrixRecord, seed: int) -> None:
    """Raises a usage error unless seed and code are those with which the recorded run began."""
    code_is_same = _git("diff", "--quiet", record.commit, "--", ".", *NOT_CODE).returncode == 0
    if record.seed != seed or not code_is_same:
        raise pytest.UsageError(
            f"{UNFINISHED.name} was begun with seed {record.seed} at commit {record.commit}; seed or code differ now: "
            "delete it to start a new run"
        )


def read_commit() -> str:
    """The checked out commit, with `-dirty` if files differ from it."""
    return _git("describe", "--always", "--dirty", "--abbrev=12").stdout.strip() or "unknown"


def now() -> str:
    """UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)


def _total(report: pytest.TestReport, wanted: str) -> int:
    return sum(int(value) for name, value in report.user_properties if name == wanted)
