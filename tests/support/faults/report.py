"""The result of a full run of the fault matrix: `last_full_run.json`, and the table in the README made from it.

`python -m tests.support.faults.report` replaces the table after a run.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypedDict

FOLDER = Path(__file__).parents[2] / "faults"
REPORT = FOLDER / "last_full_run.json"
README = FOLDER / "README.md"
BEGIN, END = "<!-- faults: made by tests/support/faults/report.py -->", "<!-- end of faults -->"
FAULTS = {
    "F0": "seeded bugs, each caught by a named check",
    "F1": "kill -9 of JVM, Python driver or both under load",
    "F2": "crash between any two steps of a batch",
    "F3": "checkpoint files deleted, truncated, flipped",
    "F4": "old checkpoint or database restored, rules changed, clock set back, power cut",
    "F5": "two drivers at once, a driver frozen and resumed",
    "F6": "broker or database stopped or killed, sessions terminated, table locked",
    "F7": "network slow, connections reset, no traffic, COMMIT without an answer",
    "F8": "disk full: lake, checkpoints, temporary files",
    "F9": "poison messages, duplicates, out-of-order records",
    "F10": "records lost to retention, recreated topic, more partitions",
    "F11": "maintenance, backfill or replay beside the stream or killed",
    "F12": "SIGTERM at random moments",
    "F13": "50 of these faults in a row, drawn at random",
}


class FaultRuns(TypedDict):
    """Totals of one fault: injections made, failed tests, differences of all recounts."""

    runs: int
    failed: int
    differences: int


def add_test(runs: dict[str, FaultRuns], fault: str, *, injections: int, failed: bool, differences: int) -> None:
    """Adds one test of a fault, which may have injected it several times."""
    counted = runs.setdefault(fault, FaultRuns(runs=0, failed=0, differences=0))
    counted["runs"] += injections
    counted["failed"] += failed
    counted["differences"] += differences


def render_rows(runs: dict[str, FaultRuns]) -> Iterator[str]:
    """Lines of a Markdown table, in the order of `FAULTS`, without faults that were not run."""
    yield "| fault | injection | runs | failed tests | differences |"
    yield "|---|---|---:|---:|---:|"
    for fault, title in FAULTS.items():
        if fault in runs:
            counted = runs[fault]
            yield f"| {fault} | {title} | {counted['runs']} | {counted['failed']} | {counted['differences']} |"


def render_section(report: Path = REPORT) -> str:
    """The README's section from `BEGIN` to `END`, for the JSON of a full run."""
    run = json.loads(report.read_text())
    head = f"Commit `{run['commit']}`, seed {run['seed']}, {run['started_at']} to {run['ended_at']}"
    return "\n".join([BEGIN, head + render_stretches(run["stretches"]), "", *render_rows(run["faults"]), END])


def render_stretches(stretches: list[list[str]]) -> str:
    """End of the sentence on times: how long the run took without the breaks, if it was resumed."""
    if len(stretches) == 1:
        return "."
    times = [datetime.fromisoformat(end) - datetime.fromisoformat(begin) for begin, end in stretches]
    return f", {sum(times, timedelta()).total_seconds() / 60:.0f} minutes in {len(stretches)} stretches."


def read_section(readme: Path = README) -> str:
    """The section as it stands in the README."""
    text = readme.read_text()
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def main() -> None:
    """Replaces the section in the README."""
    README.write_text(README.read_text().replace(read_section(), render_section()))


if __name__ == "__main__":
    main()
