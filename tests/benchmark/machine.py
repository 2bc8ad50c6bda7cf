"""Whether the machine is free for a measurement."""

import time

import psutil

IDLE_SHARE = 0.15
"""Of all cores, in use by other programs: below it a machine counts as idle. Broker and database idle at 0.02."""
_SAMPLE_SECONDS = 3.0


def wait_until_idle(limit_seconds: float) -> bool:
    """Waits until less than `IDLE_SHARE` of the machine is in use; False when it is still busy after the limit."""
    deadline = time.monotonic() + limit_seconds
    while psutil.cpu_percent(_SAMPLE_SECONDS) / 100 > IDLE_SHARE:
        if time.monotonic() > deadline:
            return False
    return True


def read_busy_seconds() -> float:
    """CPU-seconds that all cores have worked since the machine started, time stolen by the hypervisor included."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)
