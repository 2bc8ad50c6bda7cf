"""Latency: from a post's sending, in the generator's journal, to the commit in PostgreSQL that covers its offset.

The same query for every contender, that of the demo (`streaming/local/latencies.sql`); only where the commits come from
differs: the product's are in `ops.ledger`, a baseline's are read by `baseline_offsets`.
"""

import importlib.resources
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from streaming.local.latency import Latency
from warehouse.database.connections import connect, read_sql

COMMITS = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("to_offset", pa.int64()),
        ("committed_at", pa.timestamp("us")),
    ]
)
"""Grain: one commit and partition; offsets below `to_offset` are visible since `committed_at`, UTC."""


def read_product_commits(url: str) -> pa.Table:
    """All rows of `ops.ledger`."""
    with closing(connect(url, application_name="benchmark")) as session, session.cursor() as cursor:
        cursor.execute(read_sql("ledger/commits_since.sql"), {"since": datetime(2000, 1, 1, tzinfo=UTC)})
        return make_commits(cursor.fetchall())


def make_commits(rows: list[tuple[str, int, int, datetime]]) -> pa.Table:
    """Rows of `COMMITS`, from times with a zone."""
    naive = [(topic, partition, offset, without_zone(at)) for topic, partition, offset, at in rows]
    columns = [list(column) for column in zip(*naive, strict=True)] if naive else [[] for _ in COMMITS]
    return pa.table(columns, schema=COMMITS)


def read_latencies(journal: Path, commits: pa.Table, since: datetime) -> dict[str, Latency]:
    """Latencies by topic, of the events sent at or after `since`."""
    files = [str(path) for path in journal.glob("*.jsonl")]
    query = importlib.resources.files("streaming.local").joinpath("latencies.sql").read_text(encoding="utf-8")
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as database:
        database.register("commits", commits)
        rows = database.execute(query, {"files": files, "since": without_zone(since)}).fetchall()
    return {row[0]: Latency(*row) for row in rows}


def without_zone(moment: datetime) -> datetime:
    """The same moment in UTC without a zone, as DuckDB wants it."""
    return moment.astimezone(UTC).replace(tzinfo=None)
