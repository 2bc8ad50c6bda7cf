"""Generated secrets: one file each, mode 0600, in a folder of mode 0700. Never logged, never on a command line."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

PASSWORD_BYTES = 32


def make_password() -> str:
    """A new random password that needs no quoting in a URL."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def ensure_secret(path: Path, make: Callable[[], str] = make_password) -> str:
    """The secret in `path`; generates it with `make` if there is none. Safe when two processes do it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # fails if another process was first: its secret is then returned
        draft.unlink()
    return path.read_text().strip()


def ensure_key(path: Path) -> Path:
    """`path`, a file with a random 32-byte key in hex; generates the key if there is none."""
    ensure_secret(path, lambda: secrets.token_hex(PASSWORD_BYTES))
    return path
