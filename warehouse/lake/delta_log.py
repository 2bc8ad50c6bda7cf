"""Reads the commits of a Delta table's log as files: positions and data files, in under a millisecond, without Spark.

Local file system only; a table in an object store needs another reader with the same three methods.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

REPLAY = "replay"
"""`by` of a commit with records from quarantine."""
MAINTENANCE = "maintain"
"""`by` of a commit that rearranges files: the same rows as before."""


BACKFILL = "backfill"
"""`by` of a commit that changed rows: what was made of them must be made again."""


class RebuildNeeded(Exception):
    """A commit was cleaned away, or changed rows: what follows must be made again from a version of the table."""


@dataclass(frozen=True)
class Commit:
    """One version of a table. `position` is what its writer recorded, empty for commits of others."""

    version: int
    operation: str
    position: dict[str, Any]
    added: tuple[str, ...]  # absolute paths of data files with new rows (not rearranged ones)

    def carried(self, by: str, **facts: Any) -> dict[str, Any]:
        """The position for a commit that moves none: who makes it, and what differs."""
        return {**self.position, **facts, "by": by}

    @property
    def brings_rows(self) -> bool:
        """A batch of a stream, or records replayed from quarantine."""
        return bool(self.position) and self.position.get("by") in (None, REPLAY)

    @property
    def changes_rows(self) -> bool:
        """A backfill; whatever neither brings nor changes rows only carries the position forward."""
        return self.position.get("by") == BACKFILL


class DeltaLog:
    """The `_delta_log` folder of one table. Not shared between threads."""

    def __init__(self, table: Path) -> None:
        self._table = table
        self._folder = table / "_delta_log"
        self._newest = -1

    def newest_version(self) -> int:
        """The table's version, -1 if there is no table. Lists the folder once, then probes forward."""
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
            position=_position(info.get("userMetadata")),
            added=tuple(str(self._table / unquote(file["path"])) for file in added),
        )

    def read_new_rows(self, version: int, upto: int) -> list[Commit]:
        """Commits in (version, upto] that brought rows, oldest first.

        Raises:
            RebuildNeeded: they do not tell the whole story.
        """
        commits = [self.read(number) for number in range(version + 1, upto + 1)]
        for commit in commits:
            if commit.changes_rows:
                raise RebuildNeeded(f"version {commit.version} of {self._table.name} changed rows")
        return [commit for commit in commits if commit.brings_rows]

    def newest_position(self) -> Commit | None:
        """The newest commit that carries a position, walking back over foreign ones; None if there is none left."""
        for version in range(self.newest_version(), -1, -1):
            try:
                commit = self.read(version)
            except RebuildNeeded:
                return None
            if commit.position:
                return commit
        return None

    def _file(self, version: int) -> Path:
        return self._folder / f"{version:020d}.json"

    def _versions(self) -> Iterator[int]:
        if self._folder.is_dir():
            for path in self._folder.glob("[0-9]*.json"):
                if path.stem.isdigit():
                    yield int(path.stem)


def _position(user_metadata: str | None) -> dict[str, Any]:
    try:
        parsed = json.loads(user_metadata or "{}")
    except json.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) and "query" in parsed else {}
