"""The independent recount: what the generator's journal says against what a contender wrote.

It shares no code with any contender. The input is clean, so every post must be in bronze and silver
once, and in PostgreSQL's counts with each of its tags.
"""

import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

_MEMORY_LIMIT = "1GB"
_SHOWN = 3
_DIFFERENCES = """
SELECT "minute", hashtag, language, e.posts, w.posts
FROM expected AS e FULL JOIN written AS w USING ("minute", hashtag, language)
WHERE e.posts IS DISTINCT FROM w.posts ORDER BY ALL
"""

Count = tuple[int, str, str, int]
"""Start of the minute in seconds since 1970, hashtag, language, posts."""


@dataclass(frozen=True)
class Written:
    """What a contender has written: rows of its layers that come from posts, and its counts in PostgreSQL."""

    layers: dict[str, int]
    counts: Sequence[Count]


@dataclass(frozen=True)
class Expected:
    """Sums of a journal: posts, and the sum over all counts, by which a reader sees that a contender has finished."""

    posts: int
    counted: int


def sum_journal(journal: Path) -> Expected:
    """The sums that a contender must reach."""
    with _load_journal(journal) as database:
        sums = database.execute("SELECT (SELECT count(*) FROM sent), coalesce(sum(posts), 0)::BIGINT FROM expected")
        ((posts, counted),) = sums.fetchall()
    return Expected(posts, counted)


def find_differences(journal: Path, written: Written) -> list[str]:
    """One sentence per difference, the counts' differences in one; empty where all is equal."""
    with _load_journal(journal) as database:
        found = _check_journal(database)
        posts = _read_number(database, "SELECT count(*) FROM sent")
        found += [
            f"{layer} has {rows} posts, {posts} were sent" for layer, rows in written.layers.items() if rows != posts
        ]
        database.register("written", _make_table(written.counts))
        different = database.execute(_DIFFERENCES).fetchall()
    if different:
        shown = ", ".join(f"{row[:3]}: {row[3]} sent, {row[4]} counted" for row in different[:_SHOWN])
        found.append(f"{len(different)} counts differ, the first: {shown}")
    return found


def count_rows(table: Path) -> int:
    """Rows of a Delta table that come from the topic `posts`: all, where it has no column `topic`."""
    try:
        rows = DeltaTable(str(table)).to_pyarrow_dataset()
    except TableNotFoundError:
        return 0
    is_post = pa.dataset.field("topic") == "posts" if "topic" in rows.schema.names else None
    return int(rows.count_rows(filter=is_post))


def _load_journal(journal: Path) -> duckdb.DuckDBPyConnection:
    files = [str(path) for path in journal.glob("posts-*.jsonl")]
    database = duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": 2})
    query = importlib.resources.files("tests.benchmark").joinpath("recount.sql").read_text(encoding="utf-8")
    first, _, rest = query.partition(";\n")  # DuckDB binds parameters in a single statement only
    database.execute(first, {"files": files})
    database.execute(rest)
    return database


def _check_journal(database: duckdb.DuckDBPyConnection) -> list[str]:
    counts = [f"SELECT count(*) FROM {table}" for table in ("intents", "sent")]  # noqa: S608 - our own names
    intents, sent = (_read_number(database, count) for count in counts)
    unclean = _read_number(database, "SELECT count(*) FROM intents WHERE verdict <> 'valid'")
    found = [] if intents == sent else [f"{intents - sent} of {intents} posts were not acknowledged by the broker"]
    return found + ([f"the input is not clean: {unclean} posts are no valid, new ones"] if unclean else [])


def _read_number(database: duckdb.DuckDBPyConnection, query: str) -> int:
    ((number,),) = database.execute(query).fetchall()
    return int(number)


def _make_table(counts: Sequence[Count]) -> pa.Table:
    minutes, hashtags, languages, posts = zip(*counts, strict=True) if counts else ((), (), (), ())
    return pa.table(
        {
            "minute": pa.array(minutes, pa.int64()),
            "hashtag": pa.array(hashtags, pa.string()),
            "language": pa.array(languages, pa.string()),
            "posts": pa.array(posts, pa.int64()),
        }
    )
