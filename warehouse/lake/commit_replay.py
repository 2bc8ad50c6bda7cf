"""Brings a table that is derived from another up to a version of it, by the rows of the commits in between.

PostgreSQL and gold follow silver this way: usually one commit, after an outage all that they missed, in chunks. Where
the commits are not enough (log cleaned, rows changed by a backfill, a data file vacuumed), the caller rebuilds.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby

from pyspark.errors import PySparkException

from warehouse.lake.delta_log import Commit, DeltaLog, RebuildNeeded

_FILE_IS_GONE = ("[PATH_NOT_FOUND]", "FILE_NOT_EXIST")


def replay_commits(
    log: DeltaLog,
    versions: tuple[int, int],
    chunk_size: int,
    apply: Callable[[list[Commit]], None],
    rebuild: Callable[[str], None],
) -> None:
    """Calls `apply` for the commits with new rows in (after, upto] = `versions`, in chunks, oldest first.

    Where that is not possible it calls `rebuild` with the reason. Each `apply` records how far it came, so that a
    crash, or a rebuild half-way, repeats nothing.
    """
    after, upto = versions
    reason = None
    try:
        for chunk in split_commits(log.read_new_rows(after, upto), chunk_size):
            with _rebuild_if_file_is_gone():
                apply(chunk)
    except RebuildNeeded as need:
        reason = str(need)
    if reason is not None:  # outside the handler: an error of the rebuild would name this one as its cause
        rebuild(reason)


def split_commits(commits: list[Commit], chunk_size: int) -> Iterator[list[Commit]]:
    """Chunks of consecutive commits, never across topic generations: offsets of two of them cannot be compared."""
    for _, same in groupby(commits, lambda commit: commit.metadata.generations):
        run = list(same)
        for start in range(0, len(run), chunk_size):
            yield run[start : start + chunk_size]


@contextmanager
def _rebuild_if_file_is_gone() -> Iterator[None]:
    """Raises RebuildNeeded for a data file that was compacted and vacuumed since its commit."""
    try:
        yield
    except (PySparkException, FileNotFoundError) as error:
        if isinstance(error, PySparkException) and not any(words in str(error) for words in _FILE_IS_GONE):
            raise
        raise RebuildNeeded("a data file of a commit was vacuumed") from error
