"""CPU-seconds by kind of thread: of the driver's JVM by the threads' names, of all else by process."""

import contextlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psutil

from streaming.local.processes import find_descendants
from tests.benchmark.report import Part

_PERIOD_SECONDS = 0.3
_TICK = os.sysconf("SC_CLK_TCK")
JVM_PARTS = (
    (r"Executor task", "JVM: tasks of the queries"),
    (r"stream exec|stream-exec", "JVM: planning and bookkeeping of the batches"),
    (r"Thread-\d|py4j", "JVM: calls from Python (foreachBatch)"),
    (r"C1 Comp|C2 Comp|Sweeper", "JVM: compiler"),
    (r"GC |G1 |VM Thread|VM Periodic", "JVM: garbage collection and VM"),
    (r"dag-sched|task-result|dispatcher|shuffle|block-man|broadcast|driver-heart", "JVM: scheduler"),
    (r"spark-listener|executionMa|appStatus|event|streams|shared", "JVM: listener buses"),
    (r"kafka|Kafka", "JVM: Kafka clients"),
    (r"main|java", "JVM: main thread (start)"),
)
_OTHER = "JVM: other threads"


class ThreadSampler:
    """Samples all threads below a process while the block runs. `find_root`: its pid, None until it is started."""

    def __init__(self, find_root: Callable[[], int | None]) -> None:
        self._find_root = find_root
        self._seconds: dict[tuple[str, int, int, str], float] = {}  # part, pid, thread, begin -> CPU-seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="thread sampler", daemon=True)

    def __enter__(self) -> "ThreadSampler":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()

    def read_parts(self) -> list[Part]:
        """CPU-seconds by part."""
        sums: dict[str, float] = {}
        for (part, *_), seconds in self._seconds.items():
            sums[part] = sums.get(part, 0.0) + seconds
        return [Part(part, seconds) for part, seconds in sums.items()]

    def _run(self) -> None:
        while not self._stopping.wait(_PERIOD_SECONDS):
            root = self._find_root()
            for pid in [root, *(process.pid for process in find_descendants(root))] if root else []:
                with contextlib.suppress(psutil.Error, OSError, IndexError):
                    self._sample(pid)

    def _sample(self, pid: int) -> None:
        command = psutil.Process(pid).cmdline()
        is_jvm = Path(command[0]).name == "java"
        process_part = None if is_jvm else name_process(command)
        if is_jvm and "org.apache.spark.launcher.Main" in command:
            process_part = "launcher of spark-submit"
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                name, ticks, began = parse_stat((task / "stat").read_text())
                key = (process_part or name_thread(name), pid, int(task.name), began)
                self._seconds[key] = ticks / _TICK


def parse_stat(text: str) -> tuple[str, int, str]:
    """A line of /proc/PID/task/TID/stat -> name, ticks of CPU, time of begin."""
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return name, int(fields[11]) + int(fields[12]), fields[19]


def name_thread(name: str) -> str:
    """The part of a thread of the driver's JVM."""
    return next((part for pattern, part in JVM_PARTS if re.match(pattern, name)), _OTHER)


def name_process(command: list[str]) -> str:
    """The part of any other process."""
    words = " ".join(command)
    if "pyspark.daemon" in words or "pyspark.worker" in words:
        return "Python: workers of the tasks"
    if "-m jobs" in words or "bash" in command[0]:
        return "launcher of spark-submit"
    return "Python: driver"
