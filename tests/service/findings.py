"""The parts of a snapshot other than scores: sentiment, betas, signals, opportunities."""

from __future__ import annotations

from typing import Any

from virtuoso.market.v1 import (
    beta_pb2,
    book_depth_pb2,
    confluence_pb2,
    liquidation_pb2,
    market_service_pb2,
    opportunity_pb2,
    overview_pb2,
    sentiment_pb2,
    signal_pb2,
)
from virtuoso.wire import times


def sentiment(observed_ms: int) -> sentiment_pb2.Sentiment:
    return sentiment_pb2.Sentiment(
        gauge=57.5,
        confidence=0.8,
        coverage=0.9,
        parts=[
            confluence_pb2.Component(
                name="breadth", direction=0.2, confidence=0.9, weight=0.6, contribution=5.5, reading=0.2
            ),
            confluence_pb2.Component(name="funding", direction=0.1, confidence=0.7, weight=0.3, contribution=2.0, unit="%"),
            confluence_pb2.Component(name="premium", weight=0.1, missing="no mark price"),
        ],
        breadth=overview_pb2.Breadth(up=300, down=220, flat=4),
        funding_mean_percent=0.0081,
        sentence="The crowd leans a little to greed.",
        observed_time=times.timestamp(observed_ms - 2000),
    )


def book_depth(observed_ms: int, middle: float, bids_usd: float, asks_usd: float) -> book_depth_pb2.BookDepth:
    """Return the depth of an order book whose spread is 2 bp and whose reach is 1 %, with these values of its sides."""
    return book_depth_pb2.BookDepth(
        best_bid=middle * 0.9999,
        best_ask=middle * 1.0001,
        distance=middle / 100,
        bids_usd=[bids_usd * step / 20 for step in range(1, 21)],
        asks_usd=[asks_usd * step / 20 for step in range(1, 21)],
        observed_time=times.timestamp(observed_ms - 1000),
    )


def liquidations(observed_ms: int, long: float, short: float, *, lower_bound: bool = False) -> liquidation_pb2.Liquidations:
    """Return liquidations whose stream began 2 h ago. The day has 3 times the sums of the last hour."""
    return liquidation_pb2.Liquidations(
        lower_bound=lower_bound,
        sums=[
            liquidation_pb2.LiquidationSum(
                period=times.duration(3_600_000),
                long_usd=long,
                short_usd=short,
                start_time=times.timestamp(observed_ms - 3_600_000),
            ),
            liquidation_pb2.LiquidationSum(
                period=times.duration(86_400_000),
                long_usd=3 * long,
                short_usd=3 * short,
                start_time=times.timestamp(observed_ms - 7_200_000),
            ),
        ],
        largest=[
            liquidation_pb2.Liquidation(
                symbol="BTCUSDT",
                side=liquidation_pb2.POSITION_SIDE_LONG,
                value_usd=640_000,
                price=1.625,
                liquidation_time=times.timestamp(observed_ms - 60_000),
            )
        ],
    )


def beta(symbol: str, rank: int, observed_ms: int) -> market_service_pb2.GetBetaResponse:
    """Return a beta with one window for even ranks, and with all three for odd ranks."""
    day = 86_400_000
    return market_service_pb2.GetBetaResponse(
        beta=beta_pb2.Beta(
            symbol=symbol,
            windows=[
                beta_pb2.BetaWindow(
                    span=span,
                    beta=1 + rank / 100,
                    beta_error=0.05,
                    correlation=0.7,
                    r_squared=0.49,
                    alpha_annual_percent=-12.5,
                    alpha_t=-0.4,
                    points=280,
                    start_time=times.timestamp(observed_ms - day),
                    end_time=times.timestamp(observed_ms),
                )
                for span in beta_pb2.BetaSpan.values()[1 : 4 if rank % 2 else 2]
            ],
        ),
        rolling=[
            beta_pb2.RollingBeta(
                span=beta_pb2.BETA_SPAN_24H,
                end_times=[times.timestamp(observed_ms - 7_200_000), times.timestamp(observed_ms)],
                betas=[0.9, 1 + rank / 100],
            )
        ],
    )


def signal(symbol: str, number: int, observed_ms: int, venue: str = "bybit", **more: Any) -> signal_pb2.Signal:
    """Return an active long signal. Every third one is short. A larger number is an older signal."""
    sign = -1 if number % 3 == 2 else 1
    opened_ms = observed_ms - 60_000 * (number + 1)
    values: dict[str, Any] = {
        "id": f"{venue}:{symbol}:{number}",
        "symbol": symbol,
        "side": signal_pb2.SIDE_LONG if sign > 0 else signal_pb2.SIDE_SHORT,
        "status": signal_pb2.SIGNAL_STATUS_ACTIVE,
        "open_time": times.timestamp(opened_ms),
        "entry": 100.0,
        "stop": 100.0 - 2 * sign,
        "targets": [
            signal_pb2.SignalTarget(price=100 + sign * step, size=size) for step, size in ((3, 0.5), (6, 0.3), (10, 0.2))
        ],
        "expire_time": times.timestamp(opened_ms + 86_400_000),
        "score": 50.0 + 21 * sign,
        "confidence": 0.7,
        "drivers": [confluence_pb2.DIMENSION_KIND_ORDERFLOW],
        "model_version": "v1",
        "venue": venue,
        "judge_time": times.timestamp(observed_ms),
    }
    return signal_pb2.Signal(**{**values, **more})


def opportunity(symbol: str, number: int, observed_ms: int, venue: str = "bybit") -> opportunity_pb2.Opportunity:
    """Return an opportunity. A larger number is older and expires sooner."""
    found_ms = observed_ms - 60_000 * number
    return opportunity_pb2.Opportunity(
        id=f"{venue}:{symbol}:{number}",
        symbol=symbol,
        kind=opportunity_pb2.OpportunityKind.ValueType(1 + number % 7),
        side=signal_pb2.SIDE_LONG,
        find_time=times.timestamp(found_ms),
        expire_time=times.timestamp(found_ms + 480_000),
        price=100.0,
        confidence=0.6,
        alpha_percent=2.5,
        z_score=3.1,
        sentence=f"{symbol} went its own way.",
        venue=venue,
        invalidation="It has failed if the price falls below 97.5 while BTC stands still.",
        invalidation_price=97.5,
        last_held_time=times.timestamp(found_ms),
    )


def record() -> signal_pb2.SignalRecord:
    tally = signal_pb2.SignalTally(count=3, wins=2, win_rate=2 / 3, win_rate_low=0.2, win_rate_high=0.94, mean_r=0.5)
    return signal_pb2.SignalRecord(all=tally, long=tally, short=signal_pb2.SignalTally())
