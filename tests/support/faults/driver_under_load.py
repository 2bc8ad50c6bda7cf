"""A driver under load whose connection to the database leads through a proxy, while readers poll the database."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streaming.kafka_admin import read_end_offsets
from streaming.local.processes import wait_until
from tests.support.faults.installation import Installation
from tests.support.faults.poller import Poller
from tests.support.faults.proxy import Proxy
from tests.support.faults.running_job import TIMEOUT_SECONDS, RunningJob

CATCH_UP_SECONDS = 60.0 + 60.0
"""A minute is the target, and one more for the backlog of the longest outage, read no slower than it was produced."""


@dataclass
class DriverUnderLoad:
    """What the tests of outages and network faults act on. `full`: outages last as long as `wait_out` says."""

    installation: Installation
    job: RunningJob
    proxy: Proxy
    poller: Poller
    full: bool

    def start_another(self) -> None:
        """Starts another driver, which takes the place of the present one here."""
        self.job = self.installation.start("stream", overrides=[f"postgres.url={self.proxy.url}"])

    def wait_out(self, seconds: float) -> None:
        """The duration of a fault: all of it in the full matrix; none in a random walk, where noticing it is enough."""
        if self.full:
            time.sleep(seconds)

    def make_log_wait(self, text: str) -> Callable[[], None]:
        """Returns a function that waits until the driver has logged `text` once more than at this moment."""
        wanted = self.job.read_log().count(text) + 1

        def wait() -> None:
            assert wait_until(lambda: self.job.read_log().count(text) >= wanted, TIMEOUT_SECONDS), text

        return wait

    def assert_catches_up(self) -> None:
        """Fails unless the records that the broker has now reach the database in time, without intervention."""
        wanted = read_end_offsets(self.installation.settings.kafka)

        def has_caught_up() -> bool:
            reached = self.installation.read_ledger_offsets()
            return all(
                reached.get(topic, {}).get(str(partition), 0) >= end
                for topic, ends in wanted.items()
                for partition, end in ends.items()
            )

        assert wait_until(has_caught_up, CATCH_UP_SECONDS), (wanted, self.installation.read_ledger_offsets())

    def assert_recovers(self) -> None:
        """Fails unless the same driver still runs and commits to the lake and to the database."""
        self.installation.wait_for_commits(3)
        self.installation.wait_for_ledger()
        assert self.job.process.poll() is None, self.job.read_log()[-3000:]


@contextmanager
def driver_under_load(installation: Installation, full: bool) -> Iterator[DriverUnderLoad]:
    """Starts generator, readers and driver; at the end the driver that runs by then must stop without an error."""
    proxy = Proxy(installation.settings.postgres.port)
    with installation.under_load(), Poller(installation) as poller:
        job = installation.start("stream", overrides=[f"postgres.url={proxy.url}"])
        installation.wait_for_ledger()
        driver = DriverUnderLoad(installation, job, proxy, poller, full)
        yield driver
        code, _ = driver.job.terminate()
        assert code == 0, driver.job.read_log()[-3000:]
        driver.job.assert_no_stack_trace()
    proxy.close()
