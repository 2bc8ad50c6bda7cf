"""What the outage tests share: a driver under load behind a proxy, and readers that look all the time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streaming.kafka_admin import read_end_offsets
from streaming.local.processes import wait_until
from tests.support.faults.lakehouse import Lakehouse
from tests.support.faults.poller import Poller
from tests.support.faults.proxy import Proxy
from tests.support.faults.running import PATIENCE_SECONDS, Running

CATCH_UP_SECONDS = 60.0 + 60.0
"""The minute that is promised, and the backlog of the longest outage, taken no slower than it came."""


@dataclass
class Scene:
    """A driver under load whose way to the database leads through a proxy; readers look all the time."""

    lakehouse: Lakehouse
    stream: Running
    proxy: Proxy
    poller: Poller
    full: bool

    def start_driver(self) -> None:
        """Another driver in place of the one that is gone."""
        self.stream = self.lakehouse.start("stream", overrides=[f"postgres.url={self.proxy.url}"])

    def outage(self, seconds: float) -> None:
        """The time that a fault lasts: in full as said, in a walk no longer than it takes to be noticed."""
        if self.full:
            time.sleep(seconds)

    def noticed(self, words: str) -> Callable[[], None]:
        """Waits, when it is called, until the driver says that once more."""
        wanted = self.stream.text().count(words) + 1

        def wait() -> None:
            assert wait_until(lambda: self.stream.text().count(words) >= wanted, PATIENCE_SECONDS), words

        return wait

    def assert_catches_up(self) -> None:
        """What the broker has when the fault is over reaches the warehouse in time, with nobody's help."""
        wanted = read_end_offsets(self.lakehouse.settings.kafka)

        def arrived() -> bool:
            reached = self.lakehouse.ledger_ends()
            return all(
                reached.get(topic, {}).get(str(place), 0) >= end
                for topic, ends in wanted.items()
                for place, end in ends.items()
            )

        assert wait_until(arrived, CATCH_UP_SECONDS), (wanted, self.lakehouse.ledger_ends())

    def assert_recovers(self) -> None:
        """The same driver still runs, and both sides of it move on."""
        self.lakehouse.wait_for_commits(3)
        self.lakehouse.wait_for_ledger()
        assert self.stream.process.poll() is None, self.stream.text()[-3000:]


@contextmanager
def open_scene(lakehouse: Lakehouse, full: bool) -> Iterator[Scene]:
    """Everything flows when the block begins; the driver that is there at its end is stopped."""
    proxy = Proxy(lakehouse.settings.postgres.port)
    with lakehouse.load(), Poller(lakehouse) as poller:
        stream = lakehouse.start("stream", overrides=[f"postgres.url={proxy.url}"])
        lakehouse.wait_for_ledger()
        scene = Scene(lakehouse, stream, proxy, poller, full)
        yield scene
        code, _ = scene.stream.terminate()
        assert code == 0, scene.stream.text()[-3000:]
        scene.stream.assert_no_trace()
    proxy.close()
