"""Commits of a Delta table, read from the JSON files of its log: each version and its commit metadata.

Commit metadata is the JSON object in a commit's `userMetadata`: offsets (`from`, `to`), the job (`by`), rules, counts.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.verification.errors import VerificationError


@dataclass(frozen=True)
class Commit:
    """One version of a table; `metadata` is empty where the commit has none or its file is no longer there."""

    version: int
    metadata: dict[str, Any]

    @property
    def is_batch(self) -> bool:
        """True for a micro-batch of the stream. Other jobs name themselves in `by` and repeat the offsets reached."""
        return "to" in self.metadata and "by" not in self.metadata

    @property
    def changes_rows(self) -> bool:
        """True where rows were added or changed (micro-batch, replay, backfill): PostgreSQL and gold must apply it."""
        return self.metadata.get("by") in (None, "replay", "backfill")

    @property
    def is_replay(self) -> bool:
        """True where the rows are quarantined records that now pass the rules."""
        return self.metadata.get("by") == "replay"


def find_newest_version(table: Path) -> int | None:
    """The newest version that has a commit file; None where there is no table."""
    return max(_versions(table), default=None)


def read_commits(table: Path, version: int | None, key: str, after: int = -1) -> Iterator[Commit]:
    """Commits in (after, version] that are still in the log and whose metadata has `key`, oldest first."""
    for number in sorted(_versions(table)):
        if version is not None and after < number <= version:
            commit = Commit(number, _read_metadata(_commit_file(table, number)))
            if key in commit.metadata:
                yield commit


def find_newest_with_same_rows(table: Path, version: int) -> int:
    """The newest version with the same rows as `version`: later ones that only compacted its files (`maintain`).

    The newest is read because VACUUM may have deleted the files of the older ones.
    """
    for number in sorted(v for v in _versions(table) if v > version):
        metadata = _read_metadata(_commit_file(table, number))
        if metadata.get("by") != "maintain" or metadata.get("rows_of", number) > version:
            break
        version = number
    return version


def find_newest_commit(table: Path, key: str) -> Commit | None:
    """The newest commit whose metadata has `key`."""
    for number in sorted(_versions(table), reverse=True):
        commit = Commit(number, _read_metadata(_commit_file(table, number)))
        if key in commit.metadata:
            return commit
    return None


def _versions(table: Path) -> Iterator[int]:
    for path in (table / "_delta_log").glob("*.json"):
        if path.stem.isdigit():
            yield int(path.stem)


def _commit_file(table: Path, version: int) -> Path:
    return table / "_delta_log" / f"{version:020d}.json"


def _read_metadata(path: Path) -> dict[str, Any]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}  # log cleanup deleted it after the folder was listed
    for line in lines:
        if '"commitInfo"' in line:
            info = json.loads(line).get("commitInfo")
            if info is not None:
                return _parse_metadata(info.get("userMetadata"), path)
    return {}


def _parse_metadata(text: str | None, path: Path) -> dict[str, Any]:
    if not text or not text.startswith("{"):
        return {}
    try:
        metadata = json.loads(text)
    except json.JSONDecodeError:
        raise VerificationError(f"the userMetadata of {path} is not JSON: another writer changed the table") from None
    return metadata if isinstance(metadata, dict) else {}
