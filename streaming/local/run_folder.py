"""The folder `var`, which holds all that a run writes: locked by one demo at a time, emptied only if a demo made it."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streaming.errors import StreamingError

_MARK = ".afluente"


class WaitForTheOther(StreamingError):
    """Another demo runs in the folder: stop it, or choose another folder."""


class EmptyItYourself(StreamingError):
    """The folder has no mark of ours: it may hold other data, so the operator has to empty it."""


@contextmanager
def claim_folder(folder: Path) -> Iterator[None]:
    """Makes the folder and locks it until the end of the block; a folder that was empty is marked as ours.

    Raises:
        WaitForTheOther: another demo runs in it.
    """
    is_new = not folder.exists() or not any(folder.iterdir())
    folder.mkdir(parents=True, exist_ok=True)
    if is_new:
        (folder / _MARK).touch()
    with (folder / "demo.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WaitForTheOther(f"another demo runs in {folder}: stop it, or use --set var=FOLDER") from None
        yield


def empty_folder(folder: Path, default: Path) -> None:
    """Deletes all but the mark and the lock; the folder `default` needs no mark.

    Raises:
        EmptyItYourself: the folder has no mark.
    """
    if folder != default and not (folder / _MARK).exists():
        raise EmptyItYourself(f"{folder} was not made by this project (no {_MARK} in it): empty it yourself")
    for path in folder.iterdir():
        if path.name not in {_MARK, "demo.lock"}:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
