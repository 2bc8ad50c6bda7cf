"""Commits of a Delta table, read from the JSON files of its log: versions and the positions their writers recorded."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.verification.errors import VerificationError


@dataclass(frozen=True)
class Commit:
    """One version of a table; `note` is the writer's userMetadata, empty where it left none."""

    version: int
    note: dict[str, Any]

    @property
    def is_batch(self) -> bool:
        """A micro-batch of the stream, as opposed to maintenance that carries a position forward."""
        return "to" in self.note and "by" not in self.note

    @property
    def is_news(self) -> bool:
        """What PostgreSQL and gold have to follow: rows that came, came back or changed."""
        return self.note.get("by") in (None, "replay", "backfill")

    @property
    def is_replay(self) -> bool:
        """Records that quarantine gave back."""
        return self.note.get("by") == "replay"


def newest_version(table: Path) -> int | None:
    """The newest version whose commit file is there; None where there is no table."""
    return max(_versions(table), default=None)


def read_commits(table: Path, version: int | None, key: str, after: int = -1) -> Iterator[Commit]:
    """Commits in (after, version] that the log still holds and whose note has `key`, oldest first."""
    for number in sorted(_versions(table)):
        if version is not None and after < number <= version:
            commit = Commit(number, _read_note(_file(table, number)))
            if key in commit.note:
                yield commit


def through_upkeep(table: Path, version: int) -> int:
    """The newest version with the rows of `version`: maintenance joined its files and may have deleted the old ones."""
    for number in sorted(v for v in _versions(table) if v > version):
        note = _read_note(_file(table, number))
        if note.get("by") != "maintain" or note.get("rows_of", number) > version:
            break
        version = number
    return version


def newest_note(table: Path, key: str, version: int | None = None) -> Commit | None:
    """The newest commit at or below `version` whose note holds `key`."""
    for number in sorted(_versions(table), reverse=True):
        if version is None or number <= version:
            commit = Commit(number, _read_note(_file(table, number)))
            if key in commit.note:
                return commit
    return None


def _versions(table: Path) -> Iterator[int]:
    for path in (table / "_delta_log").glob("*.json"):
        if path.stem.isdigit():
            yield int(path.stem)


def _file(table: Path, version: int) -> Path:
    return table / "_delta_log" / f"{version:020d}.json"


def _read_note(path: Path) -> dict[str, Any]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}  # the log was cleaned between listing and reading
    for line in lines:
        if '"commitInfo"' in line:
            info = json.loads(line).get("commitInfo")
            if info is not None:
                return _parse_note(info.get("userMetadata"), path)
    return {}


def _parse_note(text: str | None, path: Path) -> dict[str, Any]:
    if not text or not text.startswith("{"):
        return {}
    try:
        note = json.loads(text)
    except json.JSONDecodeError:
        raise VerificationError(f"the userMetadata of {path} is not JSON: something else wrote the table") from None
    return note if isinstance(note, dict) else {}
