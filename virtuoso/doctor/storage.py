"""The repository's places, each by itself: memcached servers, directories, the disks beneath them."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from virtuoso.doctor.daemon_call import aside
from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain.errors import RepositoryError, RepositoryTimedOut
from virtuoso.repository import keys
from virtuoso.repository.memcached import MemcachedRepository
from virtuoso.repository.memcached_client import CHUNK

MB = 1_000_000
LEAST_FREE = 100 * MB  # some minutes of snapshots and bars, and the parts of those being written
SOON_FULL = 1_000 * MB
TRIAL_S = 10.0  # what a probe writes is gone by itself after so long, should we be killed before we remove it
_TRIAL_BYTES = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_SHARED = ("nfs", "cifs", "smb", "9p", "ceph", "fuse.sshfs", "fuse.glusterfs")


async def memcached(host: str, port: int) -> Finding:
    """Whether the server keeps a small value and one as large as it must take. Both are removed again."""
    subject, server = f"memcached {host}:{port}", MemcachedRepository(host, port)
    key, value = f"{keys.trial()}:{secrets.token_hex(8)}", secrets.token_bytes(64)
    try:
        began = time.monotonic()
        await server.set(key, value, ttl_s=TRIAL_S)
        kept = await server.get(key)
        took_ms = (time.monotonic() - began) * 1000
        if kept != value:
            why = "it does not give back what it was just given"
            return Finding(
                subject, Level.FAILURE, why, "Is it a proxy, or out of memory? Start memcached with -m 64 or more"
            )
        await server.set(key, bytes(CHUNK - 1), ttl_s=TRIAL_S)  # as large as a piece of a snapshot
        await server.remove(key)
    except RepositoryTimedOut as error:
        why = f"{error}: something listens and is silent, or packets are lost"
        return Finding(subject, Level.FAILURE, why, "Restart it, or take it out of VIRTUOSO_CACHE")
    except RepositoryError as error:
        with suppress(RepositoryError):
            await server.remove(key)
        return Finding(subject, Level.FAILURE, str(error), "Start memcached there, or name another in VIRTUOSO_CACHE")
    finally:
        await server.close()
    why = f"kept and gave back a value in {took_ms:.1f} ms, and takes values of 1 MB"
    return Finding(subject, Level.WELL, why, figures={"round_trip_ms": round(took_ms, 2)})


def weigh_servers(findings: Sequence[Finding]) -> list[Finding]:
    """While one memcached server works, the failure of another is a warning: keys move to the next one."""
    if all(finding.level is Level.FAILURE for finding in findings):
        return [replace(each, cure=f"{each.cure}. Until then each node serves from its own directory") for each in findings]
    return [
        replace(each, level=Level.WARNING, cure=f"{each.cure}. Until then the other servers take its keys")
        if each.level is Level.FAILURE
        else each
        for each in findings
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    """What is at a path: `at` is the nearest directory that exists. `failure` is why nothing can be written there."""

    at: Path
    free: int
    total: int
    inodes: int | None
    kind: str
    failure: OSError | None


async def directory(setting: str, path: Path) -> list[Finding]:
    """`path` (absolute, of `setting`) and its disk: two findings. A directory that is not there yet is well where it could
    be made. Nothing is left behind."""
    subject = f"{setting.removeprefix('VIRTUOSO_')} directory"
    try:
        place = await aside(lambda: _look(path))
    except OSError as error:
        return [_refused(subject, setting, path, path, error)]
    if place.failure is not None:
        found = _refused(subject, setting, path, place.at, place.failure)
    else:
        words = f"{path} can be written" if place.at == path else f"{path} is not there yet and will be made"
        if place.kind.startswith(_SHARED):
            cure = f"Let {setting} name a directory of this machine: several nodes share memcached, not a directory"
            found = Finding(subject, Level.WARNING, f"{words}, but lies on a network file system ({place.kind})", cure)
        else:
            found = Finding(subject, Level.WELL, words)
    return [found, _disk(setting, place)]


def _refused(subject: str, setting: str, path: Path, at: Path, error: OSError) -> Finding:
    why = f"{path} cannot be written: {error.strerror or error}" + (f" ({at})" if at != path else "")
    if error.errno in _FULL:
        cure = f"Free some room, or let {setting} name a directory on another disk"
    elif error.errno in _REFUSED:
        cure = f"Let user {os.geteuid()} write to {at}, or let {setting} name another directory"
    elif error.errno == errno.ENOTDIR:
        cure = f"A file is in its place: remove it, or let {setting} name another directory"
    else:
        cure = f"Look at that disk (dmesg), or let {setting} name another directory"
    return Finding(subject, Level.FAILURE, why, cure)


def _disk(setting: str, place: _Place) -> Finding:
    subject = f"disk of {setting.removeprefix('VIRTUOSO_')}"
    why = f"{_size(place.free)} of {_size(place.total)} free ({place.kind}, at {place.at})"
    figures = {"free_bytes": place.free, "total_bytes": place.total}
    cure = f"Free some room, or let {setting} name a directory on another disk"
    if place.inodes == 0:
        return Finding(subject, Level.FAILURE, f"{why}, but no inode is: no file can be made", cure, figures)
    if place.free < LEAST_FREE:
        return Finding(subject, Level.FAILURE, f"{why}; {_size(LEAST_FREE)} is needed", cure, figures)
    if place.free < SOON_FULL:
        return Finding(subject, Level.WARNING, f"{why}; below {_size(SOON_FULL)} it may soon be full", cure, figures)
    return Finding(subject, Level.WELL, why, figures=figures)


# ------------------------------------------------------------------------------------------------ in a thread, from here


def _look(path: Path) -> _Place:
    at = path
    while not at.exists() and at != at.parent:
        at = at.parent
    failure: OSError | None = None
    try:
        if not at.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        with tempfile.TemporaryFile(dir=at) as file:  # has no name, so that nothing stays even when we are killed
            file.write(secrets.token_bytes(_TRIAL_BYTES))
            file.flush()
    except OSError as error:
        failure = error
    usage, statistics = shutil.disk_usage(at), os.statvfs(at)
    inodes = statistics.f_favail if statistics.f_files else None  # some file systems count none
    return _Place(at, usage.free, usage.total, inodes, _file_system(at), failure)


def _file_system(path: Path) -> str:
    """The kind of file system, as Linux names it; "unknown" elsewhere."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "unknown"
    found, longest = "unknown", -1
    real = path.resolve()
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].replace("\\040", " ")
        if real.is_relative_to(point) and len(point) >= longest:
            found, longest = after.split()[0], len(point)
    return found


def _size(count: int) -> str:
    return f"{count / (1000 * MB):.1f} GB" if count >= 1000 * MB else f"{count / MB:.0f} MB"
