"""A table as Parquet (https://parquet.apache.org/docs/file-format), without a library, because pyarrow takes 170 MB.

Each batch of rows is one row group. Each column of a row group is one gzip page: the definition levels (1 for a value, 0 for
an absent one) and then the values (PLAIN). The footer describes all of them, in Thrift's compact protocol."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from virtuoso.export.tables import Column, Kind

MAGIC = b"PAR1"
INT64, DOUBLE, BYTE_ARRAY = 2, 5, 6
UTF8, TIMESTAMP_MILLIS = 0, 9
PLAIN, RLE = 0, 3
OPTIONAL, GZIP, DATA_PAGE = 1, 2, 0
_TYPES: Mapping[Kind, tuple[int, int | None]] = {
    Kind.TEXT: (BYTE_ARRAY, UTF8),
    Kind.NUMBER: (DOUBLE, None),
    Kind.WHOLE: (INT64, None),
    Kind.TIME: (INT64, TIMESTAMP_MILLIS),
}


class _Long(int):
    """An i64 of Thrift. A plain int is an i32."""


class _Page(NamedTuple):
    offset: int
    plain_size: int
    packed_size: int


class ParquetFile:
    """Writes rows into `stream`. `finish` must be called after the last batch."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._stream = stream
        self._columns = columns
        self._offset = 0
        self._rows = 0
        self._groups: list[bytes] = []
        self._write(MAGIC)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write a batch of rows."""
        if not rows:
            return
        chunks: list[dict[int, Any]] = []
        for column, values in zip(self._columns, zip(*rows, strict=True), strict=True):
            page = self._page(column.kind, values)
            description = {
                1: _TYPES[column.kind][0],
                2: [PLAIN, RLE],
                3: [column.name],
                4: GZIP,
                5: _Long(len(rows)),
                6: _Long(page.plain_size),
                7: _Long(page.packed_size),
                9: _Long(page.offset),
            }
            chunks.append({2: _Long(page.offset), 3: description})
        size = sum(chunk[3][6] for chunk in chunks)
        self._groups.append(_struct({1: chunks, 2: _Long(size), 3: _Long(len(rows))}))
        self._rows += len(rows)

    def finish(self) -> None:
        """Write the end of the file."""
        schema: list[dict[int, Any]] = [{4: "table", 5: len(self._columns)}]
        for column in self._columns:
            kind, converted = _TYPES[column.kind]
            schema.append({1: kind, 3: OPTIONAL, 4: column.name} | ({} if converted is None else {6: converted}))
        notes = [{1: f"unit.{column.name}", 2: column.unit} for column in self._columns if column.unit]
        footer = _struct({1: 1, 2: schema, 3: _Long(self._rows), 4: self._groups, 5: notes, 6: "virtuoso"})
        self._write(footer + struct.pack("<I", len(footer)) + MAGIC)

    def _page(self, kind: Kind, values: Sequence[Any]) -> _Page:
        """Write one column of a batch."""
        plain = _levels([value is not None for value in values]) + _plain(kind, [v for v in values if v is not None])
        packed = gzip.compress(plain, 6, mtime=0)
        header = _struct({1: DATA_PAGE, 2: len(plain), 3: len(packed), 5: {1: len(values), 2: PLAIN, 3: RLE, 4: RLE}})
        offset = self._offset
        self._write(header + packed)
        return _Page(offset, len(header) + len(plain), len(header) + len(packed))

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._offset += len(data)


def _plain(kind: Kind, values: Sequence[Any]) -> bytes:
    if kind is Kind.TEXT:
        texts = [value.encode() for value in values]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return struct.pack(f"<{len(values)}{'d' if kind is Kind.NUMBER else 'q'}", *values)


def _levels(present: Sequence[bool]) -> bytes:
    """Return the definition levels: one run of groups of 8 bits, lowest bit first."""
    groups = -(-len(present) // 8)
    bits = sum(1 << position for position, one in enumerate(present) if one).to_bytes(groups, "little")
    run = _varint(groups << 1 | 1) + bits
    return struct.pack("<I", len(run)) + run


def _struct(fields: Mapping[int, Any]) -> bytes:
    """Return a struct of Thrift's compact protocol, by ascending number of its fields."""
    parts, last = [], 0
    for number, value in fields.items():
        kind, data = _value(value)
        parts += [bytes([(number - last) << 4 | kind]), data]
        last = number
    return b"".join([*parts, b"\0"])


def _value(value: Any) -> tuple[int, bytes]:
    """Return (type, bytes) of a value."""
    match value:
        case _Long():
            return 6, _varint(value << 1)  # zigzag; no number in a footer is below 0
        case int():
            return 5, _varint(value << 1)
        case str():
            return 8, _varint(len(value.encode())) + value.encode()
        case dict():
            return 12, _struct(value)
        case bytes():  # a struct that is encoded already
            return 12, value
        case _:
            items = [_value(item) for item in value]
            kind = items[0][0] if items else 12
            head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _varint(len(items))
            return 9, head + b"".join(data for _, data in items)


def _varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])
