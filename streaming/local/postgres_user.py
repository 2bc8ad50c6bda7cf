"""The system user of the embedded server. PostgreSQL refuses to run as root; root starts it under an own account."""

import os
import pwd
import stat
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from streaming.errors import StreamingError

ACCOUNT = "afluente"

# Linux's binary form of an access control list: a version, then (tag, permission, id) entries.
_ACL = "system.posix_acl_access"
_ACL_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_ENTER = 1


class OpenTheFolder(StreamingError):
    """The embedded server's own user may not enter a folder that it needs."""


@dataclass(frozen=True)
class ServerUser:
    """The user that runs the server; `None` ids: the user of this process."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        """Gives a file or folder to the server's user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def grant_read(self, tree: Path) -> None:
        """Makes an installation (public binaries only) readable for all users, if it was made under a strict umask."""
        if self.uid is None or tree.stat().st_mode & stat.S_IXOTH:
            return
        for path in (tree, *tree.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(stat.S_IMODE(mode) | 0o444 | (0o111 if mode & stat.S_IXUSR else 0))

    def grant_entry(self, folder: Path) -> None:
        """Lets the user pass through `folder` and all folders above it.

        A folder that is closed to others gets an entry for this user alone in its access control list.

        Raises:
            OpenTheFolder: the file system has no access control lists.
        """
        if self.uid is None:
            return
        for closed in (f for f in (folder, *folder.parents) if not f.stat().st_mode & stat.S_IXOTH):
            try:
                _add_entry(closed, self.uid)
            except OSError as error:
                raise OpenTheFolder(
                    f"the database's user {ACCOUNT!r} cannot enter {closed}; run `chmod o+x {closed}` "
                    "or choose another folder with --set var=FOLDER"
                ) from error


def find_server_user() -> ServerUser:
    """The user of this process; for root the account made for the server."""
    if os.geteuid() != 0:
        return ServerUser()
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        account = _make_account()
    return ServerUser(account.pw_uid, account.pw_gid)


def _make_account() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
        return pwd.getpwnam(ACCOUNT)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise OpenTheFolder(
            f"PostgreSQL does not run as root and the account {ACCOUNT!r} could not be made with "
            "useradd; run as an ordinary user, or set postgres.url"
        ) from error


def _add_entry(folder: Path, uid: int) -> None:
    """Adds the entry `user:uid:--x`, in place of one for the same user; all other permissions stay as they are."""
    entries = _read_entries(folder)
    permissions = {tag: permission for tag, permission, _ in entries}
    mask = permissions.get(_MASK, permissions[_GROUP]) | _ENTER  # a later chmod may have narrowed it
    kept = [entry for entry in entries if entry[0] != _MASK and (entry[0], entry[2]) != (_USER, uid)]
    ordered = sorted([*kept, (_USER, _ENTER, uid), (_MASK, mask, _NO_ID)], key=lambda entry: (entry[0], entry[2]))
    os.setxattr(folder, _ACL, _ACL_VERSION + b"".join(_ENTRY.pack(*entry) for entry in ordered))


def _read_entries(folder: Path) -> list[tuple[int, int, int]]:
    try:
        raw = os.getxattr(folder, _ACL)[len(_ACL_VERSION) :]
    except OSError:
        mode = folder.stat().st_mode
        return [(_OWNER, mode >> 6 & 7, _NO_ID), (_GROUP, mode >> 3 & 7, _NO_ID), (_OTHER, mode & 7, _NO_ID)]
    return [_ENTRY.unpack_from(raw, start) for start in range(0, len(raw), _ENTRY.size)]
