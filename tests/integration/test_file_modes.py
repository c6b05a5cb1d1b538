"""What the processes of a node leave on the disk, under a umask that allows everything: only their owner may read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.histories import place_of
from tests.programs import Postgres
from virtuoso.config import load
from virtuoso.doctor.finding import Level
from virtuoso.doctor.secret_files import check_secret_files
from virtuoso.recording.file import RecordingFile
from virtuoso.repository.directory import DirectoryRepository


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> set[tuple[str, int]]:
    """Return (kind, mode) of everything in the folder, and of the folder."""
    return {
        ("directory" if each.is_dir() else "file", stat.S_IMODE(each.stat().st_mode))
        for each in (folder, *folder.rglob("*"))
    }


PRIVATE = {("directory", 0o700), ("file", 0o600)}


async def test_values_locks_and_leases_of_a_directory_are_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "cache"
    directory = DirectoryRepository(path)
    await directory.set("key", b"value", ttl_s=60)
    assert await directory.lease("lease", "owner", ttl_s=60)
    assert modes(tmp_path / "state") == PRIVATE
    await directory.close()


async def test_files_of_an_older_version_become_private_at_the_first_call(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    directory = DirectoryRepository(path)
    await directory.set("key", b"value", ttl_s=60)
    await directory.lease("lease", "owner", ttl_s=60)
    await directory.close()
    path.chmod(0o755)
    for file in path.iterdir():
        file.chmod(0o644)
    reader = DirectoryRepository(path)
    assert await reader.get("key") == b"value"
    assert modes(path) == PRIVATE
    await reader.close()


@pytest.mark.parametrize("before", [[], ["history.db", "history.db.damaged-1"]])
async def test_a_history_its_logs_and_its_copies_are_private(tmp_path: Path, before: list[str]) -> None:
    state = tmp_path / "state"
    if before:
        state.mkdir(mode=0o700)
    for name in before:
        (state / name).touch(0o644)
    place = place_of("sqlite", tmp_path, Postgres)
    try:
        await place.make()
        assert (state / "history.db-wal").exists()
        assert modes(state) == PRIVATE
    finally:
        await place.close()


def test_a_recording_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir(mode=0o700)
    RecordingFile(folder / "new.rec", max_bytes=1 << 20)
    (folder / "old.rec").touch(0o644)
    RecordingFile(folder / "old.rec", max_bytes=1 << 20)
    assert modes(folder) == PRIVATE


@pytest.mark.parametrize("name", ["TLS_KEY", "CLUSTER_KEY_FILE", "HISTORY_FILE"])
async def test_a_secret_that_everybody_may_read_is_a_warning_with_its_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_text("postgresql://virtuoso:secret@host:5432/virtuoso")
    file.chmod(0o604)
    loaded = load({f"VIRTUOSO_{name}": str(file)}, {})
    (warning,) = loaded.warnings
    assert f"VIRTUOSO_{name}" in warning
    assert f"chmod o-rwx {file}" in warning
    finding = await check_secret_files(loaded.secret_files, None)
    assert (finding.level, str(file) in finding.why) == (Level.WARNING, True)
    file.chmod(0o640)
    assert not load({f"VIRTUOSO_{name}": str(file)}, {}).warnings
    assert (await check_secret_files(loaded.secret_files, None)).level is Level.OK


@pytest.mark.parametrize("url", ["sqlite://{folder}/history.db", "sqlite:///{folder}/history.db", "sqlite:///~/history.db"])
async def test_the_doctor_warns_of_a_history_that_everybody_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "history.db"
    file.touch(0o644)
    finding = await check_secret_files({}, url.format(folder=tmp_path))
    assert (finding.level, str(file) in finding.remedy) == (Level.WARNING, True)
