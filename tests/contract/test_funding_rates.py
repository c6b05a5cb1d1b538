"""Funding rates of different intervals, through the real ccxt client. "myokx" has no entry in the table of venues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.test_exchange_times import HOUR, NOW, AlteredVenue, altered_venue, market  # noqa: F401  two are fixtures
from virtuoso.analysis.sentiment import funding
from virtuoso.analysis.symbol_context import SymbolContext
from virtuoso.domain.model import SymbolInputs

HISTORIES = ("/v5/market/funding/history", "/fapi/v1/fundingRate", "/api/v5/public/funding-rate-history")
RATES = ("/v5/market/tickers", "/fapi/v1/premiumIndex", "/api/v5/public/funding-rate")
INTERVALS = "/fapi/v1/fundingInfo"
LAST_HOUR = NOW // HOUR * HOUR


def hourly(altered_venue: AlteredVenue, rate: str, *, stated: bool) -> None:  # noqa: F811
    """Let BTC pay 0.01 % every 8 hours, and in the last 6 hours 0.00125 % every hour. `rate` is the current rate. With
    `stated`, the venue states the interval of one hour."""
    switched = LAST_HOUR - 6 * HOUR
    payments = [(switched - 8 * HOUR * i, "0.0001") for i in range(60)]
    payments += [(switched + HOUR * (i + 1), "0.0000125") for i in range(6)]
    payments.sort(reverse=altered_venue.venue != "binance")
    following = LAST_HOUR + HOUR

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if path in HISTORIES:
            rows = altered_venue.rows(body)
            names = [name for name in rows[0] if name in ("fundingTime", "fundingRateTimestamp")]
            new = [
                {**rows[0], "fundingRate": paid, "realizedRate": paid, names[0]: type(rows[0][names[0]])(time_ms)}
                for time_ms, paid in payments
            ]
            rows_of(body)[:] = new
        elif path in RATES:
            for row in altered_venue.rows(body):
                if row.get("symbol", row.get("instId")) not in ("BTCUSDT", "BTC-USDT-SWAP"):
                    continue
                row.update(fundingRate=rate, lastFundingRate=rate)
                if stated:
                    row.update(fundingIntervalHour="1", nextFundingTime=str(following))
                if stated and "fundingTime" in row:
                    row.update(fundingTime=str(following), nextFundingTime=str(following + HOUR))
        elif path == INTERVALS and stated:
            return [{"symbol": "BTCUSDT", "fundingIntervalHours": 1}]
        return body

    altered_venue.proxy.alter = alter


def rows_of(body: Any) -> list[Any]:
    rows: list[Any] = body if isinstance(body, list) else body["result"]["list"] if "result" in body else body["data"]
    return rows


async def btc(altered_venue: AlteredVenue) -> SymbolInputs:  # noqa: F811
    instrument = next(i for i in await altered_venue.exchange.instruments() if i.symbol == "BTCUSDT")
    past = await altered_venue.exchange.funding(instrument)
    await altered_venue.exchange.renew_premiums()
    altered_venue.clock.advance(3)
    return SymbolInputs(symbol="BTCUSDT", ticker=(await altered_venue.exchange.tickers())["BTCUSDT"], funding=past)


async def test_every_venue_states_its_intervals(altered_venue: AlteredVenue) -> None:  # noqa: F811
    await altered_venue.exchange.renew_premiums()
    tickers = await altered_venue.exchange.tickers()
    assert {ticker.funding_interval_ms for ticker in tickers.values()} == {8 * HOUR}


@pytest.mark.parametrize("stated", [True, False])
async def test_an_hourly_rate_is_compared_per_day(altered_venue: AlteredVenue, stated: bool) -> None:  # noqa: F811
    stated = stated or altered_venue.venue in ("okx", "myokx")  # okx always states the time of the next two payments
    hourly(altered_venue, "0.0000125", stated=stated)
    inputs = await btc(altered_venue)
    assert inputs.ticker is not None
    assert inputs.ticker.funding_interval_ms == HOUR
    assert funding(SymbolContext(inputs, NOW, {}))[0] == pytest.approx(0, abs=1e-6)
    hourly(altered_venue, "0.0001", stated=stated)
    await altered_venue.exchange.renew_premiums()
    high = await btc(altered_venue)
    assert funding(SymbolContext(high, NOW, {}))[0] > 20


async def test_an_interval_that_is_not_known_is_absent_until_the_past_payments_show_it(altered_venue: AlteredVenue) -> None:  # noqa: F811
    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if path == INTERVALS:
            return {"code": -1, "msg": "Internal error"}
        if path in RATES:
            for row in altered_venue.rows(body):
                row.update(fundingIntervalHour="", nextFundingTime="")
        return body

    altered_venue.proxy.alter = alter
    await altered_venue.exchange.renew_premiums()
    ticker = (await altered_venue.exchange.tickers())["BTCUSDT"]
    assert ticker.funding_rate is not None
    assert (ticker.funding_interval_ms, ticker.daily_funding_rate) == (None, None)
    inputs = await btc(altered_venue)
    assert inputs.ticker is not None
    assert inputs.ticker.funding_interval_ms == 8 * HOUR
