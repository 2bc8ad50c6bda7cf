"""What a full run of the fault matrix leaves: a JSON beside this file, and the README's table made of it.

`python -m tests.support.faults.report` writes the table anew after a run.
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
    "F0": "seeded bugs, each caught by a named test",
    "F1": "kill -9 of JVM, Python driver or both under load",
    "F2": "crash between any two steps of a batch",
    "F3": "checkpoint files deleted, truncated, flipped",
    "F4": "old checkpoint or database restored, rules changed, clock set back",
    "F5": "two drivers, a driver frozen and woken",
    "F6": "broker or database stopped, killed, away, locked",
    "F7": "network slow, reset, silent, COMMIT unanswered",
    "F8": "disk full: lake, checkpoint, temporary files",
    "F9": "poison, duplicates, disorder",
    "F10": "retention, recreated topic, more partitions",
    "F11": "maintenance, backfill, replay beside the stream",
    "F12": "SIGTERM at random moments",
    "F13": "random walk of the above",
}


class FaultRuns(TypedDict):
    """Injections really made, how many tests failed, and differences of the recount in all of them."""

    runs: int
    failed: int
    differences: int


def add_test(runs: dict[str, FaultRuns], fault: str, *, injections: int, failed: bool, differences: int) -> None:
    """Counts one test of a fault, which may have injected it many times."""
    counted = runs.setdefault(fault, FaultRuns(runs=0, failed=0, differences=0))
    counted["runs"] += injections
    counted["failed"] += failed
    counted["differences"] += differences


def render_rows(runs: dict[str, FaultRuns]) -> Iterator[str]:
    """Lines of a Markdown table, in the order of `FAULTS`."""
    yield "| fault | injection | runs | failed tests | differences |"
    yield "|---|---|---:|---:|---:|"
    for fault, title in FAULTS.items():
        if fault in runs:
            counted = runs[fault]
            yield f"| {fault} | {title} | {counted['runs']} | {counted['failed']} | {counted['differences']} |"


def render_section(report: Path = REPORT) -> str:
    """The README's section between its two marks."""
    facts = json.loads(report.read_text())
    head = f"Commit `{facts['commit']}`, seed {facts['seed']}, {facts['started_at']} to {facts['ended_at']}"
    return "\n".join([BEGIN, head + render_stretches(facts["stretches"]), "", *render_rows(facts["faults"]), END])


def render_stretches(stretches: list[list[str]]) -> str:
    """How long it really ran, where it was broken off and went on."""
    if len(stretches) == 1:
        return "."
    times = [datetime.fromisoformat(end) - datetime.fromisoformat(begin) for begin, end in stretches]
    return f", {sum(times, timedelta()).total_seconds() / 60:.0f} minutes in {len(stretches)} stretches."


def read_section(readme: Path = README) -> str:
    """The section as the README has it."""
    text = readme.read_text()
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def main() -> None:
    """Replaces the section."""
    README.write_text(README.read_text().replace(read_section(), render_section()))


if __name__ == "__main__":
    main()
