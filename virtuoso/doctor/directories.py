"""Checks of the directories that the settings name, and of the disks beneath them."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from virtuoso.doctor.daemon_call import daemon_call
from virtuoso.doctor.finding import Finding, Level

MB = 1_000_000
MIN_FREE = 100 * MB  # some minutes of snapshots and candles, and the files that are being written
LOW_FREE = 1_000 * MB
_TRIAL_BYTES = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "ceph", "fuse.sshfs", "fuse.glusterfs")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Disk:
    """The nearest existing directory above a path, and its disk. Sizes are bytes."""

    directory: Path
    free: int
    total: int
    free_inodes: int | None  # None where the file system does not count inodes
    file_system: str
    failure: OSError | None  # why nothing can be written there


async def check_directory(setting: str, path: Path) -> list[Finding]:
    """Check the absolute `path` of `setting`, and its disk. Nothing is left behind.

    Return the finding of the directory first, then that of the disk. A directory that can be created is OK.
    """
    subject = f"{setting.removeprefix('VIRTUOSO_')} directory"
    try:
        disk = await daemon_call(lambda: _probe(path))
    except OSError as error:
        return [_not_writable(subject, setting, path, path, error)]
    if disk.failure is not None:
        finding = _not_writable(subject, setting, path, disk.directory, disk.failure)
    else:
        why = f"{path} can be written" if disk.directory == path else f"{path} does not exist yet and will be created"
        if disk.file_system.startswith(_NETWORK_FILE_SYSTEMS):
            why = f"{why}, but it is on a network file system ({disk.file_system})"
            remedy = f"Set {setting} to a directory of this machine: nodes share memcached, not a directory"
            finding = Finding(subject, Level.WARNING, why, remedy)
        else:
            finding = Finding(subject, Level.OK, why)
    return [finding, _disk_finding(setting, disk)]


def _not_writable(subject: str, setting: str, path: Path, directory: Path, error: OSError) -> Finding:
    why = f"{path} cannot be written: {error.strerror or error}" + (f" ({directory})" if directory != path else "")
    if error.errno in _FULL:
        remedy = f"Free some space, or set {setting} to a directory on another disk"
    elif error.errno in _REFUSED:
        remedy = f"Allow user {os.geteuid()} to write to {directory}, or set {setting} to another directory"
    elif error.errno == errno.ENOTDIR:
        remedy = f"A file with the name of the directory exists: remove it, or set {setting} to another directory"
    else:
        remedy = f"Check the disk (dmesg), or set {setting} to another directory"
    return Finding(subject, Level.FAILURE, why, remedy)


def _disk_finding(setting: str, disk: _Disk) -> Finding:
    subject = f"disk of {setting.removeprefix('VIRTUOSO_')}"
    why = f"{_size(disk.free)} of {_size(disk.total)} free ({disk.file_system}, at {disk.directory})"
    figures = {"free_bytes": disk.free, "total_bytes": disk.total}
    remedy = f"Free some space, or set {setting} to a directory on another disk"
    if disk.free_inodes == 0:
        return Finding(subject, Level.FAILURE, f"{why}, but no inode is free: no file can be created", remedy, figures)
    if disk.free < MIN_FREE:
        return Finding(subject, Level.FAILURE, f"{why}; {_size(MIN_FREE)} are needed", remedy, figures)
    if disk.free < LOW_FREE:
        return Finding(subject, Level.WARNING, f"{why}; below {_size(LOW_FREE)} the disk may soon be full", remedy, figures)
    return Finding(subject, Level.OK, why, figures=figures)


def _probe(path: Path) -> _Disk:
    """Look at the disk of `path`. This blocks for as long as the disk does."""
    directory = path
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    failure: OSError | None = None
    try:
        if not directory.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        with tempfile.TemporaryFile(dir=directory) as file:  # it has no name, so nothing remains even after a crash
            file.write(secrets.token_bytes(_TRIAL_BYTES))
            file.flush()
    except OSError as error:
        failure = error
    usage, statistics = shutil.disk_usage(directory), os.statvfs(directory)
    return _Disk(
        directory=directory,
        free=usage.free,
        total=usage.total,
        free_inodes=statistics.f_favail if statistics.f_files else None,
        file_system=_file_system(directory),
        failure=failure,
    )


def _file_system(path: Path) -> str:
    """Return the type of file system as Linux names it, "unknown" on other systems."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "unknown"
    file_system, longest = "unknown", -1
    real = path.resolve()
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        mount_point = before.split()[4].replace("\\040", " ")
        if real.is_relative_to(mount_point) and len(mount_point) >= longest:
            file_system, longest = after.split()[0], len(mount_point)
    return file_system


def _size(count: int) -> str:
    return f"{count / (1000 * MB):.1f} GB" if count >= 1000 * MB else f"{count / MB:.0f} MB"
