"""CPU-seconds and memory of process trees, sampled from outside: contender, broker, database, generator, harness."""

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field

import psutil

from tests.benchmark.machine import read_busy_seconds

PERIOD_SECONDS = 0.5
"""At most this much of a process's life is missed at its end, and a process that lives shorter is missed whole."""
HARNESS = "harness"


@dataclass
class _Seen:
    """One process: whose it is and its CPU-seconds at the first and at the newest sample."""

    owner: str
    first: float
    newest: float


@dataclass
class CpuSampler:
    """A thread that samples all processes. A process belongs to its nearest ancestor among the roots.

    `peak_bytes`: highest sum of resident memory per owner; pages that forked workers share count once per worker.
    """

    roots: dict[str, int]
    peak_bytes: dict[str, int] = field(default_factory=dict)
    _seen: dict[tuple[int, float], _Seen] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.roots = {**self.roots, HARNESS: os.getpid()}
        self._began, self._busy = time.time(), read_busy_seconds()
        self._thread = threading.Thread(target=self._run, name="cpu sampler", daemon=True)
        self._thread.start()

    def add(self, owner: str, pid: int) -> None:
        """One more root."""
        self.roots[owner] = pid

    def read(self) -> dict[str, float]:
        """CPU-seconds per owner since the sampler was made."""
        self._sample()
        used: dict[str, float] = {}
        with self._lock:
            for seen in self._seen.values():
                used[seen.owner] = used.get(seen.owner, 0.0) + seen.newest - seen.first
        return used

    def read_other_share(self) -> float:
        """Share of the machine that programs other than the roots' used since the sampler was made."""
        used = sum(self.read().values())
        available = (time.time() - self._began) * (psutil.cpu_count() or 1)
        return max(0.0, read_busy_seconds() - self._busy - used) / available

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._sample()
            self._stopping.wait(PERIOD_SECONDS)

    def _sample(self) -> None:
        attributes = ["ppid", "cpu_times", "memory_info", "create_time"]
        found = {process.pid: process.info for process in psutil.process_iter(attributes)}
        owners = {pid: owner for owner, pid in self.roots.items()}
        resident: dict[str, int] = {}
        with self._lock:
            for pid, info in found.items():
                key = (pid, info["create_time"])
                owner = _find_owner(pid, found, owners) or (self._seen[key].owner if key in self._seen else None)
                if owner is None or info["cpu_times"] is None:
                    continue
                self._note(key, owner, info["cpu_times"].user + info["cpu_times"].system)
                with contextlib.suppress(AttributeError):  # it has just ended
                    resident[owner] = resident.get(owner, 0) + info["memory_info"].rss
            for owner, size in resident.items():
                self.peak_bytes[owner] = max(size, self.peak_bytes.get(owner, 0))

    def _note(self, key: tuple[int, float], owner: str, seconds: float) -> None:
        seen = self._seen.get(key)
        if seen is None:
            self._seen[key] = _Seen(owner, 0.0 if key[1] >= self._began else seconds, seconds)
        else:
            seen.owner, seen.newest = owner, max(seconds, seen.newest)


def _find_owner(pid: int, found: dict[int, dict[str, object]], owners: dict[int, str]) -> str | None:
    for _ in range(50):  # a chain of parents is short; no loop, whatever pids are reused between two reads
        if pid in owners:
            return owners[pid]
        if pid not in found:
            return None
        pid = int(str(found[pid]["ppid"]))
    return None
