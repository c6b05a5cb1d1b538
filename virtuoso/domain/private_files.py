"""Files and directories that only their owner may read: mode 0600 and 0700, whatever the umask is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

FILE_MODE, DIRECTORY_MODE = 0o600, 0o700


def opener(path: str, flags: int) -> int:
    """Open a file for `open(..., opener=opener)`. A new file has FILE_MODE. The mode of an existing file stays."""
    return os.open(path, flags | os.O_CLOEXEC, FILE_MODE)


def make_directory(path: Path) -> None:
    """Create the directory and its missing parents with DIRECTORY_MODE. Raise OSError when that fails."""
    if path.is_dir():
        return
    if path.parent != path:
        make_directory(path.parent)
    path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)


def tighten(paths: Iterable[Path]) -> None:
    """Take the permissions of the group and of others from files and directories of this user.

    A directory with the sticky bit, such as /tmp, is shared on purpose and stays as it is."""
    for path in paths:
        with suppress(OSError):
            status = path.lstat()
            shared = stat.S_ISLNK(status.st_mode) or status.st_mode & stat.S_ISVTX
            if status.st_uid == os.geteuid() and not shared and status.st_mode & 0o077:
                path.chmod(stat.S_IMODE(status.st_mode) & 0o700)


def open_to_all(path: str) -> bool:
    """Return True when every user of this machine may read the file."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    return bool(status.st_mode & stat.S_IROTH)
