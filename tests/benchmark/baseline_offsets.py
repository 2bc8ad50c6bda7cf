"""Which Kafka offsets a baseline's batches cover, so that it need not record them itself.

A baseline writes only its batch's id to PostgreSQL, in the transaction of the batch. Spark's checkpoint says at which
offsets of its source that batch ended: of Kafka itself (tutorial), or a version of the Delta table silver, whose files
hold partition and offset of every row (by_the_docs). All this is read after the run; it costs the baseline nothing.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pyarrow as pa

from tests.benchmark.visibility import make_commits

TOPIC = "posts"


def read_commits(lake: Path, batches: Mapping[int, datetime]) -> pa.Table:
    """`visibility.COMMITS` of the query gold. `batches`: batch id -> when PostgreSQL committed it."""
    rows: list[tuple[str, int, int, datetime]] = []
    reached: dict[int, dict[int, int]] = {}
    for batch_id, committed_at in sorted(batches.items()):
        end = read_source_end(lake / "checkpoints" / "gold", batch_id)
        if TOPIC in end:
            covered = {int(partition): int(offset) for partition, offset in end[TOPIC].items()}
        else:
            reached = reached or read_ends_by_version(lake / "silver")
            covered = find_covered(reached, end)
        rows += [(TOPIC, partition, offset, committed_at) for partition, offset in covered.items()]
    return make_commits(rows)


def read_source_end(checkpoint: Path, batch_id: int) -> dict[str, dict[str, int]]:
    """End offsets of a batch: the last line of the file that Spark writes before it runs the batch."""
    lines = (checkpoint / "offsets" / str(batch_id)).read_text(encoding="utf-8").splitlines()
    end = json.loads(lines[-1])
    assert isinstance(end, dict)
    return end


def find_covered(reached: Mapping[int, Mapping[int, int]], end: Mapping[str, object]) -> Mapping[int, int]:
    """Kafka offsets of the newest version that a batch has read whole.

    `end` is Delta's source offset: all versions before `reservoirVersion`, and of that one the files up to `index`,
    -1 or less for none. A version read in part counts as unread: it is visible one batch later at most.
    """
    last = int(str(end["reservoirVersion"])) - 1
    versions = [version for version in reached if version <= last]
    return reached[max(versions)] if versions else {}


def read_ends_by_version(table: Path) -> dict[int, dict[int, int]]:
    """Version of silver -> partition -> offset after the newest one that the table holds by then."""
    ends: dict[int, dict[int, int]] = {}
    newest: dict[int, int] = {}
    with duckdb.connect() as database:
        for commit in sorted((table / "_delta_log").glob("*.json")):
            files = [str(table / unquote(path)) for path in _read_added(commit)]
            if files:
                query = 'SELECT "partition", max("offset") + 1 FROM read_parquet($files) GROUP BY ALL'
                found = dict(database.execute(query, {"files": files}).fetchall())
                newest = {p: max(newest.get(p, 0), found.get(p, 0)) for p in {*newest, *found}}
            ends[int(commit.stem)] = newest
    return ends


def _read_added(commit: Path) -> list[str]:
    actions = map(json.loads, commit.read_text(encoding="utf-8").splitlines())
    return [action["add"]["path"] for action in actions if "add" in action]
