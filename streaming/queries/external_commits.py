"""Commits that somebody else made to the table a query follows: on an idle topic no batch comes that would see them."""

from collections.abc import Callable
from pathlib import Path

from warehouse.lake.delta_log import Commit, DeltaLog, RebuildNeeded


class ExternalCommits:
    """Looks at a table's log from the moment it was made: each commit is read once, a look without news costs a `stat`.

    `matter` says which commits the query has to follow and is not told of. Not shared between threads but for `settle`.
    """

    def __init__(self, table: Path, matter: Callable[[Commit], bool]) -> None:
        self._log = DeltaLog(table)
        self._matter = matter
        self._seen = self._settled = self._newest = self._log.newest_version()

    def settle(self, version: int) -> None:
        """The query has followed up to that version."""
        self._settled = max(self._settled, version)

    def are_waiting(self) -> bool:
        """Whether there are some that the query has not followed."""
        for version in range(self._seen + 1, self._log.newest_version() + 1):
            self._seen = version
            if self._matters(version):
                self._newest = version
        return self._newest > self._settled

    def _matters(self, version: int) -> bool:
        try:
            return self._matter(self._log.read(version))
        except RebuildNeeded:  # cleaned away already: it may have
            return True
