"""The symbols that the user marked, in a file with one symbol per line."""

from __future__ import annotations

import os
from pathlib import Path

from virtuoso.domain.private_files import make_directory


class Watchlist:
    """The marked symbols. The file is read once and written after every change.

    An unreadable file counts as an empty list. It is overwritten only when a symbol is marked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._symbols = frozenset(path.read_text(encoding="utf-8").split())
        except (OSError, UnicodeDecodeError):
            self._symbols = frozenset()

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that are marked now."""
        return self._symbols

    def toggle(self, symbol: str) -> None:
        """Mark or unmark a symbol.

        Raise OSError when the file cannot be written. The change is then lost when the program ends."""
        self._symbols ^= {symbol}
        make_directory(self._path.parent)
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            temporary.write_text("".join(f"{each}\n" for each in sorted(self._symbols)), encoding="utf-8")
            temporary.replace(self._path)
        finally:
            temporary.unlink(missing_ok=True)
