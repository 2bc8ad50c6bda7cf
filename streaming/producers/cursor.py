"""The next unused index of a source, kept on disk: no run uses an index again, not even after a kill -9."""

import fcntl
import json
import os
from pathlib import Path

from streaming.errors import StreamingError


class StopTheOtherGenerator(StreamingError):
    """Another generator writes to the same journal folder; stop it, or give this one a folder of its own."""


class Cursor:
    """The next unused index of one source, as a file in `folder`.

    Indexes are reserved on disk in blocks before they are used, so a killed run leaves a gap, never a repeated id.
    """

    def __init__(self, folder: Path, seed: int, name: str) -> None:
        self._path = folder / f"cursor-{seed}-{name}.json"
        self._reserved = 0

    def read(self) -> int:
        """The first index that no run has used; 0 without a file."""
        try:
            return int(json.loads(self._path.read_text())["next"])
        except FileNotFoundError:
            return 0

    def reserve(self, index: int, block: int) -> None:
        """Makes sure that no later run uses `index`; call it before sending. Writes once per `block` indexes."""
        if index >= self._reserved:
            self._reserved = index + block
            self._write(self._reserved)

    def release_from(self, index: int) -> None:
        """Makes `index` the next one again: it and the reserved ones after it were not used."""
        self._write(index)

    def _write(self, index: int) -> None:
        draft = self._path.with_suffix(f".{os.getpid()}.draft")
        draft.write_text(json.dumps({"next": index}) + "\n")
        draft.replace(self._path)


def lock_journal(folder: Path, name: str) -> int:
    """Locks a journal folder for sources of one kind until this process ends; returns the descriptor of the lock file.

    Raises:
        StopTheOtherGenerator: another process holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise StopTheOtherGenerator(
            f"another generator of {name} uses the journal {folder}: stop it, or choose another folder with "
            f"--set generator.journal=FOLDER"
        ) from None
    return file
