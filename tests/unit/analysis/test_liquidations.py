"""Positions that were closed by force: sums by side, the largest ones, and alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from virtuoso.analysis.alert_rules import MarketPass, market_alerts
from virtuoso.analysis.liquidations import liquidation_totals, market_totals, past_liquidations
from virtuoso.domain.model import Candles, Environment, Liquidations, Stamp, SymbolInputs, Ticker, Timeframe, Trades
from virtuoso.domain.records import Alert, AlertKind, AlertLevel, Liquidation, LiquidationTotals, Side
from virtuoso.wire.liquidations import decode_past_liquidations, encode_past_liquidations

MINUTE, HOUR = 60_000, 3_600_000
DAY = 24 * HOUR
NOW = 1_760_000_400_000 // HOUR * HOUR
STAMP = Stamp(observed_ms=NOW, received_ms=NOW)
LONG, SHORT = -1.0, 1.0
Row = tuple[int, float, float]  # age in ms, value in USDT, side


def closed(rows: Sequence[Row], symbol: str = "XUSDT", *, watched_ms: int = DAY, lower_bound: bool = False) -> Liquidations:
    """Return liquidations at the price 2."""
    ages, values, sides = np.array(rows or np.empty((0, 3)), dtype=np.float64).T
    return Liquidations(
        symbol=symbol,
        time_ms=(NOW - ages).astype(np.int64),
        price=np.full(len(rows), 2.0),
        size=values / 2,
        side=sides,
        stamp=STAMP,
        complete_since_ms=NOW - watched_ms,
        lower_bound=lower_bound,
    )


ROWS: list[Row] = [
    (25 * HOUR, 9_000.0, LONG),
    (20 * HOUR, 700.0, LONG),
    (2 * HOUR, 300.0, SHORT),
    (HOUR // 2, 40.0, LONG),
    (HOUR // 3, 5.0, SHORT),
    (MINUTE, 2.0, LONG),
]


def sums(totals: LiquidationTotals) -> list[tuple[int, float, float, int]]:
    return [(one.period_ms, one.long_usd, one.short_usd, NOW - one.since_ms) for one in totals.sums]


def test_sums_are_by_side_of_an_hour_and_of_a_day() -> None:
    totals = liquidation_totals(closed(ROWS), NOW)
    assert sums(totals) == [(HOUR, 42.0, 5.0, HOUR), (DAY, 742.0, 305.0, DAY)]
    assert not totals.lower_bound
    assert totals.largest[0] == Liquidation(
        symbol="XUSDT", side=Side.LONG, value_usd=700.0, price=2.0, closed_ms=NOW - 20 * HOUR
    )
    assert [(one.value_usd, one.side) for one in totals.largest[1:]] == [
        (300.0, Side.SHORT),
        (40.0, Side.LONG),
        (5.0, Side.SHORT),
        (2.0, Side.LONG),
    ]


@pytest.mark.parametrize(
    ("watched_ms", "expected"),
    [
        (3 * HOUR, [(HOUR, 42.0, 5.0, HOUR), (DAY, 42.0, 305.0, 3 * HOUR)]),
        (5 * MINUTE, [(HOUR, 2.0, 0.0, 5 * MINUTE), (DAY, 2.0, 0.0, 5 * MINUTE)]),
        (-MINUTE, [(HOUR, 0.0, 0.0, 0), (DAY, 0.0, 0.0, 0)]),
    ],
)
def test_a_sum_has_only_the_time_that_was_watched_and_says_since_when(
    watched_ms: int, expected: list[tuple[int, float, float, int]]
) -> None:
    assert sums(liquidation_totals(closed(ROWS, watched_ms=watched_ms), NOW)) == expected


def test_the_sums_continue_those_of_an_earlier_collector_and_are_a_lower_bound_then() -> None:
    whole = liquidation_totals(closed(ROWS), NOW)
    before = past_liquidations(replace(closed(ROWS[:4]), stamp=Stamp(observed_ms=NOW - 1_700_000, received_ms=0)), NOW)
    blob = encode_past_liquidations("bybit", Environment.LIVE, [before])
    past = decode_past_liquidations(blob, Environment.LIVE)["XUSDT"]
    assert past == before
    assert decode_past_liquidations(blob, Environment.SIMULATED) == {}
    after = closed(ROWS[4:], watched_ms=1_690_000)  # 10 s later
    totals = liquidation_totals(after, NOW, past)
    assert (totals.sums, totals.largest, totals.lower_bound) == (whole.sums, whole.largest, True)
    later = liquidation_totals(after, NOW + DAY - HOUR, past)
    assert [(one.long_usd, one.short_usd) for one in later.sums] == [(0.0, 0.0), (42.0, 5.0)]
    assert past_liquidations(after, NOW, past).spans == past_liquidations(closed(ROWS), NOW).spans


def test_sums_begin_anew_after_a_long_interruption_and_count_nothing_twice() -> None:
    before = past_liquidations(closed(ROWS), NOW)
    late = replace(closed([(0, 7.0, LONG)]), complete_since_ms=NOW + 5 * MINUTE + 1)
    assert liquidation_totals(late, NOW + HOUR // 2, before).sums[1].long_usd == 0.0
    twice = liquidation_totals(closed(ROWS, watched_ms=HOUR), NOW, before)
    assert sums(twice)[1] == (DAY, 742.0, 305.0, DAY)


def test_a_short_interruption_of_the_stream_keeps_the_sums() -> None:
    totals = liquidation_totals(replace(closed(ROWS, watched_ms=5 * MINUTE), known_since_ms=NOW - 3 * HOUR), NOW)
    assert sums(totals) == [(HOUR, 42.0, 5.0, HOUR), (DAY, 42.0, 305.0, 3 * HOUR)]
    assert totals.lower_bound


def test_without_liquidations_the_sums_are_zero_because_the_time_was_watched() -> None:
    totals = liquidation_totals(closed([]), NOW)
    assert sums(totals) == [(HOUR, 0.0, 0.0, HOUR), (DAY, 0.0, 0.0, DAY)]
    assert totals.largest == ()


def test_the_market_is_the_sum_of_its_symbols_and_a_lower_bound_when_one_was_watched_later() -> None:
    assert market_totals([], 50) is None
    one = liquidation_totals(closed(ROWS), NOW)
    other = liquidation_totals(closed([(MINUTE, 50.0, SHORT)] * 6, "YUSDT"), NOW)
    total = market_totals([one, other], 2)
    assert total is not None
    assert sums(total) == [(HOUR, 42.0, 305.0, HOUR), (DAY, 742.0, 605.0, DAY)]
    assert not total.lower_bound
    assert [(each.symbol, each.value_usd) for each in total.largest] == [
        ("XUSDT", 700.0),
        ("XUSDT", 300.0),
        *[("YUSDT", 50.0)] * 3,
    ]
    for later in (
        closed([(MINUTE, 50.0, SHORT)], "YUSDT", watched_ms=2 * HOUR),
        closed([(MINUTE, 50.0, SHORT)], "YUSDT", lower_bound=True),
    ):
        partial = market_totals([one, liquidation_totals(later, NOW)], 2)
        assert partial is not None
        assert partial.lower_bound
        assert sums(partial)[1] == (DAY, 742.0, 355.0, DAY)
    unwatched = market_totals([one, other], 3)
    assert unwatched is not None
    assert unwatched.lower_bound


def market(
    rows: Sequence[Row], *, symbol: str = "XUSDT", traded: float = 1e9, turnover: float = 1e8, lower_bound: bool = False
) -> SymbolInputs:
    trades = Trades(
        symbol=symbol,
        ids=["1"],
        time_ms=np.array([NOW - MINUTE]),
        price=np.array([2.0]),
        size=np.array([traded / 2]),
        side=np.array([1.0]),
        stamp=STAMP,
    )
    ticker = Ticker(symbol=symbol, last=2.0, stamp=STAMP, turnover_24h=turnover)
    liquidations = closed(rows, symbol, lower_bound=lower_bound)
    return SymbolInputs(symbol=symbol, ticker=ticker, trades=trades, liquidations=liquidations)


def pass_of(*inputs: SymbolInputs) -> MarketPass:
    items = {one.symbol: one for one in inputs}
    return MarketPass(venue="bybit", environment=Environment.LIVE, now_ms=NOW, inputs=items)


def alerts(*inputs: SymbolInputs) -> list[Alert]:
    """Return the alerts of liquidations. Other conditions may raise alerts, too."""
    step = market_alerts(None, pass_of(*inputs))
    again = market_alerts(step.after, pass_of(*inputs))
    assert not [alert for alert in again.alerts if alert.kind is AlertKind.LIQUIDATION]
    return [alert for alert in step.alerts if alert.kind is AlertKind.LIQUIDATION]


@pytest.mark.parametrize(
    ("rows", "turnover", "text"),
    [
        ([(MINUTE, 90_000.0, LONG)], 1e7, None),  # below the floor
        ([(MINUTE, 150_000.0, LONG)], 1e9, None),  # a small share of a large market
        ([(6 * MINUTE, 150_000.0, LONG)], 1e8, None),  # too long ago
        ([(MINUTE, 60_000.0, LONG), (MINUTE, 60_000.0, SHORT)], 1e7, None),  # no side alone
        (
            [(4 * MINUTE, 70_000.0, LONG), (MINUTE, 80_000.0, LONG), (MINUTE, 9_000.0, SHORT)],
            1e8,
            "XUSDT: 150 k USDT of longs were liquidated within 5 minutes, 0.15 % of a day's turnover.",
        ),
        (
            [(MINUTE, 2_500_000.0, SHORT)],
            1e8,
            "XUSDT: 2.5 M USDT of shorts were liquidated within 5 minutes, 2.50 % of a day's turnover.",
        ),
    ],
)
def test_liquidations_raise_an_alert_from_an_amount_and_a_share_of_turnover(
    rows: list[Row], turnover: float, text: str | None
) -> None:
    raised = alerts(market(rows, turnover=turnover))
    assert [alert.text for alert in raised] == ([] if text is None else [text])
    if text is not None:
        (alert,) = raised
        assert (alert.symbol, alert.level, alert.unit) == ("XUSDT", AlertLevel.WARNING, "USDT")
        assert alert.reading == pytest.approx(sum(value for _, value, side in rows if side == rows[0][2]))


def test_liquidations_need_trades_of_at_least_the_same_amount() -> None:
    rows = [(MINUTE, 200_000.0, LONG)]
    assert not alerts(market(rows, traded=150_000.0))
    assert alerts(market(rows, traded=200_000.0))


def test_the_closed_minutes_confirm_liquidations_when_the_trades_are_not_known() -> None:
    rows = [(3 * MINUTE, 200_000.0, LONG)]
    without = replace(market(rows), trades=None)
    assert not alerts(without)
    for traded, count in ((30_000.0, 0), (60_000.0, 1)):
        times = NOW - MINUTE * np.arange(5, 0, -1, dtype=np.int64)
        price, volume = np.full(5, 2.0), np.full(5, traded / 2)
        bars = Candles(
            symbol="XUSDT",
            timeframe=Timeframe.M1,
            open_ms=times,
            open=price,
            high=price,
            low=price,
            close=price,
            volume=volume,
            stamp=STAMP,
        )
        assert len(alerts(replace(without, candles={Timeframe.M1: bars}))) == count


def test_a_venue_that_tells_only_of_some_liquidations_gives_a_lower_bound() -> None:
    (alert,) = alerts(market([(MINUTE, 200_000.0, LONG)], lower_bound=True))
    assert alert.text.startswith("XUSDT: at least 200 k USDT of longs")


def test_liquidations_of_the_whole_market_raise_one_alert_of_their_own() -> None:
    rows = [(MINUTE, 600_000.0, LONG)]
    small = [market(rows, symbol=f"X{index}USDT", turnover=1e9) for index in range(9)]
    false = market([(MINUTE, 50_000_000.0, LONG)], symbol="WRONGUSDT", traded=1.0)
    assert not alerts(*small[:8])
    (alert,) = alerts(*small, false)
    assert alert.symbol == ""
    assert alert.reading == pytest.approx(5_400_000)
    assert alert.text == (
        "5.4 M USDT of longs were liquidated in 9 markets within 5 minutes, "
        "0.06 % of the day's turnover of all tracked markets. "
        "Most in X0USDT 600 k USDT, X1USDT 600 k USDT, X2USDT 600 k USDT."
    )


def test_while_liquidations_of_the_whole_market_are_told_single_markets_have_no_alert_of_the_same_side() -> None:
    rows = [(MINUTE, 600_000.0, LONG)]
    many = [market(rows, symbol=f"X{index}USDT", turnover=1e9) for index in range(9)]
    long, short = (market([(MINUTE, 300_000.0, side)], symbol=name) for side, name in ((LONG, "LUSDT"), (SHORT, "SUSDT")))
    assert {alert.symbol for alert in alerts(long, short)} == {"LUSDT", "SUSDT"}
    assert {alert.symbol for alert in alerts(*many, long, short)} == {"", "SUSDT"}
    later = market_alerts(market_alerts(None, pass_of(*many)).after, pass_of(*many, long, short))  # without its state
    assert {alert.symbol for alert in later.alerts} == {"SUSDT"}
