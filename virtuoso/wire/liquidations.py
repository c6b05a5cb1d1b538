"""Convert liquidations to messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from virtuoso.market.v1 import liquidation_pb2
from virtuoso.wire.times import duration, timestamp

if TYPE_CHECKING:
    from virtuoso.domain.records import LiquidationTotals


def liquidations(totals: LiquidationTotals) -> liquidation_pb2.Liquidations:
    """Return the liquidations of one market, or of all tracked markets."""
    return liquidation_pb2.Liquidations(
        sums=[
            liquidation_pb2.LiquidationSum(
                period=duration(one.period_ms),
                long_usd=one.long_usd,
                short_usd=one.short_usd,
                start_time=timestamp(one.since_ms),
            )
            for one in totals.sums
        ],
        lower_bound=totals.lower_bound,
        largest=[
            liquidation_pb2.Liquidation(
                symbol=one.symbol,
                side=liquidation_pb2.PositionSide.ValueType(one.side),
                value_usd=one.value_usd,
                price=one.price,
                liquidation_time=timestamp(one.closed_ms),
            )
            for one in totals.largest
        ],
    )
