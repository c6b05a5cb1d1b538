"""Writing files so that a reader sees the old content or the new one, and never a part."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def replace_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Replace the file at `path` by what `write` writes into a stream. OSError when it cannot be written; the old file then
    stays."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as stream:
            write(stream)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def ensure_writable(folder: Path) -> None:
    """Create the folder and a file in it, before minutes of work depend on that. OSError when it is not possible."""
    folder.mkdir(parents=True, exist_ok=True)
    trial = folder / f".{os.getpid()}"
    trial.touch()
    trial.unlink()
