"""Where a producer goes on in its next run, so that no id is used twice, not even after a kill -9."""

import fcntl
import json
import os
from pathlib import Path

from streaming.errors import StreamingError


class StopTheOtherGenerator(StreamingError):
    """Another generator writes to the same journal; stop it, or give this one a journal of its own."""


class Cursor:
    """The next index of one producer. It is written ahead in blocks: a killed run skips indexes, it repeats none."""

    def __init__(self, folder: Path, seed: int, name: str) -> None:
        self._path = folder / f"cursor-{seed}-{name}.json"
        self._reserved = 0

    def read(self) -> int:
        """The first index that was never used."""
        try:
            return int(json.loads(self._path.read_text())["next"])
        except FileNotFoundError:
            return 0

    def reserve(self, index: int, block: int) -> None:
        """Makes sure that `index` will not be used again; call it before the event is sent."""
        if index >= self._reserved:
            self._reserved = index + block
            self._write(self._reserved)

    def settle(self, index: int) -> None:
        """Says that `index` is the next one: nothing beyond it was used."""
        self._write(index)

    def _write(self, index: int) -> None:
        draft = self._path.with_suffix(f".{os.getpid()}.draft")
        draft.write_text(json.dumps({"next": index}) + "\n")
        draft.replace(self._path)


def lock_journal(folder: Path, name: str) -> int:
    """Keeps other generators of the same kind away from a journal until this process ends; returns the open file.

    Raises:
        StopTheOtherGenerator: one is running.
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
