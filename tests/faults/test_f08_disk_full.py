"""A disk that is full: the driver leaves with one sentence, and after room was made the next start goes on, exactly."""

import errno
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.faults.fixtures import Injected, Judge
from tests.support.faults.invariants import assert_settled
from tests.support.faults.lakehouse import Lakehouse

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root"),
]
PLACES = ("lake", "checkpoints", "tmp")
DISK_BYTES = 192 << 20  # the test needs a quarter of that; RocksDB sets room aside for its logs
LARGE = bytes(1 << 20)  # a write that does not fit is cut to what does


@pytest.mark.fault("F8", ci=0, full=1)
def test_a_full_disk_ends_the_driver_and_costs_nothing(
    lakehouse: Lakehouse, chance: random.Random, judge: Judge, injected: Injected
) -> None:
    """Lake, checkpoints and temporary files, each on a disk of its own that is full for a while."""
    with own_disks(lakehouse):
        with lakehouse.load():
            for place in chance.sample(PLACES, len(PLACES)):
                stream = lakehouse.start("stream")
                lakehouse.wait_for_commits(chance.randint(2, 8))
                with full_disk(lakehouse.root / lakehouse.settings.var.relative_to("/") / place):
                    stream.assert_fatal(rf"no space left on the disk of \S+/{place}\S* \(\d+ MiB are free\)")
                injected()
        assert assert_settled(lakehouse, judge)["one_place"].rows > 1000


@contextmanager
def own_disks(lakehouse: Lakehouse) -> Iterator[None]:
    """While the block runs, jobs see a small disk at each place: a mount namespace that vanishes with its process."""
    folders = [lakehouse.settings.var / place for place in PLACES]
    mounts = [f"mkdir -p {folder} && mount -t tmpfs -o size={DISK_BYTES} tmpfs {folder}" for folder in folders]
    script = " && ".join([*mounts, "echo ready", "exec cat"])
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        lakehouse.prefix = ["nsenter", f"--mount=/proc/{holder.pid}/ns/mnt"]
        lakehouse.root = Path(f"/proc/{holder.pid}/root")
        try:
            yield
        finally:
            lakehouse.prefix, lakehouse.root = [], Path("/")
            holder.communicate()  # the end of its input ends it


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Not a page is free there while the block runs: what the driver gives back is taken at once."""
    over = threading.Event()
    writer = threading.Thread(target=fill, args=(folder / "filler", over))
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()
        (folder / "filler").unlink()


def fill(file: Path, over: threading.Event) -> None:
    """Writes until it is over, in the largest pieces that still fit."""
    with file.open("wb", buffering=0) as filler:
        while not over.is_set():
            try:
                filler.write(LARGE)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                over.wait(0.01)
