"""Commits that somebody else made to the table a query follows: on an idle topic no batch comes that would see them."""

from collections.abc import Callable
from pathlib import Path

from warehouse.delta_log import Commit, DeltaLog, RebuildNeeded


class ForeignCommits:
    """Looks at a table's log from the moment it was made; a look costs one `stat` while nothing is new.

    `matter` says which commits the query has to follow and is not told of. Not shared between threads but for `settle`.
    """

    def __init__(self, table: Path, matter: Callable[[Commit], bool]) -> None:
        self._log = DeltaLog(table)
        self._matter = matter
        self._settled = self._log.newest_version()

    def settle(self, version: int) -> None:
        """The query has followed up to that version."""
        self._settled = max(self._settled, version)

    def are_waiting(self) -> bool:
        """Whether there are some that the query has not followed."""
        beyond = range(self._settled + 1, self._log.newest_version() + 1)
        try:
            return any(self._matter(self._log.read(version)) for version in beyond)
        except RebuildNeeded:
            return True
