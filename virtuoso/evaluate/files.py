"""Atomic file writes: a reader sees the old or the new content, never a part of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def replace_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Replace the content of the file at `path`. `write` writes the new content into a stream. Raise OSError when this
    fails. The old file is then unchanged."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            write(stream)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def ensure_writable(folder: Path) -> None:
    """Create the folder, and create and delete a file in it. Raise OSError when this fails."""
    folder.mkdir(parents=True, exist_ok=True)
    trial = folder / f".{os.getpid()}"
    trial.touch()
    trial.unlink()
