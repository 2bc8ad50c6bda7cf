"""Reads the commits of a Delta table's log as files: metadata and data files, in under a millisecond, without Spark.

Local file system only; a table in an object store needs another reader with the same methods.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from warehouse.lake.commit_metadata import CommitMetadata, Writer


class RebuildNeeded(Exception):
    """A commit was cleaned away or changed rows: derive the table again from a version of its source."""


@dataclass(frozen=True)
class Commit:
    """One version of a table. `metadata` is empty (no `query`) where another program made the commit."""

    version: int
    operation: str
    metadata: CommitMetadata
    added: tuple[str, ...]  # absolute paths of data files with new rows, not of compacted ones

    @property
    def adds_rows(self) -> bool:
        """True for a batch of a stream, and for records replayed from quarantine."""
        return bool(self.metadata.query) and self.metadata.by in (Writer.STREAM, Writer.REPLAY)

    @property
    def changes_rows(self) -> bool:
        """True for a backfill. Commits that neither add nor change rows only carry the metadata on."""
        return self.metadata.by == Writer.BACKFILL


class DeltaLog:
    """The `_delta_log` folder of one table. Not for use by several threads."""

    def __init__(self, table: Path) -> None:
        self._table = table
        self._folder = table / "_delta_log"
        self._newest = -1

    def newest_version(self) -> int:
        """The table's version, -1 if there is no table. Lists the folder once, then only tests for the next file."""
        if self._newest < 0:
            self._newest = max(self._versions(), default=-1)
        while self._file(self._newest + 1).exists():
            self._newest += 1
        return self._newest

    def read(self, version: int) -> Commit:
        """One commit.

        Raises:
            RebuildNeeded: the log was cleaned up to here.
        """
        try:
            lines = self._file(version).read_text().splitlines()
        except FileNotFoundError:
            raise RebuildNeeded(f"version {version} of {self._table.name} is no longer in the log") from None
        actions = [json.loads(line) for line in lines]
        info: dict[str, Any] = next((a["commitInfo"] for a in actions if "commitInfo" in a), {})
        added = (a["add"] for a in actions if "add" in a and a["add"].get("dataChange", True))
        return Commit(
            version=version,
            operation=str(info.get("operation", "")),
            metadata=CommitMetadata.parse(info.get("userMetadata")),
            added=tuple(str(self._table / unquote(file["path"])) for file in added),
        )

    def read_new_rows(self, after: int, upto: int) -> list[Commit]:
        """Commits in (after, upto] that added rows, oldest first.

        Raises:
            RebuildNeeded: one of them changed rows or is no longer in the log.
        """
        commits = [self.read(number) for number in range(after + 1, upto + 1)]
        for commit in commits:
            if commit.changes_rows:
                raise RebuildNeeded(f"version {commit.version} of {self._table.name} changed rows")
        return [commit for commit in commits if commit.adds_rows]

    def newest_commit(self) -> Commit | None:
        """The newest commit with metadata of ours; None if the log holds none."""
        for version in range(self.newest_version(), -1, -1):
            try:
                commit = self.read(version)
            except RebuildNeeded:
                return None
            if commit.metadata.query:
                return commit
        return None

    def newest_metadata(self) -> CommitMetadata | None:
        """The metadata of `newest_commit`."""
        newest = self.newest_commit()
        return None if newest is None else newest.metadata

    def _file(self, version: int) -> Path:
        return self._folder / f"{version:020d}.json"

    def _versions(self) -> Iterator[int]:
        if self._folder.is_dir():
            for path in self._folder.glob("[0-9]*.json"):
                if path.stem.isdigit():
                    yield int(path.stem)
