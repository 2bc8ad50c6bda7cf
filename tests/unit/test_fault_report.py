"""The report of the fault matrix: its table, its copy in the README, and the record of a run that is resumed."""

import subprocess
from pathlib import Path

import pytest

from tests.support.faults import matrix
from tests.support.faults.report import (
    BEGIN,
    FAULTS,
    README,
    REPORT,
    FaultRuns,
    add_test,
    read_section,
    render_rows,
    render_section,
    render_stretches,
)


def test_a_fault_adds_up_injections_failures_and_differences() -> None:
    runs: dict[str, FaultRuns] = {}
    add_test(runs, "F2", injections=1, failed=False, differences=0)
    add_test(runs, "F2", injections=5, failed=True, differences=7)
    assert list(render_rows(runs))[2:] == [f"| F2 | {FAULTS['F2']} | 6 | 1 | 7 |"]


def test_the_readme_shows_the_last_full_run_and_no_other_figures() -> None:
    if REPORT.exists():
        assert read_section() == render_section()
    else:
        assert BEGIN not in README.read_text()


def test_stretches_are_rendered_only_for_a_resumed_run() -> None:
    whole = ["2026-01-01T10:00:00+00:00", "2026-01-01T11:30:00+00:00"]
    assert render_stretches([whole]) == "."
    assert render_stretches([whole, whole]) == ", 180 minutes in 2 stretches."


def make_report(when: str, outcome: str, *properties: tuple[str, object]) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="t",
        location=("t", 0, "t"),
        keywords={},
        outcome=outcome,
        longrepr=None,
        when=when,
        user_properties=list(properties),
    )


def test_a_saved_record_has_the_results_of_every_phase(tmp_path: Path) -> None:
    record = matrix.MatrixRecord("c", 7)
    record.begin_stretch()
    injections = [("injections", 1)] * 3
    record.add(make_report("setup", "passed"), "F1")
    record.add(make_report("call", "failed", *injections, ("differences", 2)), "F1")
    record.add(make_report("teardown", "passed", *injections, ("differences", 2)), "F1")
    record.save(tmp_path / "run.json")
    loaded = matrix.MatrixRecord.load(tmp_path / "run.json")
    assert loaded == record
    assert loaded.sum_up() == {"F1": FaultRuns(runs=3, failed=1, differences=2)}


def test_a_run_is_resumed_only_with_the_same_seed_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments], cwd=tmp_path, check=True
        )

    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    for name in ("README.md", "code.py"):
        (tmp_path / name).write_text("before")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "begun")
    record = matrix.MatrixRecord(matrix.read_commit(), 7)
    (tmp_path / "README.md").write_text("a README may change")
    matrix.check_same(record, 7)
    with pytest.raises(pytest.UsageError, match="delete it to start a new run"):
        matrix.check_same(record, 8)
    (tmp_path / "code.py").write_text("code may not change")
    with pytest.raises(pytest.UsageError, match="delete it to start a new run"):
        matrix.check_same(record, 7)
