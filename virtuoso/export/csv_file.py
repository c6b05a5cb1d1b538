"""A table as CSV: RFC 4180, UTF-8, one header line. An absent value is an empty cell. Times are ISO 8601 in UTC."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

from virtuoso.export.tables import Column, Kind


class CsvFile:
    """Writes rows into `stream`."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._stream = stream
        self._times = [position for position, column in enumerate(columns) if column.kind is Kind.TIME]
        self._write([[column.name for column in columns]])

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write a batch of rows."""
        shown = [list(row) for row in rows]
        for row in shown:
            for position in self._times:
                row[position] = None if row[position] is None else _iso(row[position])
        self._write(shown)

    def finish(self) -> None:
        """Write the end of the file. CSV has none."""

    def _write(self, rows: Sequence[Sequence[Any]]) -> None:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        self._stream.write(text.getvalue().encode())


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
