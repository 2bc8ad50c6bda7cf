"""The --help of every job equals its golden file. After an intended change run with GOLDEN=write and read the diff."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.__main__ import read_jobs
from jobs.settings import ROOT

GOLDEN = Path(__file__).parent / "help"


def ask_for_help(job: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AFLUENTE_")}
    environment = {**kept, "COLUMNS": "100", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    answer = subprocess.run(
        [sys.executable, "-P", "-m", "jobs", job, "--help"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("job", sorted(read_jobs()))
def test_the_help_of_a_job_is_its_golden_file(job: str) -> None:
    path = GOLDEN / f"{job}.txt"
    printed = ask_for_help(job)
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(printed)
    assert printed == path.read_text()


def test_no_golden_file_outlives_its_job() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(read_jobs())


@pytest.mark.parametrize("job", sorted(read_jobs()))
def test_every_job_has_profile_and_set(job: str) -> None:
    printed = (GOLDEN / f"{job}.txt").read_text()
    assert "--profile NAME" in printed
    assert "--set KEY=VALUE" in printed
