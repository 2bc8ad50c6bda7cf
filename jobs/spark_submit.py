"""Runs a job under real spark-submit and stays as its parent: signals go to the driver's Python, nobody else.

Not a job. The JVM is started with SIGINT and SIGTERM ignored (HotSpot keeps an inherited ignore), so a stop reaches
only the Python driver, which ends its batches and leaves; the JVM follows it. The child lives in a session of its
own and is killed by the kernel if this process is.
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

from jobs.cli import explain
from jobs.settings import CONF, ROOT, SPARK_JARS, Settings, SettingsError, add_settings_arguments, load_settings
from jobs.source_zip import pack_sources
from streaming.local.processes import Launch, find_descendants, kill_session, start_process

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 8.5
"""The driver's own watchdog (`streaming.queries.shutdown`) comes first; this is for one that is frozen. Both keep the
promise that a driver asked to stop is gone within ten seconds."""


def submit(job: str, words: list[str]) -> int:
    """Runs `jobs/<job>.py` with `words` and returns its exit code."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_settings_arguments(parser)
    known, _ = parser.parse_known_args(words)
    try:
        settings = load_settings(known.profile, known.overrides)
        command = [*_build_command(job, settings), *words]
        with _temporary_folder(settings.var / "tmp") as folder:
            launch = Launch(ignore_stop_signals=True, environment=_build_environment(folder))
            return _wait(start_process(command, launch), ROOT / "jobs" / f"{job}.py")
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"{explain(error)}\n")
    return 1


def _build_command(job: str, settings: Settings) -> list[str | Path]:
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
        settings.spark.master,
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
    """A folder for this job's temporary files, removed with it; what killed launchers have left goes first.

    Each launcher holds a lock on its own folder: the kernel gives it back whatever the launcher dies of.
    """
    root.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as locks:
        with _locked(root, LOCK_EX):  # nobody sweeps a folder that was made and is not locked yet
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
    spec = find_spec("pyspark")  # its place, without importing it
    if spec is None or spec.origin is None:
        raise SettingsError("pyspark is not installed: start jobs with ./spark-submit.sh")
    return Path(spec.origin).parent


def _wait(child: subprocess.Popen[bytes], script: Path) -> int:
    """Waits for the child; a signal asks it to stop, patience or a third signal ends it for good.

    A driver that does not listen yet has begun nothing: it is ended at once.
    """
    asked: list[tuple[int, float]] = []

    def ask(number: int, _: object) -> None:
        listens = _forward(child, script)
        if not listens and not asked:
            kill_session(child.pid)
        asked.append((number, time.monotonic()))

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    code = None
    while code is None:
        try:
            code = child.wait(_LOOK_SECONDS)  # never without a limit: a handler alone does not end the wait
        except subprocess.TimeoutExpired:
            if len(asked) > 2 or (asked and time.monotonic() - asked[0][1] > _PATIENCE_SECONDS):
                sys.stderr.write("the driver did not leave and was killed; the next start does its batch again\n")
                kill_session(child.pid)
                code = child.wait()
    kill_session(child.pid)
    return code if code >= 0 else 128 + (asked[0][0] if asked else -code)


def _forward(child: subprocess.Popen[bytes], script: Path) -> bool:
    """TERM to the Python driver alone: Spark's Python workers would die of it in the middle of a batch.

    False where there is no driver that listens.
    """
    listens = False
    for process in find_descendants(child.pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            if str(script) in process.cmdline() and _handles_stop(process.pid):
                process.terminate()
                listens = True
    return listens


def _handles_stop(pid: int) -> bool:
    """Whether the process has a handler for TERM: the kernel lists the signals that it catches."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)
