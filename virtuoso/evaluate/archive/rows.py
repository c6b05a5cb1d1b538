"""The lines and rows of one file, one after another. Zip, gzip and plain files are read alike."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast


class DamagedFile(Exception):
    """A file cannot be read, or has other content than its name says. The message names it."""


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise DamagedFile(f"{path}: expected one file inside, not {len(names)}")
            with archive.open(names[0]) as stream:
                yield stream
    else:
        with path.open("rb") as packed:
            yield cast("IO[bytes]", gzip.GzipFile(fileobj=packed)) if path.suffix == ".gz" else packed


def lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file without their ends. Raise DamagedFile when it is damaged or incomplete."""
    try:
        with _opened(path) as stream:
            for line in stream:
                yield line.rstrip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DamagedFile(f"{path}: {error}") from error


def table(path: Path, columns: Sequence[str], wanted: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the `wanted` cells of each row. `columns` are those of a file without a header; files before 2023 have none.

    Raise DamagedFile when a wanted column is missing, and when the file is damaged."""
    places: list[int] | None = None
    for line in lines(path):
        cells = line.decode("utf-8", "replace").split(",")
        if places is None:
            header = cells if cells[0][:1].isalpha() else columns
            if missing := set(wanted) - set(header):
                raise DamagedFile(f"{path}: no column {', '.join(sorted(missing))}")
            places = [list(header).index(name) for name in wanted]
            if header is cells:
                continue
        if len(cells) > max(places):
            yield tuple([cells[place] for place in places])


def time_ms(text: str) -> int:
    """Return a time as epoch ms, from ms, from seconds with a fraction, or from text in UTC. Raise ValueError for other
    text."""
    if "-" in text[1:]:
        return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    number = float(text)
    return round(number if number > 1e11 else number * 1000)


class Ahead:
    """An iterator of (time in ms, item) that gives the items up to a time."""

    def __init__(self, items: Iterator[tuple[int, Any]]) -> None:
        self._items = items
        self._next = next(items, None)

    @property
    def exhausted(self) -> bool:
        """Return True when there are no further items."""
        return self._next is None

    def until(self, end_ms: int) -> Iterator[tuple[int, Any]]:
        """Yield the next items, up to and including `end_ms`."""
        while self._next is not None and self._next[0] <= end_ms:
            item, self._next = self._next, next(self._items, None)
            yield item
