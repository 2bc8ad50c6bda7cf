"""Runs a job under real spark-submit and stays as its parent: a signal is forwarded to the Python driver alone.

Not a job. The JVM is started with SIGINT and SIGTERM ignored (HotSpot keeps an inherited ignore), so a stop reaches
only the Python driver, which ends its batches and exits; then the JVM exits too. The child is in a session of its own,
and the kernel kills it if this process is killed.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fcntl import LOCK_EX, LOCK_NB, flock
from importlib.util import find_spec
from pathlib import Path

import psutil

from jobs.cli import report_error
from jobs.settings import CONF, ROOT, SPARK_JARS, Settings, SettingsError, add_settings_arguments, load_settings
from jobs.source_zip import pack_sources
from streaming.local.processes import Launch, find_descendants, kill_session, start_process

_POLL_SECONDS = 0.5
_PATIENCE_SECONDS = 8.5
"""Longer than the driver's own watchdog (`streaming.queries.shutdown`) waits: this one is for a driver that is frozen.
Both together end a driver within ten seconds of the request to stop."""


def submit(job: str, words: list[str], cores: int | None = None) -> int:
    """Runs `jobs/<job>.py` with `words` and returns its exit code (see `jobs.cli`).

    `cores`: how many a job may use of this machine, so that it leaves some to a stream; no limit for a cluster.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_settings_arguments(parser)
    known, _ = parser.parse_known_args(words)
    try:
        settings = load_settings(known.profile, known.overrides)
        command = [*_build_command(job, settings, cores), *words]
        with _temporary_folder(settings.var / "tmp") as folder:
            launch = Launch(ignore_stop_signals=True, environment=_build_environment(folder))
            return _wait(start_process(command, launch), ROOT / "jobs" / f"{job}.py")
    except (SettingsError, OSError) as error:
        return report_error(error)


def _build_command(job: str, settings: Settings, cores: int | None) -> list[str | Path]:
    is_limited = cores is not None and settings.spark.master.startswith("local")
    configuration = {
        "spark.sql.shuffle.partitions": settings.spark.shuffle_partitions,
        "spark.scheduler.allocation.file": CONF / "pools.xml",
        "spark.sql.warehouse.dir": settings.var / "spark-warehouse",
    }
    return [
        _find_spark() / "bin" / "spark-submit",
        "--name",
        f"afluente {job}",
        "--master",
        f"local[{cores}]" if is_limited else settings.spark.master,
        "--driver-memory",
        settings.spark.driver_memory,
        "--properties-file",
        CONF / "spark-defaults.conf",
        *(word for key, value in configuration.items() for word in ("--conf", f"{key}={value}")),
        "--jars",
        ",".join(str(jar) for jar in sorted(SPARK_JARS.glob("*.jar"))),
        "--py-files",
        pack_sources(ROOT, settings.var / "code"),
        ROOT / "jobs" / f"{job}.py",
    ]


@contextlib.contextmanager
def _temporary_folder(root: Path) -> Iterator[Path]:
    """A folder for this job's temporary files, deleted at its end; folders of launchers that were killed go first.

    Each launcher holds a lock on its own folder: the kernel releases it, whatever ends the launcher.
    """
    root.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as locks:
        with _locked(root, LOCK_EX):  # no other launcher deletes a folder that was made and is not locked yet
            for left in root.iterdir():
                with contextlib.suppress(BlockingIOError), _locked(left, LOCK_EX | LOCK_NB):
                    shutil.rmtree(left, ignore_errors=True)
            own = Path(tempfile.mkdtemp(dir=root))
            locks.enter_context(_locked(own, LOCK_EX))
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _build_environment(temporary: Path) -> dict[str, str]:
    shipped = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # the code is the zip's
    return {
        **shipped,
        "AFLUENTE_HOME": str(ROOT),
        "SPARK_HOME": str(_find_spark()),
        "SPARK_CONF_DIR": str(CONF),
        "SPARK_LOCAL_DIRS": str(temporary),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_SUBMIT_OPTS": f'"-Djava.io.tmpdir={temporary}"',
        "TMPDIR": str(temporary),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def _find_spark() -> Path:
    spec = find_spec("pyspark")  # its folder, without importing it
    if spec is None or spec.origin is None:
        raise SettingsError("pyspark is not installed: start jobs with ./spark-submit.sh")
    return Path(spec.origin).parent


def _wait(child: subprocess.Popen[bytes], script: Path) -> int:
    """Returns the exit code; 128 + N where signal N ended the child.

    A signal asks the driver to stop; after `_PATIENCE_SECONDS`, or at a third signal, it is killed. A driver that does
    not handle the signal yet has started no work: it is killed at once. SIGUSR1 is passed on (`jobs.stream`).
    """
    asked: list[tuple[int, float]] = []
    finishing: list[int] = []  # not yet passed on: a driver that starts has no handler yet

    def ask(number: int, _: object) -> None:
        is_handled = _forward(child, script, signal.SIGTERM)
        if not is_handled and not asked:
            kill_session(child.pid)
        asked.append((number, time.monotonic()))

    def finish(number: int, _: object) -> None:
        finishing.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    signal.signal(signal.SIGUSR1, finish)
    code = None
    while code is None:
        try:
            code = child.wait(_POLL_SECONDS)  # never without a limit: a handler alone does not end the wait
        except subprocess.TimeoutExpired:
            if finishing and _forward(child, script, finishing[0]):
                finishing.clear()
            if len(asked) > 2 or (asked and time.monotonic() - asked[0][1] > _PATIENCE_SECONDS):
                sys.stderr.write(
                    "the driver did not stop in time and was killed; the next start runs its batch again\n"
                )
                kill_session(child.pid)
                code = child.wait()
    kill_session(child.pid)
    return code if code >= 0 else 128 + (asked[0][0] if asked else -code)


def _forward(child: subprocess.Popen[bytes], script: Path, number: int) -> bool:
    """Sends a signal to the Python driver alone: Spark's Python workers would die of it in the middle of a batch.

    False where there is no driver that handles it.
    """
    is_handled = False
    for process in find_descendants(child.pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            if str(script) in process.cmdline() and _handles(process.pid, number):
                process.send_signal(number)
                is_handled = True
    return is_handled


def _handles(pid: int, number: int) -> bool:
    """Whether the process has a handler for the signal: the kernel lists those that it catches."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)
