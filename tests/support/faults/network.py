"""A bad network between driver and database, as steps on a running scene: each ends with the network healed."""

from tests.support.faults.proxy import AT_COMMIT, IN_COPY, Trick
from tests.support.faults.running import PATIENCE_SECONDS
from tests.support.faults.scene import Scene


def slow_down(scene: Scene) -> None:
    """Half a second more for every message, both ways."""
    scene.proxy.delay_seconds = 0.5
    scene.lakehouse.wait_for_ledger()
    scene.proxy.delay_seconds = 0.0


def cut_a_copy(scene: Scene) -> None:
    """Half of the rows arrive, then a reset."""
    spring(scene, *IN_COPY, Trick.CUT)


def cut_an_upsert(scene: Scene) -> None:
    """Half of a statement arrives, then a reset."""
    spring(scene, b"INSERT INTO warehouse.", 0, Trick.CUT)


def swallow_a_commit(scene: Scene) -> None:
    """The transaction is there, and the driver is not told."""
    spring(scene, *AT_COMMIT, Trick.SWALLOW)


def fall_silent(scene: Scene) -> None:
    """A black hole: nothing passes, nobody is told; bronze goes on."""
    with scene.proxy.black_hole():
        scene.lakehouse.wait_for_commits(3, "bronze")
        scene.outage(20)


def spring(scene: Scene, marker: bytes, after: int, trick: Trick) -> None:
    """Waits until the fault has hit."""
    with scene.proxy.trap(marker, trick, after) as trap:
        assert trap.sprung.wait(PATIENCE_SECONDS), f"no message with {marker!r} came by"
