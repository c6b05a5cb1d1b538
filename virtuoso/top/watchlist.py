"""The symbols that the user marked, one a line in a file."""

from __future__ import annotations

import os
from pathlib import Path


class Watchlist:
    """Read once; written at every change. A file that cannot be read is an empty list, and is not written over until a
    symbol is marked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._symbols = frozenset(path.read_text(encoding="utf-8").split())
        except (OSError, UnicodeDecodeError):
            self._symbols = frozenset()

    @property
    def symbols(self) -> frozenset[str]:
        """Those that are marked now."""
        return self._symbols

    def toggle(self, symbol: str) -> None:
        """Mark it, or no more. OSError when that cannot be kept: it then holds until the end."""
        self._symbols ^= {symbol}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            half.write_text("".join(f"{each}\n" for each in sorted(self._symbols)), encoding="utf-8")
            half.replace(self._path)
        finally:
            half.unlink(missing_ok=True)
