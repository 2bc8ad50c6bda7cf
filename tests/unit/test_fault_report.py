"""The table of the fault matrix says what ran, and the README's copy is that table."""

from tests.faults.report import (
    BEGIN,
    FAULTS,
    README,
    REPORT,
    FaultRuns,
    add_test,
    read_section,
    render_rows,
    render_section,
)


def test_injections_are_counted_with_their_verdict_and_differences() -> None:
    runs: dict[str, FaultRuns] = {}
    add_test(runs, "F2", injections=1, failed=False, differences=0)
    add_test(runs, "F2", injections=5, failed=True, differences=7)
    assert list(render_rows(runs))[2:] == [f"| F2 | {FAULTS['F2']} | 6 | 1 | 7 |"]


def test_the_readme_shows_the_last_full_run_and_no_other_figures() -> None:
    if REPORT.exists():
        assert read_section() == render_section()
    else:
        assert BEGIN not in README.read_text()
