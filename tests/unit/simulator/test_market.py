"""The simulated market: tickers, bars, trades and books agree, and prices move as real prices do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtuoso.simulator.market import Floats, Listing, SimulatedMarket
from virtuoso.simulator.noise import smooth_noise, smooth_noise_at, uniform

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 1_767_225_600_000 + 9 * HOUR + 37 * MINUTE + 23_456
MARKET = SimulatedMarket(7, now_ms=NOW)
BASES = [listing.base for listing in MARKET.listings]
OLD = [listing.base for listing in MARKET.listings if listing.launched_ms < NOW - 90 * DAY]

bases = st.sampled_from(BASES)
moments = st.integers(NOW - 20 * HOUR, NOW + 3 * DAY)


def returns(base: str, step_ms: int, count: int) -> Floats:
    closes = MARKET.candles(base, step_ms, NOW - count * step_ms, NOW, NOW)[:-1, 4]
    moves: Floats = np.diff(np.log(closes))
    return moves


def minute_bar(base: str, minute: int) -> Floats:
    bar: Floats = MARKET.candles(base, MINUTE, minute * MINUTE, minute * MINUTE, (minute + 1) * MINUTE)[0]
    return bar


def test_a_seed_gives_the_same_market_at_any_time_and_in_any_order_of_calls() -> None:
    later = SimulatedMarket(7, now_ms=NOW + 40 * DAY)
    for base in ("SOL", "BTC"):
        then = NOW + 5 * DAY
        later.trades(base, then, 10)
        span = (base, 5 * MINUTE, NOW - DAY, NOW, NOW)
        assert np.array_equal(later.candles(*span), MARKET.candles(*span))
        assert later.quote(base, NOW) == MARKET.quote(base, NOW)
        assert later.book(base, NOW, 50) == MARKET.book(base, NOW, 50)
        assert later.trades(base, NOW, 300) == MARKET.trades(base, NOW, 300)


def test_another_seed_gives_another_market() -> None:
    assert SimulatedMarket(8, now_ms=NOW).quote("BTC", NOW).last != MARKET.quote("BTC", NOW).last


@settings(max_examples=30)
@given(bases, moments, st.sampled_from([3, 5, 15, 30, 60, 240, 480, 1440, 4320]))
def test_longer_bars_agree_with_minute_bars(base: str, now: int, minutes: int) -> None:
    step = minutes * MINUTE
    coarse = MARKET.candles(base, step, now - 3 * step, now, now)
    assert len(coarse)
    assert coarse[-1, 0] == now // step * step
    for bar in coarse:
        fine = MARKET.candles(base, MINUTE, int(bar[0]), int(bar[0]) + step - 1, now)
        assert (bar[1], bar[4]) == (fine[0, 1], fine[-1, 4])
        assert (bar[2], bar[3]) == (fine[:, 2].max(), fine[:, 3].min())
        assert np.allclose(bar[5:], fine[:, 5:].sum(axis=0), rtol=1e-9)


@given(bases, moments)
@settings(max_examples=40)
def test_a_bar_opens_at_the_last_close_and_its_range_contains_its_prices(base: str, now: int) -> None:
    bars = MARKET.candles(base, MINUTE, now - 90 * MINUTE, now, now)
    assert np.array_equal(bars[1:, 1], bars[:-1, 4])
    assert np.all(bars[:, 2] >= bars[:, [1, 4]].max(axis=1))
    assert np.all((bars[:, 3] > 0) & (bars[:, 3] <= bars[:, [1, 4]].min(axis=1)))
    assert np.all(bars[:-1, 5] > 0)


@given(bases, moments, st.integers(0, 3 * HOUR))
@settings(max_examples=30)
def test_closed_bars_and_trades_never_change(base: str, now: int, more: int) -> None:
    closed = MARKET.candles(base, 5 * MINUTE, now - 2 * HOUR, now, now)[:-1]
    again = MARKET.candles(base, 5 * MINUTE, now - 2 * HOUR, now, now + more)
    assert np.array_equal(closed, again[: len(closed)])
    known, later = MARKET.trades(base, now, 100), MARKET.trades(base, now + 2 * MINUTE, 5_000)
    assert set(known) <= set(later)


def test_no_data_is_from_the_future() -> None:
    for base in ("BTC", "WIF"):
        assert MARKET.candles(base, MINUTE, NOW - HOUR, NOW + DAY, NOW)[-1, 0] == NOW // MINUTE * MINUTE
        assert MARKET.trades(base, NOW, 500)[-1][1] <= NOW
        assert MARKET.funding(base, NOW, 5)[-1][0] <= NOW
        assert MARKET.open_interest(base, 5 * MINUTE, NOW, 5)[-1][0] <= NOW


@given(bases, st.integers(NOW // MINUTE - 300, NOW // MINUTE + 3_000))
@settings(max_examples=60)
def test_the_trades_of_a_minute_agree_with_its_bar(base: str, minute: int) -> None:
    bar = minute_bar(base, minute)
    trades = [t for t in MARKET.trades(base, (minute + 1) * MINUTE, 2_000) if t[1] // MINUTE == minute]
    _, times, prices, sizes, _ = (np.array(column) for column in zip(*trades, strict=True))
    assert np.all(times // MINUTE == minute)
    assert (prices[0], prices[-1], prices.max(), prices.min()) == tuple(bar[[1, 4, 2, 3]])
    assert sizes.sum() == pytest.approx(bar[5])
    assert sizes.min() > 0
    assert float(prices @ sizes) == pytest.approx(bar[6], rel=0.02)


@given(bases, moments)
@settings(max_examples=60)
def test_ticker_bars_trades_and_book_agree(base: str, now: int) -> None:
    quote, listing = MARKET.quote(base, now), MARKET.listing(base)
    trades = MARKET.trades(base, now, 50)
    bids, asks = MARKET.book(base, now, 200)
    forming = MARKET.candles(base, 4 * HOUR, now - 4 * HOUR, now, now)[-1]
    assert quote.last == trades[-1][2] == forming[4]
    assert quote.last in (bids[0][0], asks[0][0])
    assert (quote.bid, quote.ask, quote.bid_size, quote.ask_size) == (bids[0][0], asks[0][0], bids[0][1], asks[0][1])
    assert (quote.last == quote.ask) == trades[-1][4]
    for side, up in ((bids, -1), (asks, 1)):
        prices = np.array(side)[:, 0] / listing.tick
        assert np.all(np.diff(np.rint(prices)) * up > 0)
        assert np.allclose(prices, np.rint(prices), rtol=1e-9)
        assert min(size for _, size in side) > 0
    assert asks[0][0] > bids[0][0]
    assert quote.low_24h <= quote.last <= quote.high_24h
    assert abs(quote.mark / quote.last - 1) < 0.002
    assert abs(quote.index / quote.last - 1) < 0.002


@pytest.mark.parametrize("base", ["BTC", "FARTCOIN", "PEPE"])
def test_the_24_hour_statistics_of_the_ticker_agree_with_the_bars(base: str) -> None:
    quote = MARKET.quote(base, NOW)
    bars = MARKET.candles(base, MINUTE, NOW // MINUTE * MINUTE - DAY + MINUTE, NOW, NOW)
    assert (quote.open_24h, quote.high_24h, quote.low_24h) == (bars[0, 1], bars[:, 2].max(), bars[:, 3].min())
    assert (quote.volume_24h, quote.turnover_24h) == pytest.approx(tuple(bars[:, 5:].sum(axis=0)))
    assert quote.price_1h_ago == bars[-61, 1]
    assert MARKET.quotes(NOW)[base] == quote


def test_prices_change_within_seconds() -> None:
    before, after = MARKET.quotes(NOW), MARKET.quotes(NOW + 5_000)
    assert np.mean([before[base].last != after[base].last for base in BASES]) > 0.7


def test_prices_are_correlated_most_within_a_sector() -> None:
    hours = {base: returns(base, HOUR, 40 * 24) for base in [*OLD[:25], "ARB", "OP", "TRX", "WIF"]}
    to_btc = {base: float(np.corrcoef(hours[base], hours["BTC"])[0, 1]) for base in hours if base != "BTC"}
    assert 0.2 < np.mean(list(to_btc.values())) < 0.9
    assert min(to_btc.values()) > 0
    betas = {base: np.cov(hours[base], hours["BTC"])[0, 1] / np.var(hours["BTC"]) for base in ("WIF", "TRX")}
    assert betas["WIF"] > betas["TRX"]
    within = np.corrcoef(hours["ARB"], hours["OP"])[0, 1]
    assert within > np.corrcoef(hours["ARB"], hours["TRX"])[0, 1]


def test_returns_have_fat_tails_and_volatility_clusters() -> None:
    tails, clusters = [], []
    for base in OLD[:20]:
        moves = returns(base, MINUTE, 10 * 1440)
        tails.append(np.mean(((moves - moves.mean()) / moves.std()) ** 4))
        size = np.abs(moves)
        clusters.append(np.corrcoef(size[:-10], size[10:])[0, 1])
    assert np.median(tails) > 5
    assert np.median(clusters) > 0.05


def test_volume_follows_moves_and_the_hour_of_the_day() -> None:
    bars = MARKET.candles("SOL", MINUTE, NOW - 20 * DAY, NOW, NOW)
    move = np.abs(np.log(bars[:, 4] / bars[:, 1]))
    assert np.corrcoef(move, bars[:, 5])[0, 1] > 0.3
    hour = bars[:, 0] // HOUR % 24
    assert bars[hour == 15, 5].mean() > 1.3 * bars[hour == 4, 5].mean()


def test_taker_flow_follows_the_price_and_the_book_follows_the_flow() -> None:
    flow, moved, tilt = [], [], []
    for base in OLD[:20]:
        sigma = returns(base, 5 * MINUTE, 300).std()
        for now in range(NOW - 10 * HOUR, NOW, HOUR):
            trades = MARKET.trades(base, now, 500)
            bought = sum(size if buy else -size for *_, size, buy in trades)
            flow.append(bought / sum(trade[3] for trade in trades))
            moved.append(np.log(trades[-1][2] / trades[0][2]) / sigma)
            bids, asks = (np.array(side)[:, 1].sum() for side in MARKET.book(base, now, 50))
            tilt.append((bids - asks) / (bids + asks))
    assert np.corrcoef(flow, moved)[0, 1] > 0.3
    assert np.corrcoef(flow, tilt)[0, 1] > 0.3
    assert np.std(tilt) > 0.1


def test_funding_and_open_interest_follow_the_trend_and_accounts_trade_against_it() -> None:
    trend, rates, interest, long = [], [], [], []
    for base in OLD[:16]:
        sigma = returns(base, HOUR, 500).std()
        for now in range(NOW - 30 * DAY, NOW, 2 * DAY):
            closes = MARKET.candles(base, HOUR, now - 12 * HOUR, now, now)[:, 4]
            trend.append(np.log(closes[-1] / closes[0]) / sigma)
            rates.append(MARKET.quote(base, now).funding_rate)
            series = MARKET.open_interest(base, 12 * HOUR, now, 2)
            interest.append(series[1][1] / series[0][1])
            long.append(MARKET.long_short(base, 5 * MINUTE, now, 1)[0][1])
    assert np.corrcoef(trend, rates)[0, 1] > 0.3
    assert np.corrcoef(trend, interest)[0, 1] > 0.15
    assert np.corrcoef(trend, long)[0, 1] < -0.3
    assert min(rates) < 0 < max(rates)
    assert all(0 < share < 1 for share in long)


def test_series_have_fixed_times_and_agree_with_the_ticker() -> None:
    funding = MARKET.funding("ETH", NOW, 200)
    assert [time for time, _ in funding] == [(NOW // (8 * HOUR) - 199 + n) * 8 * HOUR for n in range(200)]
    assert funding[-1][1] == MARKET.quote("ETH", funding[-1][0]).funding_rate
    interest = MARKET.open_interest("ETH", 5 * MINUTE, NOW, 288)
    assert {b - a for (a, _), (b, _) in pairwise(interest)} == {5 * MINUTE}
    assert interest[-1][1] == pytest.approx(MARKET.quote("ETH", interest[-1][0]).open_interest)


def test_new_listings_have_no_data_before_their_launch() -> None:
    new = [listing for listing in MARKET.listings if listing.launched_ms > NOW - 60 * DAY]
    assert len(new) >= 3
    for listing in new:
        bars = MARKET.candles(listing.base, HOUR, 0, NOW, NOW)
        assert bars[0, 0] == listing.launched_ms
        assert MARKET.open_interest(listing.base, DAY, NOW, 1_000)[0][0] >= listing.launched_ms
        assert not len(MARKET.candles(listing.base, HOUR, 0, listing.launched_ms - 1, NOW))
        assert listing.base not in MARKET.quotes(listing.launched_ms - 1)


def test_prices_stay_near_their_references_for_years() -> None:
    for years in (0, 5, 12):
        now = NOW + years * 365 * DAY
        market = SimulatedMarket(years, now_ms=now)
        assert 30 < market.dominance(now) < 85
        for base in ("BTC", "FARTCOIN", "SHIB"):
            first, last = market.candles(base, DAY, now - 5 * DAY, now, now)[[0, -1], 4]
            assert 0.5 < last / first < 2
            assert 0.02 < last / MARKET.quote(base, NOW).last < 50


def test_there_are_about_sixty_listings_with_plausible_price_and_size_steps() -> None:
    assert 55 <= len(BASES) == len(set(BASES))
    for listing in MARKET.listings:
        assert isinstance(listing, Listing)
        last = MARKET.quote(listing.base, NOW).last
        assert 1e-7 < listing.tick / last < 5e-4
        assert 0.1 < listing.lot * last < 100
        assert f"{last:.{listing.price_digits}f}" == f"{round(last / listing.tick) * listing.tick:.{listing.price_digits}f}"


@pytest.mark.parametrize(("seed", "now"), [(-1, NOW), (1, 0), (1, 4_000_000_000_000)])
def test_a_seed_or_a_time_out_of_range_is_refused(seed: int, now: int) -> None:
    with pytest.raises(ValueError, match="expected a seed"):
        SimulatedMarket(seed, now_ms=now)


def test_an_unknown_base_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        MARKET.quote("NOSUCH", NOW)


@given(st.integers(0, 2**40), st.text(max_size=8), st.integers(0, 2**42), st.integers(1_000, 2**32))
@settings(max_examples=200)
def test_noise_at_one_time_equals_noise_at_many_times(seed: int, name: str, time: int, period: int) -> None:
    assert smooth_noise_at(seed, name, time, period) == pytest.approx(
        smooth_noise(seed, name, [time, 0], period)[0], abs=1e-5
    )
    assert -1 <= smooth_noise_at(seed, name, time, period) <= 1


def test_noise_is_uniform() -> None:
    numbers = uniform(3, "even", np.arange(100_000))
    assert np.allclose(np.histogram(numbers, 20, (0, 1))[0], 5_000, rtol=0.06)
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.02
