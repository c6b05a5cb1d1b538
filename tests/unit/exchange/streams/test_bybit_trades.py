"""Whether trades of Bybit's streams are missing is known from the tickers beside them."""

from __future__ import annotations

from tests.unit.exchange.streams.bybit_frames import T0, ticker, trade, trades
from tests.unit.exchange.streams.test_bybit_reader import TRADES, Told
from virtuoso.domain.stream_updates import StreamUpdate, TradesUpdate


def test_trades_are_missing_since_the_last_price_moved_without_one() -> None:
    told = Told()
    told(ticker(1), at_ms=2)
    assert told.reader.heard_ms(1, TRADES) == T0 + 2
    told(ticker(100, "delta", bid1Price="100"), at_ms=101)
    assert told.reader.heard_ms(1, TRADES) == T0 + 101
    told(ticker(200, "delta", lastPrice="102"), at_ms=201)
    told(ticker(300, "delta", lastPrice="103"), at_ms=301)
    assert told.reader.heard_ms(1, TRADES) == T0 + 201
    told(trades(trade("a", 300), ms=302), at_ms=303)
    assert told.reader.heard_ms(1, TRADES) == T0 + 303


def test_a_ticker_after_its_trade_does_not_mean_that_trades_are_missing() -> None:
    told = Told()
    told(ticker(1), at_ms=2)
    told(trades(trade("a", 10, p="102"), trade("b", 90, p="103"), ms=91), at_ms=92)
    told(ticker(101, "delta", lastPrice="102"), at_ms=102)  # as of the first trade
    told(ticker(201, "delta", lastPrice="103"), at_ms=202)
    told(ticker(40_000, "delta", bid1Price="100"), at_ms=40_001)
    assert told.reader.heard_ms(1, TRADES) == T0 + 40_001
    told(ticker(50_000, "delta", lastPrice="102"), at_ms=50_001)
    told(ticker(60_000, "delta", lastPrice="103"), at_ms=60_001)
    assert told.reader.heard_ms(1, TRADES) == T0 + 50_001, "the trade at this price is too old to be the last one"


def test_ids_of_trades_are_known_for_two_minutes() -> None:
    told = Told()
    told(trades(trade("a", 10), ms=10), at_ms=10)
    told(trades(trade("b", 119_000), ms=119_000), at_ms=119_000)
    assert told(trades(trade("a", 10), ms=119_500), at_ms=119_500) == [], "a double one, late"
    told(trades(trade("c", 130_000), ms=130_000), at_ms=130_000)
    assert list(told.reader._states["BTCUSDT"].trades_told) == ["b", "c"]


def contiguous(updates: list[StreamUpdate]) -> list[bool]:
    return [each.contiguous for each in updates if isinstance(each, TradesUpdate)]


def test_trades_may_be_missing_when_a_connection_ends_before_another_has_told_any() -> None:
    told = Told()
    told(trades(trade("a")), trades(trade("b")))
    told.reader.opened(2, [TRADES], T0 + 20)
    told(trades(trade("b")), connection=2)
    assert told.reader.closed(1, [TRADES], "rotation") == []
    assert contiguous(told(trades(trade("c")), connection=2)) == [True]
    told.reader.opened(3, [TRADES], T0 + 30)
    assert told.reader.closed(2, [TRADES], "closed") == []
    assert contiguous(told(trades(trade("d")), trades(trade("e")), connection=3)) == [False, True]
