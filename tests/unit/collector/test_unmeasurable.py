"""A tracked symbol that its venue cannot measure does not make the snapshot incomplete. A venue that fails does."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.unit.collector.nodes import Node, exchange, memory
from tests.unit.fakes import FakeExchange
from virtuoso.domain.errors import BadData, EmptyData, ExchangeError, UnknownSymbol, VenueStale, VenueTimedOut
from virtuoso.domain.snapshot import Snapshot

UNMEASURABLE = "MKRUSDT"
FOUR = ("BTCUSDT", "ETHUSDT", "SOLUSDT", UNMEASURABLE)
NOTHING = EmptyData("no rows")
SHORT_S = 40.0  # every input is requested, and an unmeasurable symbol known
LONG_S = 120.0  # an incomplete venue is left within this time


def without_price(venue: FakeExchange, symbol: str = UNMEASURABLE) -> None:
    venue.without_turnover.add(symbol)


def not_traded(venue: FakeExchange, symbol: str = UNMEASURABLE) -> None:
    venue.not_traded.add(symbol)
    venue.symbol_faults[symbol] = NOTHING


def without_rows(venue: FakeExchange, symbol: str = UNMEASURABLE) -> None:
    venue.symbol_faults[symbol] = NOTHING


def unknown(venue: FakeExchange, symbol: str = UNMEASURABLE) -> None:
    venue.symbol_faults[symbol] = UnknownSymbol("no such symbol")


def halted(venue: FakeExchange, symbol: str = UNMEASURABLE) -> None:
    venue.symbol_faults[symbol] = VenueStale("the newest bar is two hours old")


def without_answer(venue: FakeExchange, symbol: str = UNMEASURABLE) -> None:
    venue.symbol_faults[symbol] = VenueTimedOut("no answer")


def crossed(venue: FakeExchange, symbol: str = UNMEASURABLE) -> None:
    venue.symbol_faults[symbol] = BadData("order book crossed")


async def last_of(node: Node, seconds: float = LONG_S) -> Snapshot:
    async with node.running():
        await asyncio.sleep(seconds)
        return node.publications[-1].snapshot


@pytest.mark.parametrize(
    ("die", "reason"),
    [
        (without_price, "bybit gives no usable price of MKRUSDT"),
        (not_traded, "MKRUSDT has not been traded on bybit for 24 hours"),
        (without_rows, "bybit gives no 1m candles, 5m candles, 30m candles, 4h candles"),
        (unknown, "bybit gives no 1m candles"),
        (halted, "bybit gives no 1m candles"),
        (crossed, "bybit gives no 1m candles"),
        (without_answer, "bybit gives no 1m candles"),
    ],
)
@pytest.mark.parametrize("venues", [("bybit",), ("bybit", "binance")])
async def test_three_of_four_symbols_are_served_and_the_unmeasurable_one_has_its_reason(
    venues: tuple[str, ...], die: object, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    exchanges = [exchange(venue, *FOUR) for venue in venues]
    if die is without_price:  # one of four is more than a tenth: with more markets the tickers are whole
        exchanges[0].symbols += [f"A{i}USDT" for i in range(20)]
    node = Node(exchanges, memory(), symbols=FOUR)
    assert callable(die)
    die(exchanges[0])
    with caplog.at_level(logging.WARNING):
        snapshot = await last_of(node, LONG_S if len(venues) > 1 else SHORT_S)
    assert snapshot.venue == "bybit"
    assert snapshot.fallback is None
    assert snapshot.complete
    assert snapshot.scored == 3
    assert list(snapshot.unmeasurable) == [UNMEASURABLE]
    assert snapshot.unmeasurable[UNMEASURABLE].startswith(reason)
    assert [record.getMessage() for record in caplog.records if UNMEASURABLE in record.getMessage()] == [
        f"{UNMEASURABLE} has no score: {snapshot.unmeasurable[UNMEASURABLE]}"
    ]


async def test_a_symbol_that_the_venue_does_not_list_is_not_expected() -> None:
    node = Node([exchange("bybit", *FOUR[:3]), exchange("binance", *FOUR)], memory(), symbols=FOUR)
    snapshot = await last_of(node)
    assert snapshot.venue == "bybit"
    assert snapshot.complete
    assert len(snapshot.universe) == snapshot.scored == 3


@pytest.mark.parametrize("count", [2, 3])
async def test_most_tracked_symbols_may_be_unmeasurable_while_the_tickers_show_it(count: int) -> None:
    venue = exchange("bybit", *FOUR)
    for symbol in FOUR[-count:]:
        not_traded(venue, symbol)
    snapshot = await last_of(Node([venue, exchange("binance", *FOUR)], memory(), symbols=FOUR))
    assert snapshot.venue == "bybit"
    assert snapshot.complete
    assert snapshot.scored == 4 - count


@pytest.mark.parametrize("failure", [VenueTimedOut("no answer"), NOTHING, BadData("not JSON")])
async def test_a_venue_that_fails_for_most_symbols_is_incomplete(failure: ExchangeError) -> None:
    venue = exchange("bybit", *FOUR)
    venue.symbol_faults |= dict.fromkeys(FOUR[1:], failure)
    snapshot = await last_of(Node([venue, exchange("binance", *FOUR)], memory(), symbols=FOUR))
    assert snapshot.venue == "binance"
    assert snapshot.fallback is not None


async def test_a_symbol_whose_inputs_are_still_being_read_is_expected() -> None:
    venue = exchange("bybit", *FOUR)
    venue.faults["book"] = venue.faults["trades"] = None  # they hang
    node = Node([venue], memory(), symbols=FOUR)
    async with node.running():
        await asyncio.sleep(30)
    assert not any(each.snapshot.unmeasurable for each in node.publications)


async def test_a_venue_on_which_every_symbol_is_unmeasurable_is_incomplete() -> None:
    venue = exchange("bybit", *FOUR)
    for symbol in FOUR:
        not_traded(venue, symbol)
    snapshot = await last_of(Node([venue, exchange("binance", *FOUR)], memory(), symbols=FOUR))
    assert snapshot.venue == "binance"


async def test_a_symbol_that_is_traded_again_is_expected_again() -> None:
    venue = exchange("bybit", *FOUR)
    not_traded(venue)
    node = Node([venue], memory(), symbols=FOUR)
    async with node.running():
        await asyncio.sleep(30)
        assert list(node.publications[-1].snapshot.unmeasurable) == [UNMEASURABLE]
        venue.not_traded.clear()
        venue.symbol_faults.clear()
        await asyncio.sleep(120)
        assert node.publications[-1].snapshot.scored == 4
        assert not node.publications[-1].snapshot.unmeasurable


async def test_a_symbol_whose_prices_contradict_each_other_has_the_reason() -> None:
    venue = exchange("bybit", *FOUR)
    venue.last[UNMEASURABLE] = 1000.0
    snapshot = await last_of(Node([venue], memory(), symbols=FOUR), SHORT_S)
    assert snapshot.scored >= 3
    assert snapshot.tickers[UNMEASURABLE].last == 100.0
    assert snapshot.tickers[UNMEASURABLE].change_24h_percent is None
    assert UNMEASURABLE not in {mover.symbol for mover in (*snapshot.gainers, *snapshot.losers)}
