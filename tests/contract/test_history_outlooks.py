"""The outlooks in the history: what was said never changes."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.histories import T0, outlook
from virtuoso.domain.ports import HistoryReader
from virtuoso.history.sql_writer import SqlHistoryWriter


async def test_what_an_outlook_said_never_changes_and_its_outcome_is_stored_once(
    writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    first, second = outlook(1), outlook(2)
    await writer.write_outlooks([second, first, outlook(3, venue="binance")])
    ended = replace(first, odds=0.5, move_percent=1.5, beat=1.0)
    await writer.write_outlooks([ended, second])
    await writer.write_outlooks([replace(ended, move_percent=-2.0, beat=0.0)])
    assert list(await reader.said_outlooks("bybit", start_ms=0)) == [replace(first, move_percent=1.5, beat=1.0), second]
    assert list(await reader.said_outlooks("bybit", start_ms=second.bar_ms)) == [second]
    assert await writer.delete_old(points_before_ms=0, rest_before_ms=second.bar_ms, latest_ms=2 * T0) == 1
