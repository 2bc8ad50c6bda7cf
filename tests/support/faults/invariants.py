"""What must hold after every fault, whatever it was: exact numbers, whole files, and nothing left behind."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from pyarrow import parquet

from streaming.local.processes import wait_until
from tests.support.faults.fixtures import Judge
from tests.support.faults.lakehouse import Lakehouse
from tests.support.faults.running import Running
from warehouse.verification import Check

CLEANUP_SECONDS = 30.0
"""For processes and sessions to vanish after their driver; the server notices a client that was killed at once."""
STOP_SECONDS = 10.0
"""From a stop request to the end of the driver."""


def assert_settled(lakehouse: Lakehouse, judge: Judge) -> dict[str, Check]:
    """Drains what waits, then every invariant; returns the recount's checks by name."""
    lakehouse.run("stream", "--available-now")
    checks = lakehouse.verify()
    judge(checks)
    assert_every_commit_is_readable(lakehouse.lake)
    assert wait_until(lambda: not lakehouse.find_leftovers(), CLEANUP_SECONDS), lakehouse.find_leftovers()
    assert wait_until(lambda: not lakehouse.driver_sessions(), CLEANUP_SECONDS), lakehouse.driver_sessions()
    assert list((lakehouse.root / lakehouse.settings.var.relative_to("/") / "tmp").iterdir()) == []
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


def assert_leaves(stream: Running) -> None:
    """In time, as asked (0, or 143 where it had begun nothing or had to be killed), without a stack trace."""
    code, seconds = stream.terminate()
    assert code in (0, 143), stream.text()[-3000:]
    assert seconds < STOP_SECONDS
    stream.assert_no_trace()
