"""The cadence stays within each venue's limits."""

from __future__ import annotations

import pytest

from virtuoso.exchange.venues import cadence, venue_facts

SIZES = [1, 10, 50, 100, 300, 500]


@pytest.mark.parametrize("symbols", SIZES)
def test_requests_to_bybit_stay_below_its_allowance(symbols: int) -> None:
    pace = cadence("bybit", symbols)
    slow = symbols / pace.open_interest + symbols / pace.long_short + symbols / pace.funding
    candles = symbols * (1 / 60 + 1 / 300 + 1 / 1800 + 1 / 14400)
    assert 1 / pace.tickers + symbols / pace.books + symbols / pace.trades + slow + candles <= 0.8 * 120


@pytest.mark.parametrize("symbols", SIZES)
def test_requests_to_binance_stay_below_its_weight_per_minute(symbols: int) -> None:
    pace = cadence("binance", symbols)
    candles = symbols * (1 + 1 / 5 + 1 / 30 + 1 / 240)
    weight = 60 / pace.tickers * 40 + 60 / 15 * 10 + symbols * 5 * (60 / pace.books + 60 / pace.trades) + candles
    assert weight <= 0.8 * 2400
    assert 300 * symbols * (1 / pace.open_interest + 1 / pace.long_short) <= 0.8 * 1000
    assert 300 * symbols / pace.funding <= 0.8 * 500


def test_fifty_symbols_are_read_every_few_seconds() -> None:
    assert cadence("bybit", 50).books == 12
    assert cadence("binance", 50).books <= 30
    assert cadence("bybit", 50).tickers <= 3
    assert cadence("okx", 50).books == 12
    assert cadence("gate", 50).books <= 30


@pytest.mark.parametrize("symbols", SIZES)
def test_requests_to_other_venues_stay_below_ten_per_second(symbols: int) -> None:
    pace = cadence("gate", symbols)
    slow = symbols / pace.open_interest + symbols / pace.long_short + symbols / pace.funding
    assert 1 / pace.tickers + symbols / pace.books + symbols / pace.trades + slow + symbols * 1.3 / 60 <= 20


@pytest.mark.parametrize("symbols", SIZES)
def test_requests_to_okx_stay_below_the_allowance_of_each_endpoint(symbols: int) -> None:
    pace = cadence("okx", symbols)
    assert 1 / pace.tickers <= 0.8 * 10
    assert symbols / pace.books <= 0.8 * 20
    assert symbols / pace.trades <= 0.8 * 50
    assert symbols * (1 / 60 + 1 / 300 + 1 / 1800 + 1 / 14400) <= 0.8 * 20
    assert symbols / pace.open_interest <= 0.8 * 5
    assert symbols / pace.long_short <= 0.8 * 2.5


def test_every_request_of_a_known_venue_counts_against_a_limit() -> None:
    for name in ("bybit", "binance", "okx"):
        assert any(limit.prefix == "" for limit in venue_facts(name).limits)
