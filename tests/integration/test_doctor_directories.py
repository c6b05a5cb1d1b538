"""The doctor's check of real directories and disks, with and without faults. The check leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from virtuoso.doctor.directories import check_directory
from virtuoso.doctor.finding import Level


async def test_an_existing_directory_is_ok_and_left_unchanged(tmp_path: Path) -> None:
    before = tmp_path.stat().st_mtime_ns
    finding, disk_finding = await check_directory("VIRTUOSO_CACHE", tmp_path)
    assert (finding.level, finding.why) == (Level.OK, f"{tmp_path} can be written")
    assert disk_finding.figures["free_bytes"] > 0
    assert (tmp_path.stat().st_mtime_ns, list(tmp_path.iterdir())) == (before, [])


async def test_a_file_with_the_directorys_name_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    finding = (await check_directory("VIRTUOSO_CACHE", tmp_path / "cache" / "deeper"))[0]
    assert finding.level is Level.FAILURE
    assert "A file with the name of the directory exists" in finding.remedy


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return a function that mounts a small disk with the given options."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        path = tmp_path / "disk"
        path.mkdir()
        process = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True, check=False
        )
        if process.returncode:
            pytest.skip(f"NO DISK CAN BE MOUNTED HERE: {process.stderr.strip()}")
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)


async def test_a_full_disk_is_a_failure(disk: Callable[[str], Path]) -> None:
    path = disk("size=1m")
    (path / "ballast").write_bytes(bytes(1_000_000))
    finding, space = await check_directory("VIRTUOSO_CACHE", path)
    assert (finding.level, space.level) == (Level.FAILURE, Level.FAILURE)
    assert "No space left" in finding.why
    assert "Free some space" in finding.remedy
    assert "(tmpfs, at" in space.why
    assert [file.name for file in path.iterdir()] == ["ballast"]


async def test_a_disk_that_may_soon_be_full_is_a_warning(disk: Callable[[str], Path]) -> None:
    finding, space = await check_directory("VIRTUOSO_CACHE", disk("size=500m") / "cache")
    assert (finding.level, space.level) == (Level.OK, Level.WARNING)


async def test_a_disk_without_free_inodes_is_a_failure(disk: Callable[[str], Path]) -> None:
    path = disk("size=2g,nr_inodes=2")
    (path / "last").write_text("")
    space = (await check_directory("VIRTUOSO_CACHE", path))[1]
    assert space.level is Level.FAILURE
    assert "inode" in space.why


async def test_a_read_only_disk_is_a_failure(disk: Callable[[str], Path]) -> None:
    finding = (await check_directory("VIRTUOSO_CACHE", disk("size=1g,ro") / "cache"))[0]
    assert finding.level is Level.FAILURE
    assert "Read-only file system" in finding.why
    assert "VIRTUOSO_CACHE" in finding.remedy


async def test_a_directory_that_this_user_may_not_write_is_a_failure(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.geteuid() == 0:  # root may write whatever the mode
        closed = Path("/proc/sys")
    finding = (await check_directory("VIRTUOSO_CACHE", closed / "cache"))[0]
    assert finding.level is Level.FAILURE
    assert "set VIRTUOSO_CACHE to another directory" in finding.remedy
