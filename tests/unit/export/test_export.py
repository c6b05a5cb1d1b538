"""`virtuoso export` from a real SQLite history, in both formats."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from tests.contract.histories import MINUTE, T0, Place, alert, outlook, point, signal
from tests.programs import ROOT
from virtuoso.domain.model import DimensionKind
from virtuoso.domain.outlook import SaidOutlook
from virtuoso.domain.progress import Progress
from virtuoso.domain.records import Alert, AlertKind, ScorePoint, Side, Signal, SignalStatus
from virtuoso.export import export
from virtuoso.export.export import ExportRequest, run_export
from virtuoso.export.tables import TABLES, Kind

HOUR = 60


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(export, "PAGE", 2)
    monkeypatch.setattr(export, "BATCH", 3)
    file = tmp_path / "history.db"
    found = Place(f"sqlite://{file}", file=file)
    closed = signal(1, side=Side.SHORT, targets=(0.2,), sizes=(1.0,), entry=200.0)
    writer = found.writer()
    points = [point(minute, score=None if minute == 1 else 61.5) for minute in range(5)]
    hours = [point(1 + HOUR * hours, price=202.0) for hours in (1, 4, 24)]
    await writer.write(
        [*points, *hours, point(symbol="ETHUSDT"), point(venue="binance")],
        [
            replace(closed, status=SignalStatus.STOPPED, result_r=-1.0, closed_ms=T0 + 9, exit_price=0.29),
            *(signal(number, symbol="ETHUSDT") for number in (2, 3, 4)),
        ],
    )
    await writer.add_alerts(
        [alert('é, "x"', n, kind=AlertKind.LARGE_TRADE, reading=n / 3, unit="%") for n in range(5)], cooldown_s={}
    )
    await writer.write_outlooks([outlook(number, beat=1.0 if number else None) for number in range(5)])
    yield found
    await found.close()


async def exported(place: Place, path: Path, table: str, **given: Any) -> tuple[int, str]:
    """Return (exit code, progress)."""
    values: dict[str, Any] = {"start_ms": 0, "end_ms": 2 * T0, "form": path.suffix[1:], **given}
    out = io.StringIO()
    request = ExportRequest(table=table, path=path, **values)
    return await run_export(place.reader(), request, Progress(out, "export"), asyncio.Event()), out.getvalue()


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(), newline="")))


async def test_scores_are_written_by_range_and_symbol_and_what_is_missing_is_empty(place: Place, tmp_path: Path) -> None:
    code, progress = await exported(
        place, tmp_path / "a.csv", "scores", symbols=("BTCUSDT",), venue="bybit", end_ms=T0 + 4 * MINUTE
    )
    assert code == 0
    assert "symbols: 1 of 1" in progress
    found = rows(tmp_path / "a.csv")
    assert [row["price"] for row in found] == ["100.0", "101.0", "102.0", "103.0"]
    assert [row["score"] for row in found] == ["61.5", "", "61.5", "61.5"]
    assert found[0]["observed_time"] == "2025-10-09T08:53:27.000Z"
    assert found[0]["technical"] == ""
    await exported(place, tmp_path / "all.csv", "scores")
    assert len(rows(tmp_path / "all.csv")) == 10


async def test_signals_have_their_outcome_and_the_moves_that_followed(place: Place, tmp_path: Path) -> None:
    code, _ = await exported(place, tmp_path / "a.csv", "signals", symbols=("BTCUSDT",))
    [found] = rows(tmp_path / "a.csv")
    assert code == 0
    assert (found["side"], found["status"], found["result_r"], found["exit_price"]) == ("SHORT", "STOPPED", "-1.0", "0.29")
    assert (found["target_1"], found["target_2"], found["drivers"]) == ("0.2", "", "orderflow orderbook")
    assert [float(found[f"move_{name}_percent"]) for name in ("1h", "4h", "24h")] == pytest.approx([-1.0, -1.0, -1.0])
    await exported(place, tmp_path / "b.csv", "signals", start_ms=T0 + 3 * MINUTE)
    assert [row["id"] for row in rows(tmp_path / "b.csv")] == ["signal-004", "signal-003"]
    assert rows(tmp_path / "b.csv")[0]["move_1h_percent"] == ""


@pytest.mark.parametrize("table", TABLES)
async def test_parquet_has_the_same_rows_as_csv(place: Place, tmp_path: Path, table: str) -> None:
    for name in ("a.csv", "a.parquet"):
        assert (await exported(place, tmp_path / name, table))[0] == 0
    read = pyarrow.parquet.read_table(tmp_path / "a.parquet")
    assert read.column_names == [column.name for column in TABLES[table]]
    types = {Kind.TEXT: "string", Kind.NUMBER: "double", Kind.WHOLE: "int64", Kind.TIME: "timestamp[ms, tz=UTC]"}
    assert [str(each) for each in read.schema.types] == [types[column.kind] for column in TABLES[table]]
    expected = rows(tmp_path / "a.csv")
    assert len(expected) > 3
    for row, other in zip(read.to_pylist(), expected, strict=True):
        for column in TABLES[table]:
            value, text = row[column.name], other[column.name]
            shown = value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if hasattr(value, "isoformat") else value
            assert ("" if shown is None else str(shown)) == text


async def test_an_empty_range_gives_a_header_and_no_rows(place: Place, tmp_path: Path) -> None:
    for name in ("a.csv", "a.parquet"):
        assert (await exported(place, tmp_path / name, "alerts", end_ms=1))[0] == 0
    assert rows(tmp_path / "a.csv") == []
    assert pyarrow.parquet.read_table(tmp_path / "a.parquet").num_rows == 0


async def test_a_failure_or_a_stop_leaves_the_old_file_and_nothing_beside_it(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "a.csv"
    path.write_text("old")
    missing = Place(f"sqlite://{tmp_path / 'none.db'}")
    code, _ = await exported(missing, path, "scores")
    await missing.close()
    stop = asyncio.Event()
    stop.set()
    request = ExportRequest(table="scores", form="csv", path=path, start_ms=0, end_ms=2 * T0)
    stopped = await run_export(place.reader(), request, Progress(io.StringIO(), "export"), stop)
    assert (code, stopped) == (1, 130)
    assert [each.name for each in folder.iterdir()] == ["a.csv"]
    assert path.read_text() == "old"


def test_each_field_of_a_record_has_a_column() -> None:
    renamed = {"observed_ms": "observed_time", "opened_ms": "open_time", "closed_ms": "close_time", "bar_ms": "bar_time"}
    renamed |= {
        "expires_ms": "expire_time",
        "judged_ms": "judge_time",
        "targets": "target_1",
        "sizes": "size_1",
        "chances": "chance_1",
        "costs": "taker_fee_percent",
    }
    not_exported = {ScorePoint: set(), Signal: {"rearmed"}, Alert: set(), SaidOutlook: set()}  # only for the collector
    for record, columns in zip(not_exported, TABLES.values(), strict=True):
        names = {column.name for column in columns}
        assert {renamed.get(field.name, field.name) for field in fields(record)} - not_exported[record] <= names
    assert {kind.lower_name for kind in DimensionKind} <= {column.name for column in TABLES["scores"]}


def test_the_page_lists_each_column_with_its_unit() -> None:
    page = (ROOT / "virtuoso" / "export" / "export.md").read_text()
    for table, columns in TABLES.items():
        section = page.partition(f"## {table}\n")[2].partition("\n## ")[0]
        listed = [line for line in section.splitlines() if line.startswith("| `")]
        assert listed == [f"| `{c.name}` | {c.kind.value} | {c.unit} | {c.meaning} |" for c in columns]
