"""A run of the fault matrix: what every test did, kept in a file so that a run of hours may be broken off and go on."""

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
"""Not interrupted; and where all had run before, there was nothing left to collect."""
NOT_CODE = (":!README.md", ":!tests/faults/*.json")
"""What may change between two stretches of a run: nothing that is run."""


class TestRun(TypedDict):
    """What one test did: injections really made, and the differences of its recounts."""

    fault: str
    injections: int
    failed: bool
    differences: int


@dataclass
class MatrixRecord:
    """Tests that have ended, of one seed and one state of the code; `stretches` are the times it ran, begin and end."""

    commit: str
    seed: int
    stretches: list[list[str]] = field(default_factory=list)
    tests: dict[str, TestRun] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """As `save` left it."""
        return cls(**json.loads(path.read_text()))

    def save(self, path: Path) -> None:
        """Atomically: the machine may go away at any moment."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")
        draft.replace(path)

    def begin_stretch(self) -> None:
        """From now on the run goes on."""
        self.stretches.append([now(), now()])

    def add(self, report: pytest.TestReport, fault: str) -> None:
        """A phase of a test; its properties count up, so the last phase tells all."""
        failed = not report.passed or self.tests.get(report.nodeid, {"failed": False})["failed"]
        self.tests[report.nodeid] = TestRun(
            fault=fault,
            injections=_total(report, "injections") or 1,
            failed=failed,
            differences=_total(report, "differences"),
        )
        self.stretches[-1][1] = now()

    def sum_up(self) -> dict[str, FaultRuns]:
        """By fault."""
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
        """What is kept of a run that came to its end."""
        return {
            "commit": self.commit,
            "seed": self.seed,
            "stretches": self.stretches,
            "started_at": self.stretches[0][0],
            "ended_at": self.stretches[-1][1],
            "faults": self.sum_up(),
        }


class MatrixRun:
    """The plugin that keeps the record of a full run; with `resume` in a file, after every test."""

    def __init__(self, config: pytest.Config, seed: int, *, resume: bool) -> None:
        self._config, self._resume, self._wanted = config, resume, set[str]()
        self.record = MatrixRecord(read_commit(), seed)
        if resume and UNFINISHED.exists():
            self.record = MatrixRecord.load(UNFINISHED)
            check_same(self.record, seed)
        self.record.begin_stretch()

    def find_ended(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """All that were collected belong to the whole; what has ended in an earlier stretch is not run again."""
        self._wanted = {item.nodeid for item in items}
        return [item for item in items if item.nodeid in self.record.tests]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Once a test has been torn down it is in the record."""
        fault = dict(report.user_properties).get("fault")
        if fault:
            self.record.add(report, str(fault))
        if report.failed:  # not only at the end of a run of hours
            self._config.pluginmanager.get_plugin("terminalreporter").write_line(f"\n{report.longreprtext}")
        if self._resume and report.when == "teardown":
            self.record.save(UNFINISHED)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A test that failed in an earlier stretch has failed."""
        if any(test["failed"] for test in self.record.tests.values()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        """The table for people; the JSON for the README only of a run that came to the end of every fault."""
        runs = self.record.sum_up()
        terminalreporter.section(f"faults, seed {self.record.seed}")
        for row in render_rows(runs):
            terminalreporter.write_line(row)
        if exitstatus not in ENDED or not self._is_whole(runs):
            return terminalreporter.write_line(f"not the whole matrix: {REPORT.name} stays as it was")
        REPORT.write_text(json.dumps(self.record.describe_whole(), indent=1, sort_keys=True) + "\n")
        if self._resume:
            UNFINISHED.unlink()

    def _is_whole(self, runs: dict[str, FaultRuns]) -> bool:
        return set(runs) == set(FAULTS) and self._wanted == set(self.record.tests)


def check_same(record: MatrixRecord, seed: int) -> None:
    """A run goes on with the seed and the code it was begun with, or not at all."""
    code_is_same = _git("diff", "--quiet", record.commit, "--", ".", *NOT_CODE).returncode == 0
    if record.seed != seed or not code_is_same:
        raise pytest.UsageError(
            f"{UNFINISHED.name} is of seed {record.seed} and commit {record.commit}, and seed or code differ now: "
            "remove it to begin anew"
        )


def read_commit() -> str:
    """The commit that runs, marked where files differ from it."""
    return _git("describe", "--always", "--dirty", "--abbrev=12").stdout.strip() or "unknown"


def now() -> str:
    """UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)


def _total(report: pytest.TestReport, wanted: str) -> int:
    return sum(int(value) for name, value in report.user_properties if name == wanted)
