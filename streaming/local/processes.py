"""The one toolkit for processes and ports on this machine: start, stop, find, wait, pid files, is a port free.

Every child gets a session of its own: a Ctrl-C at the terminal does not reach it, so its parent decides the order in
which children stop. A child either ends with its parent, or is detached and found again by its pid file.
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

from streaming.errors import FreeThePort

LOOPBACK = "127.0.0.1"

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)  # looked up before any fork: a child must not import or allocate much
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Launch:
    """How a child starts.

    `log`: file to which standard output and error are appended; None: they are the parent's. `output`: file for
    standard output alone, overwritten. `environment` None: the parent's. `death_signal`: what the kernel sends when the
    parent has ended, if `die_with_parent`. `user` and `group`: numeric ids, only root may set them; None: the parent's;
    a child with a `group` keeps no other groups. `umask` -1: the parent's.
    """

    die_with_parent: bool = True
    death_signal: signal.Signals = signal.SIGKILL
    ignore_stop_signals: bool = False
    log: Path | None = None
    output: Path | None = None
    environment: Mapping[str, str] | None = None
    working_folder: Path | None = None
    user: int | None = None
    group: int | None = None
    umask: int = -1


def die_with_parent(parent: int | None = None, death_signal: signal.Signals = signal.SIGKILL) -> None:
    """Asks the kernel to signal this process when its parent ends.

    `parent` is the parent's pid at the time of the fork: if it is another one by now, this process exits with 1.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)  # the parent ended before the kernel was asked


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
            cwd=launch.working_folder,
            env=dict(launch.environment) if launch.environment is not None else None,
            start_new_session=True,
            user=launch.user,
            group=launch.group,
            extra_groups=None if launch.group is None else [],
            umask=launch.umask,
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

    By parent pid alone: psutil's `children` leaves out processes that seem older than their parent, which a clock set
    in between makes them seem.
    """
    children: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter(["ppid"]):
        children.setdefault(process.info["ppid"], []).append(process)
    descendants = list(children.get(ancestor, []))
    for process in descendants:  # the list grows while it is read
        descendants += children.get(process.pid, [])
    return descendants


def wait_until(condition: Callable[[], bool], timeout_seconds: float, poll_seconds: float = _POLL_SECONDS) -> bool:
    """Polls until the condition holds; False when the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(poll_seconds)
    return True


def is_port_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_free_port(port: int, setting: str, host: str = LOOPBACK, wait_seconds: float = 0.0) -> None:
    """Waits up to `wait_seconds` for the port; `setting` is the dotted name of the setting that chooses it.

    Raises:
        FreeThePort: another program still listens there.
    """
    if not wait_until(lambda: is_port_free(port, host), wait_seconds):
        raise FreeThePort(
            f"port {port} is taken by another program: stop it, or set another port with --set {setting}=NUMBER"
        )


def last_lines(log: Path, count: int = 1) -> str:
    """The last non-blank lines of a log, joined; empty when there is no log."""
    if not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    return "\n".join([line for line in lines if line][-count:])


@dataclass(frozen=True)
class PidFile:
    """Names a detached process by pid and creation time: the pid alone may belong to another process by now."""

    path: Path

    def write(self, pid: int) -> None:
        """Writes the file for a running process, atomically."""
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
        """TERM, then KILL of its session; returns when process and file are gone. Idempotent."""
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
    """Runs in the child between fork and exec, after the change of user: that would clear the death signal."""
    parent = os.getpid()

    def prepare() -> None:
        if launch.ignore_stop_signals:  # inherited through exec: HotSpot keeps an ignored signal ignored
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if launch.die_with_parent:
            die_with_parent(parent, launch.death_signal)

    return prepare
