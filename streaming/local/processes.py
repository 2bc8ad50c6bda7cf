"""ChildJob processes: each in a session of its own, tied to its parent's life or detached with a pid file.

A session of its own keeps a Ctrl-C at the terminal away from a child, so the parent decides the order of leaving.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import IO

import psutil

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)  # looked up before any fork: a child must not import or allocate much
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Launch:
    """How a child starts.

    `log` takes both its outputs (appended), without one they are the parent's; `output` takes standard output alone.
    """

    die_with_parent: bool = True
    ignore_stop_signals: bool = False
    log: Path | None = None
    output: Path | None = None
    environment: Mapping[str, str] | None = None


def die_with_parent(parent: int | None = None) -> None:
    """Asks the kernel to SIGKILL this process when its parent ends; `parent` is who it was at the fork."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)  # the parent was gone before the kernel was asked


def start_process(command: Sequence[str | Path], launch: Launch | None = None) -> subprocess.Popen[bytes]:
    """Starts `command` in a new session, without a standard input.

    The kernel ties a child to the *thread* that started it: call this from a thread that lives as long as the process.
    """
    launch = launch or Launch()
    with _open(launch.log) as log, _open(launch.output, "wb") as output:
        return subprocess.Popen(  # noqa: S603 - the only place that starts processes; no shell, arguments are ours
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output or log,
            stderr=log,
            env=dict(launch.environment) if launch.environment is not None else None,
            start_new_session=True,
            preexec_fn=_make_preparation(launch),
        )


def stop_process(process: subprocess.Popen[bytes], grace_seconds: float) -> int:
    """Sends TERM, waits, then KILLs the child's whole session; returns the exit code. Harmless when it has ended."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_seconds)
    kill_session(process.pid)
    return process.wait()


def kill_session(leader: int) -> None:
    """KILLs what is left of the session that `leader` opened."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def find_descendants(ancestor: int) -> list[psutil.Process]:
    """All processes below one, nearest first; their `info` holds the parent.

    By parent alone: psutil's `children` leaves out whoever seems older than its parent by a clock that may be set in
    between.
    """
    children: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter(["ppid"]):
        children.setdefault(process.info["ppid"], []).append(process)
    family = list(children.get(ancestor, []))
    for member in family:  # it grows while it is read
        family += children.get(member.pid, [])
    return family


def wait_until(condition: Callable[[], bool], timeout_seconds: float, poll_seconds: float = _POLL_SECONDS) -> bool:
    """Polls until the condition holds; False when the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(poll_seconds)
    return True


def is_port_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def last_lines(log: Path, count: int = 1) -> str:
    """The last lines of a log that say something, joined; empty when there is none."""
    if not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    return "\n".join([line for line in lines if line][-count:])


@dataclass(frozen=True)
class PidFile:
    """Remembers a detached process. The creation time guards against a pid that was given to someone else."""

    path: Path

    def write(self, pid: int) -> None:
        """Remembers a running process, atomically."""
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps({"pid": pid, "created": psutil.Process(pid).create_time()}))
        draft.replace(self.path)

    def find(self) -> psutil.Process | None:
        """The process, if it still runs."""
        try:
            noted = json.loads(self.path.read_text())
            process = psutil.Process(noted["pid"])
            alive = process.status() != psutil.STATUS_ZOMBIE
            return process if alive and abs(process.create_time() - noted["created"]) < 1 else None
        except (FileNotFoundError, ValueError, KeyError, psutil.NoSuchProcess):
            return None

    def stop(self, grace_seconds: float) -> None:
        """TERM, then KILL of its session; returns when it is gone and the file too. Idempotent."""
        process = self.find()
        if process is not None:
            process.terminate()
            if not wait_until(lambda: self.find() is None, grace_seconds):
                kill_session(process.pid)
                wait_until(lambda: self.find() is None, grace_seconds)
        self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Held while a server is started or stopped, so that two commands at once do not start two."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as file:
            flock(file, LOCK_EX)
            yield


def _open(path: Path | None, mode: str = "ab") -> AbstractContextManager[IO[bytes] | None]:
    if path is None:
        return contextlib.nullcontext()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open(mode)


def _make_preparation(launch: Launch) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if launch.ignore_stop_signals:  # inherited through exec: HotSpot keeps an ignored signal ignored
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if launch.die_with_parent:
            die_with_parent(parent)

    return prepare
