"""Commits that another job made to the table a query follows: on an idle topic no batch would notice them."""

from pathlib import Path

from warehouse.lake.delta_log import DeltaLog, RebuildNeeded


class ExternalCommits:
    """Watches a table's log from now on. Each commit is read once; a look without new commits costs one `stat`.

    Only commits that add or change rows have to be followed. Not for several threads, except `settle`.
    """

    def __init__(self, table: Path) -> None:
        self._log = DeltaLog(table)
        self._read = self._settled = self._newest = self._log.newest_version()

    def settle(self, version: int) -> None:
        """The query has followed the table up to that version."""
        self._settled = max(self._settled, version)

    def are_pending(self) -> bool:
        """Whether there are relevant commits that the query has not followed."""
        for version in range(self._read + 1, self._log.newest_version() + 1):
            self._read = version
            if self._may_be_relevant(version):
                self._newest = version
        return self._newest > self._settled

    def _may_be_relevant(self, version: int) -> bool:
        try:
            commit = self._log.read(version)
            return commit.adds_rows or commit.changes_rows
        except RebuildNeeded:  # no longer in the log: unknown
            return True
