"""What must hold after every fault, whatever it was: exact numbers, whole files, and nothing left behind."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from pyarrow import parquet

from streaming.processes import wait_until
from tests.fixtures_faults import Judge
from tests.fixtures_plant import Plant
from warehouse.verification import Check

LEAVE_SECONDS = 30.0
"""For processes and sessions to vanish after their driver; the server notices a client that was killed at once."""


def assert_settled(plant: Plant, judge: Judge) -> dict[str, Check]:
    """Drains what waits, then every invariant; returns the recount's checks by name."""
    plant.run("stream", "--available-now")
    checks = plant.prove()
    judge(checks)
    assert_every_commit_is_readable(plant.lake)
    assert wait_until(lambda: not plant.find_leftovers(), LEAVE_SECONDS), plant.find_leftovers()
    assert wait_until(lambda: not plant.driver_sessions(), LEAVE_SECONDS), plant.driver_sessions()
    assert list((plant.root / plant.settings.var.relative_to("/") / "tmp").iterdir()) == []
    return {check.name: check for check in checks}


def assert_every_commit_is_readable(lake: Path) -> None:
    """Each file that a commit of any table has ever added is there and holds as many rows as the log says."""
    added = list(_read_added(lake))
    assert added, f"there is no commit below {lake}"
    wrong = [(str(file), rows) for file, rows in added if parquet.read_metadata(file).num_rows != rows]
    assert wrong == []


def _read_added(lake: Path) -> Iterator[tuple[Path, int]]:
    """(file, logged rows) of every commit."""
    for commit in sorted(lake.glob("*/*/_delta_log/*.json")):
        table = commit.parent.parent
        for line in commit.read_text().splitlines():
            add = json.loads(line).get("add")
            if add is not None:
                yield table / unquote(add["path"]), int(json.loads(add["stats"])["numRecords"])
