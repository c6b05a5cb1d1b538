"""The contract of HistoryReader and HistoryWriter: one suite for each database that `history.factory` knows."""

from __future__ import annotations

import asyncio
import math
import multiprocessing
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine

from tests.contract.histories import MINUTE, T0, Place, alert, opportunity, point, signal
from virtuoso.domain.errors import ConfigError, HistoryError
from virtuoso.domain.model import Environment
from virtuoso.domain.ports import HistoryReader
from virtuoso.domain.records import AlertKind, AlertLevel, AlertMarket, Side, Signal, SignalStatus, TradingCosts
from virtuoso.history import schema, tables
from virtuoso.history.factory import open_history_reader, open_history_writer
from virtuoso.history.sql_writer import DELETE_BATCH, SqlHistoryWriter

MINUTE_APART = {AlertKind.PRICE_MOVE: 60.0}


async def test_a_reader_waits_for_the_first_writer_and_needs_no_restart(
    writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    with pytest.raises(HistoryError, match="does not exist yet"):
        await reader.newest_cursor()
    assert await writer.newest_cursor() == 0
    assert await reader.newest_cursor() == 0
    assert list(await reader.signals()) == []
    assert list(await reader.alerts()) == []


async def test_the_migrations_create_the_tables_of_the_queries(place: Place, writer: SqlHistoryWriter) -> None:
    await writer.newest_cursor()

    def differences(connection: Connection) -> list[object]:
        options = {"version_table": schema.VERSION_TABLE, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata))

    if place.file is not None:
        engine = create_engine(f"sqlite:///{place.file}")
        with engine.connect() as connection:
            assert differences(connection) == []
        engine.dispose()
    else:
        made = place.sql(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
        )
        wanted = [f"{table.name}|{column.name}" for table in tables.metadata.sorted_tables for column in table.c]
        assert sorted(made.splitlines()) == sorted([*wanted, f"{schema.VERSION_TABLE}|version_num"])


async def test_a_newer_schema_is_left_unchanged_and_the_error_has_a_remedy(
    place: Place, writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    await writer.write([point()])
    place.set_version(schema.VERSION + 1)
    for each in (writer, reader):
        with pytest.raises(HistoryError, match=f"schema {schema.VERSION + 1} of a newer release.*Run the newer release"):
            await each.score_points("bybit", "BTCUSDT", start_ms=0, end_ms=2 * T0, step_ms=1)
    with pytest.raises(HistoryError, match="newer release"):
        await writer.write([point(1)])
    place.set_version(schema.VERSION)
    assert len(await reader.score_points("bybit", "BTCUSDT", start_ms=0, end_ms=2 * T0, step_ms=1)) == 1


async def test_a_database_that_was_opened_for_reading_cannot_be_written(place: Place, writer: SqlHistoryWriter) -> None:
    await writer.newest_cursor()
    intruder = SqlHistoryWriter(place.reader()._transactions)
    with pytest.raises(HistoryError):
        await intruder.write([point()])
    with pytest.raises(HistoryError):
        await intruder.add_alerts([alert()], cooldown_s={})
    assert list(await writer.alerts()) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://root:secret@db/virtuoso", "its kind is unknown"),
        ("sqlite://history.db", "absolute path"),
        ("sqlite:///", "absolute path"),
        ("postgresql://virtuoso:secret@db:port/virtuoso", "port"),
        ("postgresql://virtuoso:secret@db", "no database"),
        ("history.db", "its kind is unknown"),
    ],
)
def test_the_error_for_an_invalid_url_says_what_is_expected_without_the_password(url: str, why: str) -> None:
    with pytest.raises(ConfigError, match=f"{why}.*expected sqlite:///") as refused:
        open_history_reader(url)
    assert "secret" not in str(refused.value)


