"""F8: a full disk ends the driver with one sentence; once there is space the next start continues, exactly."""

import errno
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.faults.fixtures import AssertExact, CountInjection
from tests.support.faults.installation import Installation
from tests.support.faults.invariants import assert_settled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root"),
]
PLACES = ("lake", "checkpoints", "tmp")
DISK_BYTES = 192 << 20  # the test needs a quarter of that; RocksDB reserves space for its logs
LARGE = bytes(1 << 20)  # the kernel shortens a write that does not fit


@pytest.mark.fault("F8", ci=0, full=1)
def test_a_full_disk_ends_the_driver_and_changes_no_number(
    installation: Installation, chance: random.Random, assert_exact: AssertExact, count_injection: CountInjection
) -> None:
    """Lake, checkpoints and temporary files, each on a small disk of its own that is full while one driver runs."""
    with small_disks(installation):
        with installation.under_load():
            for place in chance.sample(PLACES, len(PLACES)):
                job = installation.start("stream")
                installation.wait_for_commits(chance.randint(2, 8))
                with full_disk(installation.root / installation.settings.var.relative_to("/") / place):
                    job.assert_fatal(rf"no space left on the disk of \S+/{place}\S* \(\d+ MiB are free\)")
                count_injection()
        assert assert_settled(installation, assert_exact)["one_place"].rows > 1000


@contextmanager
def small_disks(installation: Installation) -> Iterator[None]:
    """While the block runs, jobs see a tmpfs at each place, in a mount namespace that ends with `holder`."""
    folders = [installation.settings.var / place for place in PLACES]
    mounts = [f"mkdir -p {folder} && mount -t tmpfs -o size={DISK_BYTES} tmpfs {folder}" for folder in folders]
    script = " && ".join([*mounts, "echo ready", "exec cat"])
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        installation.prefix = ["nsenter", f"--mount=/proc/{holder.pid}/ns/mnt"]
        installation.root = Path(f"/proc/{holder.pid}/root")
        try:
            yield
        finally:
            installation.prefix, installation.root = [], Path("/")
            holder.communicate()  # closes its input, which ends it


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Keeps the folder's disk full while the block runs: space that the driver frees is used up at once."""
    ended = threading.Event()
    writer = threading.Thread(target=fill, args=(folder / "filler", ended))
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()
        (folder / "filler").unlink()


def fill(file: Path, ended: threading.Event) -> None:
    """Writes until `ended`, each time as much as still fits."""
    with file.open("wb", buffering=0) as filler:
        while not ended.is_set():
            try:
                filler.write(LARGE)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                ended.wait(0.01)
