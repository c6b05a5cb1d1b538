"""Atomic file writes: a reader sees the old or the new content, never a part of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a stream for the new content of the file at `path`. The file is replaced when the block ends.

    The file stays unchanged, and nothing is left beside it, when the block raises. Raise OSError when writing fails."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            yield stream
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Replace the content of the file at `path` by what `write` writes. Raise OSError when this fails."""
    with replacing(path) as stream:
        write(stream)


def ensure_writable(folder: Path) -> None:
    """Create the folder, and create and delete a file in it. Raise OSError when this fails."""
    folder.mkdir(parents=True, exist_ok=True)
    trial = folder / f".{os.getpid()}"
    trial.touch()
    trial.unlink()
