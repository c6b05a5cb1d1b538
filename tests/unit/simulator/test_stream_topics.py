"""What the simulated streams tell is what requests tell at the same moment."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.unit.simulator.stream_clients import (
    MARKET,
    NOW,
    Book,
    binance_client,
    binance_rest,
    bybit_book,
    bybit_client,
    bybit_rest,
)

MINUTE_MS = 60_000
SYMBOLS = ["BTCUSDT", "DOGEUSDT", "WIFUSDT"]  # their data changes every 25, 50 and 100 ms


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_book_of_bybits_stream_is_that_of_a_request_at_each_moment(symbol: str) -> None:
    client = bybit_client(f"orderbook.50.{symbol}")
    ack, snapshot = client.messages()
    assert (ack["success"], ack["req_id"], snapshot["type"]) == (True, "1", "snapshot")
    book, update, deltas = bybit_book(snapshot), snapshot["data"]["u"], 0
    for _ in range(200):
        for message in client.run(0.025):
            update += 1
            deltas += 1
            assert (message["type"], message["data"]["u"]) == ("delta", update)
            book.apply(message["data"]["b"], message["data"]["a"])
            assert message["data"]["seq"] == bybit_rest("orderbook", client.now, symbol=symbol, limit="50")["seq"]
        reply = bybit_rest("orderbook", client.now, symbol=symbol, limit="50")
        assert book == Book(reply["b"], reply["a"])
    assert deltas > 20


def test_a_new_subscriber_of_a_book_gets_the_book_that_the_others_have() -> None:
    client = bybit_client("orderbook.50.BTCUSDT")
    last = [*client.messages(), *client.run(3)][-1]
    client.send({"op": "unsubscribe", "args": ["orderbook.50.BTCUSDT"]})
    client.send({"op": "subscribe", "args": ["orderbook.50.BTCUSDT"]})
    *_, snapshot = client.messages()
    assert snapshot["data"]["u"] >= last["data"]["u"]
    reply = bybit_rest("orderbook", client.now, symbol="BTCUSDT", limit="50")
    assert bybit_book(snapshot) == Book(reply["b"], reply["a"])


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("step_ms", [25, 75, 190])
def test_a_binance_book_from_a_request_of_any_moment_and_the_changes_is_that_of_requests(symbol: str, step_ms: int) -> None:
    client = binance_client(f"{symbol.lower()}@depth@100ms")
    for number in range(4):
        early = client.run(0.4, step_ms)
        client.now += 7 * number  # between two ticks
        reply = binance_rest("depth", client.now, symbol=symbol, limit="1000")
        book, last, chain = Book(reply["bids"], reply["asks"]), reply["lastUpdateId"], None
        events = [event for event in [*early, *client.run(3, step_ms)] if event["u"] > last]
        assert events[0]["U"] <= last + 1 <= events[0]["u"]
        for event in events:
            assert chain in (None, event["pu"])
            chain = event["u"]
            book.apply(event["b"], event["a"])
        told = binance_rest("depth", events[-1]["T"], symbol=symbol, limit="1000")
        assert chain == told["lastUpdateId"]
        assert book == Book(told["bids"], told["asks"])


def test_a_binance_depth_stream_tells_at_most_every_100_ms() -> None:
    times = [event["E"] for event in binance_client("btcusdt@depth@100ms").run(3)]
    assert len(times) >= 20
    assert all(time % 100 == 0 for time in times)
    assert len(set(times)) == len(times)


@pytest.mark.parametrize("base", ["BTC", "WIF"])
def test_each_trade_is_told_once_by_both_venues(base: str) -> None:
    symbol = f"{base}USDT"
    by, bn = bybit_client(f"publicTrade.{symbol}"), binance_client(f"{base.lower()}usdt@trade")
    aggregate = binance_client(f"{base.lower()}usdt@aggTrade", route="market")
    truth = [trade for trade in MARKET.trades(base, NOW + 90_000, 5_000) if trade[1] > NOW]
    bybit_trades = [row for message in by.run(90)[1:] for row in message["data"]]
    assert [row["seq"] for row in bybit_trades] == [number for number, *_ in truth]
    assert [(row["T"], row["S"] == "Buy") for row in bybit_trades] == [(trade[1], trade[4]) for trade in truth]
    assert [float(row["p"]) for row in bybit_trades] == pytest.approx([price for _, _, price, *_ in truth])
    reply = bybit_rest("recent-trade", by.now, symbol=symbol, limit="20")["list"]
    assert [row["i"] for row in bybit_trades[-20:]] == [row["execId"] for row in reversed(reply)]
    binance_trades = bn.run(90)
    assert [row["t"] for row in binance_trades] == [number for number, *_ in truth]
    assert [not row["m"] for row in binance_trades] == [bought for *_, bought in truth]
    assert [row["a"] for row in aggregate.run(90)] == [row["t"] for row in binance_trades]


def test_a_ticker_of_bybits_stream_is_that_of_a_request() -> None:
    client = bybit_client("tickers.BTCUSDT")
    ticker = client.messages()[1]["data"]
    for _ in range(8):
        messages = client.run(0.25)
        for message in messages:
            assert message["type"] == "delta"
            ticker |= message["data"]
        if messages and messages[-1]["ts"] == client.now:
            row = bybit_rest("tickers", client.now, symbol="BTCUSDT")["list"][0]
            assert {name: ticker[name] for name in ticker if name != "tickDirection"}.items() <= row.items()
    assert ticker["tickDirection"] in ("PlusTick", "MinusTick", "ZeroPlusTick", "ZeroMinusTick")


def test_binances_tickers_and_mark_prices_of_the_whole_venue_are_those_of_requests() -> None:
    client = binance_client("!ticker@arr", "!markPrice@arr@1s", route="market")
    tickers, marks = client.run(1)
    now = tickers[0]["E"]
    rows = {row["symbol"]: row for row in binance_rest("ticker/24hr", now)}
    premiums = {row["symbol"]: row for row in binance_rest("premiumIndex", now)}
    assert {row["s"]: (row["c"], row["q"], row["C"]) for row in tickers} == {
        symbol: (row["lastPrice"], row["quoteVolume"], row["closeTime"]) for symbol, row in rows.items()
    }
    assert {row["s"]: (row["p"], row["i"], row["r"], row["T"]) for row in marks} == {
        symbol: (row["markPrice"], row["indexPrice"], row["lastFundingRate"], row["nextFundingTime"])
        for symbol, row in premiums.items()
    }


def test_a_closed_bar_is_told_once_by_both_venues_and_is_that_of_a_request() -> None:
    by, bn = bybit_client("kline.1.SOLUSDT"), binance_client("solusdt@kline_1m", route="market")
    bars = [bar for message in by.run(130)[1:] for bar in message["data"]]
    closed = [bar for bar in bars if bar["confirm"]]
    assert [bar["start"] for bar in closed] == [NOW // MINUTE_MS * MINUTE_MS + n * MINUTE_MS for n in range(len(closed))]
    assert len(closed) == 2
    assert len(bars) > 60
    rows = {int(row[0]): row for row in bybit_rest("kline", by.now, symbol="SOLUSDT", interval="1", limit="9")["list"]}
    for bar in closed:
        told = [bar[name] for name in ("open", "high", "low", "close", "volume", "turnover")]
        assert told == rows[bar["start"]][1:]
        assert bar["end"] == bar["start"] + MINUTE_MS - 1
    binance_bars = [message["k"] for message in bn.run(130) if message["k"]["x"]]
    assert [(bar["t"], bar["c"], bar["v"]) for bar in binance_bars] == [
        (bar["start"], bar["close"], bar["volume"]) for bar in closed
    ]


def busy_minute(base: str) -> int:
    """Return the start of the minute with most liquidations within some hours."""
    starts = range(NOW // MINUTE_MS * MINUTE_MS - 300 * MINUTE_MS, NOW - MINUTE_MS, MINUTE_MS)
    return max(starts, key=lambda start: len(MARKET.liquidations(base, start, start + MINUTE_MS)))


def test_bybit_tells_all_liquidations_and_binance_the_largest_of_each_second() -> None:
    start = busy_minute("SOL")
    truth = MARKET.liquidations("SOL", start, start + MINUTE_MS)
    assert len(truth) > 5
    by = bybit_client()
    by.now = start
    by.send({"op": "subscribe", "args": ["allLiquidation.SOLUSDT"]})
    rows = [row for message in by.run(61)[1:] for row in message["data"] if row["T"] <= start + MINUTE_MS]
    assert [(row["T"], row["S"] == "Buy") for row in rows] == [(each.time_ms, each.long) for each in truth]
    bn = binance_client(route="market")
    bn.now = start
    bn.send({"method": "SUBSCRIBE", "params": ["!forceOrder@arr"], "id": 2})
    told = [message["o"] for message in bn.run(62)[1:] if message["o"]["s"] == "SOLUSDT"]
    told = [order for order in told if order["T"] < start + MINUTE_MS]
    assert set(Counter(order["T"] // 1000 for order in told).values()) == {1}
    largest = {each.time_ms // 1000: each.size for each in sorted(truth, key=lambda each: each.size)}
    assert {order["T"] // 1000: float(order["q"]) for order in told} == pytest.approx(largest)
    longs = {each.time_ms for each in truth if each.long}
    assert all((order["S"] == "SELL") == (order["T"] in longs) for order in told)
