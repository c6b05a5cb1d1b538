"""A ticker without a price is refused. A field that contradicts another one is absent, never invented."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.test_rows import JUNK, NOW, STAMP, refused
from virtuoso.domain.errors import BadData, EmptyData, ExchangeError, VenueStale
from virtuoso.domain.model import Instrument, Ticker
from virtuoso.exchange.funding_intervals import FundingIntervals
from virtuoso.exchange.tickers import newest_ms, read_tickers
from virtuoso.exchange.venues import UNIFIED, TickerNames, venue_facts

BYBIT, BINANCE, OKX = (venue_facts(name).names for name in ("bybit", "binance", "okx"))
BTC = Instrument(symbol="BTCUSDT", venue_symbol="BTC/USDT:USDT", base_asset="BTC", multiplier=1, tick_size=0.1)
ROW = {
    "symbol": "BTCUSDT",
    "lastPrice": "102",
    "prevPrice24h": "100",
    "price24hPcnt": "0.02",
    "turnover24h": "1000",
    "volume24h": "10",
    "markPrice": "102.1",
    "indexPrice": "101.9",
    "fundingRate": "0.0001",
    "openInterest": "50",
}


def read(rows: Any, known: int = 1) -> dict[str, Ticker]:
    instruments = {"BTCUSDT": BTC} | {
        f"A{k}USDT": Instrument(symbol=f"A{k}USDT", venue_symbol=f"A{k}", base_asset=f"A{k}", multiplier=1)
        for k in range(known - 1)
    }
    return read_tickers(
        rows,
        BYBIT.ticker,
        instruments,
        STAMP,
        venue_ms=NOW,
        premiums={},
        premium=BYBIT.premium,
        intervals=FundingIntervals(None),
    )


def one(**changes: Any) -> Ticker:
    return read([{**ROW, **changes}])["BTCUSDT"]


def test_every_field_of_a_good_row_is_read() -> None:
    assert one() == Ticker(
        symbol="BTCUSDT",
        last=102,
        stamp=STAMP,
        tick_size=0.1,
        change_24h_percent=2,
        turnover_24h=1000,
        volume_24h=10,
        mark=102.1,
        index=101.9,
        funding_rate=0.0001,
        open_interest=50,
    )
    assert one(nextFundingTime=str(NOW + 1)).next_funding_ms == NOW + 1


@pytest.mark.parametrize("price", [None, "", "NaN", "inf", "0", "-1", "abc"])
def test_a_row_without_a_price_is_refused_and_counted(price: Any) -> None:
    before = refused("ticker_price")
    rows = [ROW, {**ROW, "symbol": "A0USDT", "lastPrice": price}]
    assert list(read(rows, known=2)) == ["BTCUSDT"]
    assert refused("ticker_price") == before + 1


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("change_24h_percent", {"price24hPcnt": "0"}),
        ("change_24h_percent", {"price24hPcnt": "-1"}),
        ("change_24h_percent", {"price24hPcnt": "0.5"}),
        ("change_24h_percent", {"price24hPcnt": None}),
        ("change_24h_percent", {"prevPrice24h": ""}),
        ("turnover_24h", {"turnover24h": "-1"}),
        ("turnover_24h", {"turnover24h": "0"}),
        ("volume_24h", {"volume24h": "0"}),
        ("volume_24h", {"volume24h": "x"}),
        ("turnover_24h", {"turnover24h": "0", "volume24h": "0"}),
        ("mark", {"markPrice": "0"}),
        ("mark", {"markPrice": "150"}),
        ("index", {"indexPrice": "60"}),
        ("funding_rate", {"fundingRate": "-1"}),
        ("funding_rate", {"fundingRate": "0.06"}),
        ("next_funding_ms", {"nextFundingTime": str(NOW - 1)}),
        ("open_interest", {"openInterest": "0"}),
        ("open_interest", {"openInterest": "-1"}),
    ],
)
def test_an_implausible_field_is_absent_and_the_price_is_kept(field: str, changes: dict[str, Any]) -> None:
    ticker = one(**changes)
    assert getattr(ticker, field) is None
    assert ticker.last == 102


@pytest.mark.parametrize(
    ("price", "tick_size", "plausible"),
    [
        (0.00000001234, 1e-11, True),
        (1e9, 0.01, True),
        (4321.25, 0.25, True),
        (119876.5, 0.1, True),
        (119876.5, 1e-30, False),
        (119876.5, 1000.0, False),
        (0.5, 10.0, False),
        (1e5, 1e-310, False),
    ],
)
def test_a_tick_size_that_does_not_divide_the_price_is_absent(price: float, tick_size: float, *, plausible: bool) -> None:
    coin = Instrument(symbol="BTCUSDT", venue_symbol="", base_asset="", multiplier=1, tick_size=tick_size)
    row = {**ROW, "lastPrice": repr(price)}
    stated: dict[str, Any] = {"venue_ms": NOW, "premiums": {}, "premium": BYBIT.premium, "intervals": FundingIntervals(None)}
    ticker = read_tickers([row], BYBIT.ticker, {"BTCUSDT": coin}, STAMP, **stated)["BTCUSDT"]
    assert ticker.tick_size == (tick_size if plausible else None)


def test_an_inactive_market_has_a_turnover_of_zero() -> None:
    ticker = one(turnover24h="0.0000", volume24h="0.0000", prevPrice24h="102", price24hPcnt="0", fundingRate="")
    assert (ticker.turnover_24h, ticker.volume_24h, ticker.change_24h_percent) == (0, 0, 0)
    assert ticker.funding_rate is None


def test_a_funding_rate_of_zero_is_absent_only_when_other_rows_are_unreadable() -> None:
    zero = {**ROW, "fundingRate": "0"}
    other = {**ROW, "symbol": "A0USDT"}
    assert read([zero, other], known=2)["BTCUSDT"].funding_rate == 0
    assert read([zero, {**other, "lastPrice": ""}], known=2)["BTCUSDT"].funding_rate is None


def test_the_rounding_of_a_low_price_does_not_make_the_change_implausible() -> None:
    coin = Instrument(symbol="BTCUSDT", venue_symbol="", base_asset="", multiplier=1, tick_size=0.00001)
    row = {**ROW, "lastPrice": "0.00012", "prevPrice24h": "0.00011", "price24hPcnt": "0.132"}
    read_back = read_tickers(
        [row],
        BYBIT.ticker,
        {"BTCUSDT": coin},
        STAMP,
        venue_ms=NOW,
        premiums={},
        premium=BYBIT.premium,
        intervals=FundingIntervals(None),
    )
    assert read_back["BTCUSDT"].change_24h_percent == pytest.approx(13.2)


def test_rows_of_other_markets_and_duplicates_are_ignored() -> None:
    assert read([ROW, dict(ROW), {**ROW, "symbol": "BTC-26DEC25"}, {"symbol": None}])["BTCUSDT"].last == 102


@pytest.mark.parametrize("order", [1, -1])
def test_contradictory_rows_of_one_symbol_are_all_refused(order: int) -> None:
    before = refused("ticker_contradiction")
    rows = [ROW, {**ROW, "lastPrice": "7"}, {**ROW, "symbol": "A0USDT"}]
    assert list(read(rows[::order], known=2)) == ["A0USDT"]
    assert refused("ticker_contradiction") == before + 2


def test_no_known_symbol_is_empty_data_and_few_prices_are_bad_data() -> None:
    with pytest.raises(EmptyData):
        read([])
    with pytest.raises(EmptyData):
        read([{**ROW, "symbol": "OTHER"}])
    bad = [{**ROW, "symbol": f"A{k}USDT", "lastPrice": ""} for k in range(2)]
    with pytest.raises(BadData, match="1 of 3"):
        read([ROW, *bad], known=3)


def test_mark_index_and_funding_come_from_premiums_when_tickers_lack_them() -> None:
    row = {"symbol": "BTCUSDT", "lastPrice": "102", "openPrice": "100", "priceChangePercent": "2.000", "quoteVolume": "9"}
    premium = {"symbol": "BTCUSDT", "markPrice": "103", "indexPrice": "1", "lastFundingRate": "0.0002"}
    read = read_tickers(
        [row],
        BINANCE.ticker,
        {"BTCUSDT": BTC},
        STAMP,
        venue_ms=NOW,
        premiums={"BTCUSDT": premium},
        premium=BINANCE.premium,
        intervals=FundingIntervals(None),
    )["BTCUSDT"]
    assert (read.change_24h_percent, read.turnover_24h, read.volume_24h) == (2, 9, None)
    assert (read.mark, read.index, read.funding_rate) == (103, None, 0.0002)


def test_without_a_turnover_it_is_the_volume_times_the_last_price() -> None:
    row = {"symbol": "BTC/USDT:USDT", "last": 10, "open": 10, "percentage": 0, "quoteVolume": None, "baseVolume": 3}
    read = read_tickers(
        [row],
        UNIFIED.ticker,
        {"BTC/USDT:USDT": BTC},
        STAMP,
        venue_ms=NOW,
        premiums={},
        premium=UNIFIED.premium,
        intervals=FundingIntervals(None),
    )
    assert (read["BTCUSDT"].turnover_24h, read["BTCUSDT"].volume_24h) == (30, 3)


def test_volumes_in_contracts_are_converted_to_base_units() -> None:
    row = {"symbol": "BTC/USDT:USDT", "last": 10, "open": 10, "percentage": 0, "quoteVolume": None, "baseVolume": 3}
    for quote_volume, expected in ((None, (0.3, 0.03)), (29, (29, 3))):
        read = read_tickers(
            *([{**row, "quoteVolume": quote_volume}], UNIFIED.ticker, {"BTC/USDT:USDT": BTC}, STAMP),
            venue_ms=NOW,
            premiums={},
            premium=UNIFIED.premium,
            intervals=FundingIntervals(None),
            contracts={"BTCUSDT": 0.01},
        )["BTCUSDT"]
        assert (read.turnover_24h, read.volume_24h) == pytest.approx(expected)


def test_okx_volumes_are_in_base_units_and_changes_come_from_the_opening_price() -> None:
    row = {"instId": "BTC-USDT-SWAP", "last": "102", "open24h": "100", "volCcy24h": "3", "vol24h": "300", "ts": str(NOW)}
    read = read_tickers(
        *([row], OKX.ticker, {"BTC-USDT-SWAP": BTC}, STAMP),
        venue_ms=NOW,
        premiums={"BTC-USDT-SWAP": {"instId": "BTC-USDT-SWAP", "fundingRate": "0.0001"}},
        premium=OKX.premium,
        intervals=FundingIntervals(None),
        contracts={"BTCUSDT": 0.01},
    )["BTCUSDT"]
    assert read.change_24h_percent == pytest.approx(2)
    assert (read.turnover_24h, read.volume_24h) == (306, 3)
    assert (read.funding_rate, read.mark, read.index) == (0.0001, None, None)


MINUTE = 60_000
DATED = [(BINANCE.ticker, int), (OKX.ticker, str), (UNIFIED.ticker, int)]  # names, and the type of a time


def dated(names: TickerNames, kind: Any, *times: int | None) -> list[dict[str, Any]]:
    """Return one row for each time. The first is of BTCUSDT, the others of A0USDT and so on."""
    fields = {names.last: "102", names.open: "100", names.change: 2, names.volume: "3"}
    return [
        {**fields, names.symbol: f"A{k - 1}USDT" if k else "BTCUSDT", names.time: None if time is None else kind(time)}
        for k, time in enumerate(times)
    ]


def read_dated(names: TickerNames, rows: list[dict[str, Any]], venue_ms: int = NOW) -> dict[str, int]:
    """Return the time of each ticker."""
    instruments = {
        row[names.symbol]: Instrument(symbol=row[names.symbol], venue_symbol="", base_asset="", multiplier=1) for row in rows
    }
    tickers = read_tickers(
        rows,
        names,
        instruments,
        STAMP,
        venue_ms=venue_ms,
        premiums={},
        premium=UNIFIED.premium,
        intervals=FundingIntervals(None),
    )
    return {symbol: ticker.stamp.observed_ms for symbol, ticker in tickers.items()}


@pytest.mark.parametrize(("names", "kind"), DATED)
def test_the_time_of_a_reply_is_that_of_its_newest_row(names: TickerNames, kind: Any) -> None:
    assert newest_ms(dated(names, kind, NOW - 5, NOW - 9, None), names, NOW) == NOW - 5
    assert newest_ms(dated(names, kind, NOW + 3_000), names, NOW) == NOW + 3_000
    assert newest_ms(dated(names, kind, None), names, NOW) is None
    assert newest_ms([ROW], BYBIT.ticker, NOW) is None


@pytest.mark.parametrize("wrong", [NOW + 86_400_000, NOW * 1000, NOW // 1000, NOW + 50_000, NOW + 61_000, 0, -NOW])
@pytest.mark.parametrize(("names", "kind"), DATED)
def test_a_row_with_a_wrong_time_is_refused_and_the_others_are_not_affected(
    names: TickerNames, kind: Any, wrong: int
) -> None:
    rows = dated(names, kind, *[NOW - 1_000 + k for k in range(20)], wrong)
    before = refused("ticker_time")
    assert newest_ms(rows, names, NOW) == NOW - 981
    assert read_dated(names, rows, NOW - 981) == {row[names.symbol]: int(row[names.time]) for row in rows[:-1]}
    assert refused("ticker_time") == before + 1


@pytest.mark.parametrize(("names", "kind"), DATED)
def test_when_all_rows_are_ahead_the_newest_time_is_returned(names: TickerNames, kind: Any) -> None:
    assert newest_ms(dated(names, kind, NOW + 20_000, NOW + 19_000, NOW - MINUTE), names, NOW) == NOW + 20_000
    assert newest_ms(dated(names, kind, NOW + 60 * MINUTE, NOW + 59 * MINUTE), names, NOW) == NOW + 60 * MINUTE


@pytest.mark.parametrize("age_ms", [11 * MINUTE, 120 * MINUTE, 2 * 1440 * MINUTE])
@pytest.mark.parametrize(("names", "kind"), DATED)
def test_an_old_row_is_refused_and_each_ticker_has_the_time_of_its_row(names: TickerNames, kind: Any, age_ms: int) -> None:
    before = refused("ticker_age")
    rows = dated(names, kind, NOW, NOW - age_ms, NOW - 9 * MINUTE)
    assert read_dated(names, rows) == {"BTCUSDT": NOW, "A1USDT": NOW - 9 * MINUTE}
    assert refused("ticker_age") == before + 1


@pytest.mark.parametrize(("names", "kind"), DATED)
def test_old_rows_are_not_bad_data_and_a_reply_of_old_rows_is_stale(names: TickerNames, kind: Any) -> None:
    assert read_dated(names, dated(names, kind, NOW, *[NOW - 60 * MINUTE] * 5)) == {"BTCUSDT": NOW}
    with pytest.raises(VenueStale, match="all 2 tickers are more than 10 minutes old"):
        read_dated(names, dated(names, kind, NOW - 60 * MINUTE, NOW - 70 * MINUTE))
    with pytest.raises(BadData, match="1 of 3"):
        read_dated(names, dated(names, kind, NOW, NOW * 1000, NOW * 1000))


@pytest.mark.parametrize(("names", "kind"), DATED)
def test_a_row_without_a_time_is_accepted_only_when_no_row_has_one(names: TickerNames, kind: Any) -> None:
    assert read_dated(names, dated(names, kind, None, None)) == {"BTCUSDT": NOW, "A0USDT": NOW}
    assert read_dated(names, dated(names, kind, NOW - 1, NOW - 2, None)) == {"BTCUSDT": NOW - 1, "A0USDT": NOW - 2}


@given(st.fixed_dictionaries({name: st.one_of(JUNK, st.just(value)) for name, value in ROW.items()}))
def test_any_row_gives_a_ticker_with_only_plausible_values(row: dict[str, Any]) -> None:
    unpriced = {**ROW, "symbol": "A0USDT", "lastPrice": ""}
    try:
        ticker = read([row, unpriced], known=2)["BTCUSDT"]
    except (ExchangeError, KeyError):
        return
    truth = one()
    for field in fields(Ticker):
        value = getattr(ticker, field.name)
        assert value is None or value == getattr(truth, field.name), field.name


DAY = {"bybit": ("highPrice24h", "lowPrice24h"), "binance": ("highPrice", "lowPrice"), "okx": ("high24h", "low24h")}


@pytest.mark.parametrize("venue", list(DAY))
@pytest.mark.parametrize("factor", [10, 0.1, 1000])
def test_a_last_price_outside_the_days_range_has_no_change(venue: str, factor: float) -> None:
    names = venue_facts(venue).names.ticker
    row = {names.symbol: "BTCUSDT", names.last: 102.0, names.open: 100.0, DAY[venue][0]: 103, DAY[venue][1]: 99}

    def change(**fields: float) -> float | None:
        full: dict[str, Any] = {**row, **fields}
        if names.change:
            full[names.change] = (full[names.last] / full[names.open] - 1) * 100 / names.scale
        read_back = read_tickers(
            *([full], names, {"BTCUSDT": BTC}, STAMP),
            venue_ms=STAMP.observed_ms,
            premiums={},
            premium=BYBIT.premium,
            intervals=FundingIntervals(None),
        )
        return read_back["BTCUSDT"].change_24h_percent

    assert change() == pytest.approx(2)
    assert change(**{names.last: 102 * factor}) is None
    assert change(**{DAY[venue][0]: 103 * factor, DAY[venue][1]: 99 * factor}) == pytest.approx(2)  # the range is wrong


def read_volumes(venue: str, **changes: object) -> tuple[float | None, float | None]:
    names = venue_facts(venue).names
    ticker = names.ticker
    row = {ticker.symbol: "BTCUSDT", ticker.last: "102", ticker.open: "100", ticker.low: "99", ticker.high: "104"}
    row |= {ticker.volume: "10", ticker.turnover or "": "1010", ticker.contracts or "": "1000"}
    row |= {getattr(ticker, name): value for name, value in changes.items()}
    row.pop("", None)
    read = read_tickers(
        *([row], ticker, {"BTCUSDT": BTC}, STAMP),
        venue_ms=NOW,
        premiums={},
        premium=names.premium,
        intervals=FundingIntervals(None),
        contracts={"BTCUSDT": 0.01},
    )["BTCUSDT"]
    assert read.last == 102
    return read.turnover_24h, read.volume_24h


@pytest.mark.parametrize("factor", [1e6, 1e3, 10, 0.1, 1e-3])
@pytest.mark.parametrize(
    ("venue", "field"),
    [("bybit", "turnover"), ("bybit", "volume"), ("binance", "turnover"), ("binance", "volume"), ("okx", "volume")],
)
def test_turnover_and_volume_that_contradict_the_prices_of_the_day_are_absent(venue: str, field: str, factor: float) -> None:
    before = refused("ticker_turnover")
    right = {"turnover": 1010, "volume": 10}[field]
    assert read_volumes(venue, **{field: str(right * factor)}) == (None, None)
    assert refused("ticker_turnover") == before + 1


@pytest.mark.parametrize("venue", ["bybit", "binance", "okx"])
def test_a_mean_price_in_the_range_of_the_day_or_without_a_range_near_the_last_one_is_accepted(venue: str) -> None:
    mean = 1020 if venue == "okx" else 1010
    assert read_volumes(venue) == (mean, 10)
    assert read_volumes(venue, low=None, high="") == (mean, 10)
    assert read_volumes(venue, low="1000", high="0.1") == (mean, 10)  # the range is wrong, and the last price is outside