async def test_points_are_read_with_four_decimals_and_missing_values_stay_missing(
    writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    given = point(
        price=0.000012345678901, score=54.32109, instant_score=57.5, technical=0.00004, volume=100.0, sentiment=None
    )
    await writer.write([given])
    [found] = await reader.score_points("bybit", "BTCUSDT", start_ms=T0, end_ms=T0 + MINUTE, step_ms=1)
    assert found == replace(given, score=54.3211, technical=0.0)
    assert found.sentiment is None


async def test_the_last_point_of_each_step_is_read_and_the_end_is_excluded(
    writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    await writer.write([point(minute) for minute in range(10) if minute != 4])
    await writer.write([point(symbol="ETHUSDT"), point(venue="binance", price=1.0)])

    async def minutes(start: int, end: int, step: int) -> list[float]:
        found = await reader.score_points(
            "bybit", "BTCUSDT", start_ms=T0 + start * MINUTE, end_ms=T0 + end * MINUTE + 7_000, step_ms=step * MINUTE
        )
        return [each.price - 100 for each in found]

    assert await minutes(0, 9, 1) == [0, 1, 2, 3, 5, 6, 7, 8]  # the tenth point is at the end, which is excluded
    assert await minutes(0, 10, 3) == [2, 5, 8, 9]
    assert await minutes(1, 10, 3) == [3, 6, 9]
    assert await minutes(4, 4, 1) == []
    assert list(await reader.score_points("bybit", "NONEUSDT", start_ms=0, end_ms=2 * T0, step_ms=1)) == []


async def test_symbols_that_had_a_point_are_listed_by_venue(writer: SqlHistoryWriter, reader: HistoryReader) -> None:
    await writer.write([point(symbol="ETHUSDT"), point(), point(symbol="ETHUSDT", minute=3), point(venue="binance")])
    assert list(await reader.scored_symbols("bybit")) == ["BTCUSDT", "ETHUSDT"]
    assert list(await reader.scored_symbols("okx")) == []
    assert list(await reader.scored_venues()) == ["binance", "bybit"]


async def test_all_points_are_read_page_by_page(writer: SqlHistoryWriter, reader: HistoryReader) -> None:
    await writer.write([point(minute) for minute in range(5)])
    first = await reader.all_score_points("bybit", "BTCUSDT", start_ms=T0, end_ms=T0 + 4 * MINUTE, limit=3)
    assert list(first) == [point(minute) for minute in range(3)]
    rest = await reader.all_score_points(
        "bybit", "BTCUSDT", start_ms=first[-1].observed_ms + 1, end_ms=T0 + 4 * MINUTE, limit=3
    )
    assert list(rest) == [point(3)]


async def test_a_point_that_is_already_stored_is_ignored(writer: SqlHistoryWriter, reader: HistoryReader) -> None:
    await writer.write([point(), point(price=5.0)])
    await writer.write([point(price=6.0)])
    found = await reader.score_points("bybit", "BTCUSDT", start_ms=0, end_ms=2 * T0, step_ms=1)
    assert list(found) == [point()]


async def test_a_transaction_is_stored_whole_or_not_at_all(writer: SqlHistoryWriter, reader: HistoryReader) -> None:
    await writer.write([point()])
    broken = replace(opportunity(), sentence=None)  # type: ignore[arg-type]
    with pytest.raises(HistoryError) as failure:
        await writer.write([point(1)], [signal()], [opportunity(1), broken])
    assert failure.value.refused
    assert len(await reader.score_points("bybit", "BTCUSDT", start_ms=0, end_ms=2 * T0, step_ms=1)) == 1
    assert list(await reader.signals()) == []
    assert list(await reader.opportunities()) == []
    await writer.write([point(1)], [signal()], [opportunity(1)])
    assert len(await reader.opportunities()) == 1


async def test_readers_see_whole_batches_while_a_writer_writes(writer: SqlHistoryWriter, reader: HistoryReader) -> None:
    await writer.newest_cursor()

    async def write() -> None:
        for hour in range(200):
            await writer.write([point(60 * hour + minute) for minute in range(60)])
            if hour >= 40 and len(seen) > 2:
                break

    seen: set[int] = set()
    writing = asyncio.create_task(write())
    while not writing.done():
        seen.add(len(await reader.score_points("bybit", "BTCUSDT", start_ms=0, end_ms=2 * T0, step_ms=1)))
        await asyncio.sleep(0)
    await writing
    assert all(count % 60 == 0 for count in seen)
    assert len(seen) > 2


async def test_a_signal_is_read_as_written_and_replaced_by_its_newer_state(
    writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    costs, chances = TradingCosts(0.055, 0.02, -0.03), (0.4, 0.1, 0.05)
    opened = signal(chances=chances, market_symbols=("BTCUSDT", "ETHUSDT"), costs=costs, funding_r=0.01)
    ended: dict[str, Any] = {"judged_ms": T0 + MINUTE, "status": SignalStatus.STOPPED, "closed_ms": T0 + 1}
    closed = replace(opened, **ended, result_r=-1.0, exit_price=0.29, baseline_r=0.25)
    await writer.write(signals=[opened])
    assert list(await reader.signals()) == [opened]
    await writer.write(signals=[closed, replace(opened, judged_ms=T0 + 1)])
    assert list(await reader.signals()) == [closed]
    await writer.write(signals=[replace(opened, judged_ms=T0 + 2 * MINUTE)])
    assert list(await reader.signals()) == [closed], "a closed signal stays closed"
    net_r = -1 - (2 * 0.00055 + 0.0002) / abs(math.log(opened.stop / opened.entry)) - 0.01
    assert closed.net_r == pytest.approx(net_r)
    (result,) = await reader.results(closed_by_ms=T0 + 1)
    assert result._replace(net_r=None) == (Side.LONG, opened.drivers, -1.0, None, 0.25, opened.opened_ms)
    assert result.net_r == pytest.approx(net_r)
    assert list(await reader.results(closed_by_ms=T0)) == []
    assert list(await reader.results(start_ms=T0 + 1, closed_by_ms=T0 + 1)) == []
    assert list(await reader.results("binance", closed_by_ms=T0 + 1)) == []


async def test_signals_are_filtered_and_paged_newest_first_without_gap_or_overlap(
    writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    together = [signal(number, opened_ms=T0, id=name) for number, name in enumerate(["a", "B", "ä", "Z", "_"])]
    ended = {"status": SignalStatus.EXPIRED, "closed_ms": T0}
    others = [
        signal(10, side=Side.SHORT),
        signal(11, symbol="ETHUSDT", **ended),
        signal(12, venue="binance"),
        signal(13, **ended),
    ]
    await writer.write(signals=[*together, *others])
    expected = sorted([*together, *others], key=lambda each: (each.opened_ms, each.id.encode()), reverse=True)
    found: list[Signal] = []
    before = None
    while page := await reader.signals(before=before, limit=2):
        found += page
        before = (page[-1].opened_ms, page[-1].id)
    assert found == expected
    assert [each.id for each in await reader.signals(side=Side.SHORT)] == ["signal-010"]
    assert [each.id for each in await reader.signals(active=False)] == ["signal-013", "signal-011"]
    assert [each.id for each in await reader.signals(symbols=["ETHUSDT", "SOLUSDT"])] == ["signal-011"]
    assert [each.id for each in await reader.signals("binance", active=True)] == ["signal-012"]
    assert len(await reader.signals("bybit", symbols=["BTCUSDT"], side=Side.LONG, active=True)) == len(together)


async def test_opportunities_are_paged_newest_first(writer: SqlHistoryWriter, reader: HistoryReader) -> None:
    given = [opportunity(number) for number in range(5)]
    await writer.write(opportunities=given)
    better = replace(given[2], confidence=0.9, reading=3.25)
    await writer.write(opportunities=[better, opportunity(9, venue="binance")])
    found = list(await reader.opportunities("bybit", limit=3))
    assert found == [given[4], given[3], better]
    rest = await reader.opportunities("bybit", before=(found[-1].found_ms, found[-1].id))
    assert list(rest) == [given[1], given[0]]
    assert list(await reader.opportunities("bybit", start_ms=T0 + 4 * MINUTE)) == [given[4]]


async def test_alerts_get_ascending_cursors_and_are_read_in_both_directions(
    writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    given = [alert(f"key-{number}", number, environment=Environment.REPLAY, reading=2.1) for number in range(5)]
    stored = await writer.add_alerts(given, cooldown_s={})
    cursors = [each.cursor or 0 for each in stored]
    assert cursors == sorted(set(cursors))
    assert [replace(each, cursor=None) for each in stored] == given
    assert list(await reader.alerts(after=cursors[1], limit=2)) == list(stored[2:4])
    assert list(await reader.alerts(limit=2)) == [stored[4], stored[3]]
    assert list(await reader.alerts(before=cursors[2])) == [stored[1], stored[0]]
    assert list(await reader.alerts(after=cursors[-1])) == []
    assert await reader.newest_cursor() == cursors[-1]


async def test_alerts_are_filtered_by_kind_level_and_symbol(writer: SqlHistoryWriter, reader: HistoryReader) -> None:
    await writer.add_alerts(
        [
            alert("a", level=AlertLevel.INFO),
            alert("b", kind=AlertKind.DATA_QUALITY, symbol="", level=AlertLevel.CRITICAL),
            alert("c", symbol="ETHUSDT"),
        ],
        cooldown_s={},
    )
    assert [each.key for each in await reader.alerts(kinds=[AlertKind.PRICE_MOVE])] == ["c", "a"]
    assert [each.key for each in await reader.alerts(min_level=AlertLevel.WARNING)] == ["c", "b"]
    assert [each.key for each in await reader.alerts(symbols=["ETHUSDT"])] == ["c"]
    assert [each.key for each in await reader.alerts(kinds=[AlertKind.PRICE_MOVE], min_level=AlertLevel.CRITICAL)] == []
    markets = (AlertMarket("SOLUSDT", -8.1, 3), AlertMarket("龙虾USDT", None, 0, "id"))
    (listed,) = await writer.add_alerts([alert("d", symbol="", markets=markets)], cooldown_s={})
    for symbol in ("SOLUSDT", "龙虾USDT"):
        assert list(await reader.alerts(symbols=[symbol, "XUSDT"])) == [listed]
    assert list(await reader.alerts(symbols=["OLUSDT"])) == []


async def test_a_key_is_not_stored_twice_within_the_cooldown_of_its_kind(
    writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    async def add(*seconds: float, key: str = "btc", **fields: Any) -> list[float]:
        new = await writer.add_alerts([alert(key, second, **fields) for second in seconds], cooldown_s=MINUTE_APART)
        return [(each.observed_ms - T0) / 1000 for each in new]

    assert await add(0, 30, 59) == [0]
    assert await add(59.9) == []
    assert await add(60) == [60], "the cooldown begins at the last alert that was stored"
    assert await add(55) == [], "a late alert is within the cooldown of the one after it"
    assert await add(60, kind=AlertKind.VOLUME_SPIKE) == [], "the same key and time is the same alert: a repeated write"
    assert await add(61, 62, kind=AlertKind.VOLUME_SPIKE) == [61, 62], "a kind without cooldown"
    assert await add(60, key="another") == [60]
    assert len(await reader.alerts()) == 5


async def test_cursors_never_restart_even_in_a_new_history(
    place: Place, writer: SqlHistoryWriter, reader: HistoryReader
) -> None:
    [first] = await writer.add_alerts([alert()], cooldown_s={})
    await writer.delete_old(points_before_ms=0, rest_before_ms=2 * T0, latest_ms=2 * T0)
    assert list(await reader.alerts()) == []
    assert await reader.newest_cursor() == first.cursor
    place.sql("UPDATE newest SET cursor = 0")  # as in a new history, or one that was restored from a backup
    [second] = await writer.add_alerts([alert()], cooldown_s={})
    assert (second.cursor or 0) > (first.cursor or 0)


def _add_alerts(url: str, name: str, ready: Barrier) -> None:
    async def work() -> None:
        history = open_history_writer(url, timeout_s=20)
        ready.wait(30)
        for number in range(40):
            await history.add_alerts([alert(f"{name}-{number}"), alert(f"shared-{number}")], cooldown_s=MINUTE_APART)
        await history.close()

    asyncio.run(work())


async def test_concurrent_processes_neither_lose_nor_duplicate_nor_reorder_alerts(
    place: Place, reader: HistoryReader
) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(2)
    processes = [spawn.Process(target=_add_alerts, args=(place.url, name, ready)) for name in ("a", "b")]
    for process in processes:
        process.start()
    followed: list[str] = []
    cursor = 0
    try:
        while len(followed) < 120 and (not followed or any(process.is_alive() for process in processes)):
            try:
                page = await reader.alerts(after=cursor, limit=7)
            except HistoryError:  # the schema does not exist yet
                assert not followed
                page = []
            followed += [each.key for each in page]
            cursor = page[-1].cursor or 0 if page else cursor
            await asyncio.sleep(0.001)
        followed += [each.key for each in await reader.alerts(after=cursor, limit=1000)]
    finally:
        for process in processes:
            process.join(30)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(followed) == len(set(followed)) == 3 * 40


async def test_old_records_are_deleted_except_active_signals(writer: SqlHistoryWriter, reader: HistoryReader) -> None:
    many = DELETE_BATCH + 500
    await writer.write([point(minute) for minute in range(many)] + [point(5, "ETHUSDT")])
    closed = {"status": SignalStatus.EXPIRED, "closed_ms": T0}
    await writer.write([], [signal(1), signal(2, **closed), signal(3, **closed)], [opportunity(1), opportunity(3)])
    await writer.add_alerts([alert("a", 60), alert("b", 180)], cooldown_s={})
    deleted = await writer.delete_old(
        points_before_ms=T0 + (many - 10) * MINUTE, rest_before_ms=T0 + 3 * MINUTE, latest_ms=2 * T0
    )
    assert deleted == many - 10 + 1 + 3
    assert len(await reader.score_points("bybit", "BTCUSDT", start_ms=0, end_ms=2 * T0, step_ms=1)) == 10
    assert [each.id for each in await reader.signals()] == ["signal-003", "signal-001"]
    assert [each.id for each in await reader.opportunities()] == ["opportunity-003"]
    assert [each.key for each in await reader.alerts()] == ["b"]
    assert await writer.delete_old(points_before_ms=T0, rest_before_ms=T0, latest_ms=2 * T0) == 0


async def test_records_that_began_in_the_future_are_deleted(writer: SqlHistoryWriter, reader: HistoryReader) -> None:
    await writer.write([point(0), point(3)], [signal(0), signal(3)], [opportunity(0), opportunity(3)])
    await writer.add_alerts([alert("a", 0), alert("b", 180)], cooldown_s={})
    assert await writer.delete_old(points_before_ms=0, rest_before_ms=0, latest_ms=T0 + 2 * MINUTE) == 4
    assert len(await reader.score_points("bybit", "BTCUSDT", start_ms=0, end_ms=2 * T0, step_ms=1)) == 1
    assert [each.id for each in await reader.signals()] == ["signal-000"]
    assert [each.id for each in await reader.opportunities()] == ["opportunity-000"]
    assert [each.key for each in await reader.alerts()] == ["a"]


async def test_closing_twice_is_harmless(writer: SqlHistoryWriter) -> None:
    await writer.newest_cursor()
    await writer.close()
    await writer.close()
