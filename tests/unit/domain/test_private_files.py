"""Files that only their owner may read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from virtuoso.domain.private_files import make_directory, open_to_all, opener, tighten


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o077])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_files_and_directories_are_private_under_any_umask(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_directory(folder)
    make_directory(folder)
    assert [mode(each) for each in (folder, folder.parent)] == [0o700, 0o700]
    with open(folder / "file", "wb", opener=opener):
        pass
    assert mode(folder / "file") == 0o600


def test_a_file_in_the_place_of_the_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match=r"File exists|Not a directory"):
            make_directory(path)


def test_existing_files_are_tightened_except_shared_directories_and_links(tmp_path: Path) -> None:
    file, shared, link = tmp_path / "file", tmp_path / "shared", tmp_path / "link"
    file.touch()
    shared.mkdir()
    link.symlink_to(file)
    file.chmod(0o644)
    shared.chmod(0o1777)
    tighten([link, shared, tmp_path / "none"])
    assert (mode(file), mode(shared)) == (0o644, 0o1777)
    assert open_to_all(str(link))
    tighten([file])
    assert mode(file) == 0o600
    assert not open_to_all(str(file))
    assert not open_to_all(str(tmp_path / "none"))
