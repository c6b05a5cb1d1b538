"""Convert liquidations to messages, and those that the next collector continues to bytes and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.protobuf.message import DecodeError

from virtuoso.domain.errors import CorruptValue
from virtuoso.domain.model import Environment
from virtuoso.domain.records import Liquidation, LiquidationTotals, PastLiquidations, Side
from virtuoso.market.v1 import liquidation_pb2, provenance_pb2
from virtuoso.store.v1 import liquidation_history_pb2
from virtuoso.wire.times import duration, millis, timestamp


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
        largest=[_liquidation(one) for one in totals.largest],
    )


def _liquidation(one: Liquidation) -> liquidation_pb2.Liquidation:
    return liquidation_pb2.Liquidation(
        symbol=one.symbol,
        side=liquidation_pb2.PositionSide.ValueType(one.side),
        value_usd=one.value_usd,
        price=one.price,
        liquidation_time=timestamp(one.closed_ms),
    )


def encode_past_liquidations(venue: str, environment: Environment, markets: Iterable[PastLiquidations]) -> bytes:
    """Return the liquidations of a venue's markets as bytes of the message LiquidationHistory."""
    return liquidation_history_pb2.LiquidationHistory(
        venue=venue,
        environment=provenance_pb2.Environment.ValueType(environment),
        markets=[
            liquidation_history_pb2.PastLiquidations(
                symbol=one.symbol,
                start_time=timestamp(one.since_ms),
                end_time=timestamp(one.until_ms),
                lower_bound=one.lower_bound,
                spans=sorted(one.spans),
                long_usd=[one.spans[number][0] for number in sorted(one.spans)],
                short_usd=[one.spans[number][1] for number in sorted(one.spans)],
                largest=[_liquidation(each) for each in one.largest],
            )
            for one in markets
        ],
    ).SerializeToString(deterministic=True)


def decode_past_liquidations(blob: bytes, environment: Environment) -> Mapping[str, PastLiquidations]:
    """Return the liquidations in `blob` by symbol. They are empty when they are of another environment. Raise CorruptValue
    when they cannot be read."""
    try:
        message = liquidation_history_pb2.LiquidationHistory.FromString(blob)
        if Environment(message.environment) is not environment:
            return {}
        return {
            one.symbol: PastLiquidations(
                symbol=one.symbol,
                since_ms=millis(one.start_time),
                until_ms=millis(one.end_time),
                lower_bound=one.lower_bound,
                spans={
                    number: (long_usd, short_usd)
                    for number, long_usd, short_usd in zip(one.spans, one.long_usd, one.short_usd, strict=True)
                },
                largest=tuple(
                    Liquidation(
                        symbol=each.symbol,
                        side=Side(each.side),
                        value_usd=each.value_usd,
                        price=each.price,
                        closed_ms=millis(each.liquidation_time),
                    )
                    for each in one.largest
                ),
            )
            for one in message.markets
        }
    except (DecodeError, ValueError) as error:  # an unknown enum number and a missing sum raise ValueError
        raise CorruptValue("not a LiquidationHistory message") from error
