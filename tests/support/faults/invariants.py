"""What must hold after every fault: exact numbers, complete files, no process, session or temporary file left."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from pyarrow import parquet

from streaming.local.processes import wait_until
from tests.support.faults.fixtures import AssertExact
from tests.support.faults.installation import Installation
from tests.support.faults.running_job import RunningJob
from warehouse.verification import Check

CLEANUP_SECONDS = 30.0
"""For processes and sessions to end after their driver; the server notices a killed client at once."""
STOP_SECONDS = 10.0
"""From SIGTERM to the end of the driver."""


def assert_settled(installation: Installation, assert_exact: AssertExact) -> dict[str, Check]:
    """Drains the topics, then asserts every invariant; returns the recount's checks by name."""
    installation.run("stream", "--available-now")
    checks = installation.verify()
    assert_exact(checks)
    assert_every_commit_is_readable(installation.lake)
    assert wait_until(lambda: not installation.find_leftover_processes(), CLEANUP_SECONDS), (
        installation.find_leftover_processes()
    )
    assert wait_until(lambda: not installation.find_driver_sessions(), CLEANUP_SECONDS), (
        installation.find_driver_sessions()
    )
    assert list((installation.root / installation.settings.var.relative_to("/") / "tmp").iterdir()) == []
    return {check.name: check for check in checks}


def assert_every_commit_is_readable(lake: Path) -> None:
    """Fails unless each file that any commit of any table added exists and has as many rows as the log says."""
    added = list(_read_added(lake))
    assert added, f"there is no commit in {lake}"
    wrong = [(str(file), rows) for file, rows in added if parquet.read_metadata(file).num_rows != rows]
    assert wrong == []


def _read_added(lake: Path) -> Iterator[tuple[Path, int]]:
    """(file, rows according to the log) of every commit."""
    for commit in sorted(lake.glob("*/*/_delta_log/*.json")):
        table = commit.parent.parent
        for line in commit.read_text().splitlines():
            add = json.loads(line).get("add")
            if add is not None:
                yield table / unquote(add["path"]), int(json.loads(add["stats"])["numRecords"])


def assert_stops(job: RunningJob) -> None:
    """SIGTERM; the driver must end in time, with code 0 (143: not started yet, or killed) and without stack trace."""
    code, seconds = job.terminate()
    assert code in (0, 143), job.read_log()[-3000:]
    assert seconds < STOP_SECONDS
    job.assert_no_stack_trace()
