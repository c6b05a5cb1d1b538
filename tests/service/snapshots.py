"""Snapshots as a collector publishes them, built as protobuf messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.service.findings import beta, opportunity, record, sentiment, signal
from virtuoso.domain.model import DimensionKind
from virtuoso.domain.scores import label
from virtuoso.market.v1 import (
    candle_pb2,
    confluence_pb2,
    market_pb2,
    market_service_pb2,
    mover_pb2,
    overview_pb2,
    provenance_pb2,
    symbol_pb2,
)
from virtuoso.market.v1 import market_series_pb2 as market_series_api
from virtuoso.service.view_builder import mark
from virtuoso.store.v1 import candle_series_pb2, market_list_pb2, market_series_pb2, snapshot_head_pb2, snapshot_pb2
from virtuoso.wire import confluences, snapshots, times

T0 = 1_761_000_000_000  # the time on all clocks of these tests
TTL_S = 3600.0
DIMENSIONS = tuple(kind.lower_name for kind in DimensionKind)
NAMES = ("BTC", "ETH", "SOL", "1000PEPE", "XRP", "DOGE", "SHIB1000", "1INCH", "BNB", "ADA")


def symbol_name(index: int) -> str:
    return f"{NAMES[index]}USDT" if index < len(NAMES) else f"COIN{index:03d}USDT"


def row(symbol: str, score: float | None = 61.25, **more: Any) -> confluence_pb2.ConfluenceRow:
    """Return a row. A row with a score has all six dimensions."""
    measured: dict[str, Any] = {} if score is None else {"score": score, "confidence": 0.52, "coverage": 0.9}
    if score is not None:
        measured |= {name: min(100.0, max(0.0, score + 3 * i - 7)) for i, name in enumerate(DIMENSIONS)}
    words = confluence_pb2.Label.ValueType(0 if score is None else label(score))
    values: dict[str, Any] = {"price": 27.125, "change_24h_percent": -1.375, "turnover_24h_usd": 48_123_456.78}
    return confluence_pb2.ConfluenceRow(symbol=symbol, label=words, **{**values, **measured, **more})


def confluence(
    row: confluence_pb2.ConfluenceRow, observed_ms: int, *, components: int = 3
) -> market_service_pb2.GetConfluenceResponse:
    """Return the detail for a row, with this many components in each dimension."""
    scores = {field.name: value for field, value in row.ListFields()}
    dimensions = []
    for kind, name in enumerate(DIMENSIONS, start=1):
        score = scores.get(name)
        direction = None if score is None else (score - 50) / 50
        dimensions.append(
            confluence_pb2.Dimension(
                kind=confluence_pb2.DimensionKind.ValueType(kind),
                score=score,
                direction=direction,
                confidence=0.6,
                weight=1 / 6,
                coverage=1.0,
                contribution=0.5,
                observed_time=times.timestamp(observed_ms - 1000 * kind),
                sentence=f"The {name} reading of {row.symbol} leans a little.",
                components=[
                    confluence_pb2.Component(
                        name=f"{name}_{n}", direction=direction, confidence=0.6, weight=1 / 3, contribution=0.2, reading=1.5
                    )
                    for n in range(components)
                ],
            )
        )
    detail = market_service_pb2.GetConfluenceResponse(
        dimensions=dimensions,
        agreement=0.7 if row.HasField("score") else None,
        drivers=[confluence_pb2.DIMENSION_KIND_VOLUME] if row.HasField("score") else [],
        price_time=times.timestamp(observed_ms),
    )
    for field, value in row.ListFields():
        if field.name not in DIMENSIONS:
            setattr(detail, field.name, value)
    return detail


def rows_of(message: snapshot_pb2.Snapshot) -> list[confluence_pb2.ConfluenceRow]:
    """Return the rows that lists show of a snapshot, in its order."""
    rows = [confluences.row(detail) for detail in message.confluences]
    mark(rows, message.signals, message.opportunities)
    return rows


def mover(symbol: str, change: float, turnover: float = 2e6) -> mover_pb2.Mover:
    return mover_pb2.Mover(symbol=symbol, price=3.5, change_24h_percent=change, turnover_24h_usd=turnover)


def provenance(snapshot_id: str, observed_ms: int, expected: int, present: int, venue: str) -> provenance_pb2.Provenance:
    return provenance_pb2.Provenance(
        snapshot_id=snapshot_id,
        observed_time=times.timestamp(observed_ms),
        received_time=times.timestamp(observed_ms + 40),
        computed_time=times.timestamp(observed_ms + 250),
        venue=venue,
        environment=provenance_pb2.ENVIRONMENT_SIMULATED,
        coverage=provenance_pb2.Coverage(expected=expected, present=present),
        oldest_input_time=times.timestamp(observed_ms - 9000) if present else None,
        model_version="v1",
    )


def snapshot(
    snapshot_id: str = "s1",
    *,
    observed_ms: int = T0,
    size: int = 50,
    rows: Sequence[confluence_pb2.ConfluenceRow] | None = None,
    venue: str = "bybit",
    details: bool = True,
) -> snapshot_pb2.Snapshot:
    """Return a complete snapshot. Without `rows`, it has `size` symbols with different scores, and every 17th has no score.
    Without `details`, no dimension has components, for tests that must be fast."""
    if rows is None:
        rows = [
            row(symbol_name(i), None if i % 17 == 16 else 20.0 + (i * 37 + observed_ms // 1000) % 61, price=1.5 + i)
            for i in range(size)
        ]
    present = sum(item.HasField("score") for item in rows)
    return snapshot_pb2.Snapshot(
        provenance=provenance(snapshot_id, observed_ms, len(rows), present, venue),
        overview=overview_pb2.Overview(
            regime=overview_pb2.REGIME_NEUTRAL,
            regime_confidence=0.4,
            trend_strength=21.5,
            breadth=overview_pb2.Breadth(up=300, down=220, flat=4),
            total_turnover_24h_usd=1.5e11,
        ),
        confluences=[confluence(item, observed_ms, components=3 if details else 0) for item in rows],
        gainers=[mover(f"UP{i:02d}USDT", 40.0 - i, 1e6 * (i + 1)) for i in range(25)],
        losers=[mover(f"DOWN{i:02d}USDT", -30.0 + i, 1e6 * (i + 1)) for i in range(12)],
        symbols=[
            symbol_pb2.Symbol(symbol=item.symbol, base_asset=base, multiplier=multiplier, rank=rank, scored=True)
            for rank, item in enumerate(rows, start=1)
            for base, multiplier in [_market(item.symbol)]
        ],
        venue_symbols=[*(item.symbol for item in rows), "UNTRACKEDUSDT", "FLOKI1000USDT"],
        sentiment=sentiment(observed_ms),
        betas=[beta(item.symbol, rank, observed_ms) for rank, item in enumerate(rows[:-1], start=1)],
        signals=[signal(rows[i].symbol, i, observed_ms, venue) for i in range(min(5, len(rows)))],
        opportunities=[opportunity(rows[i].symbol, i, observed_ms, venue) for i in range(min(8, len(rows)))],
        signal_record=record(),
    )


def _market(symbol: str) -> tuple[str, int]:
    base = symbol.removesuffix("USDT")
    return {"SHIB1000": ("SHIB", 1000), "1000PEPE": ("PEPE", 1000)}.get(base, (base or symbol, 1))


def candle_series(
    symbol: str = "BTCUSDT", bars: int = 500, *, observed_ms: int = T0, step_s: int = 300, behind_ms: int = 0
) -> bytes:
    """Return bars of five minutes. The newest one closed just before `observed_ms`."""
    last = observed_ms // 1000 // step_s * step_s - step_s
    return candle_series_pb2.CandleSeries(
        venue="bybit",
        symbol=symbol,
        timeframe=candle_pb2.TIMEFRAME_5M,
        candles=[
            candle_pb2.Candle(
                open_time=times.timestamp((last - step_s * i) * 1000), open=1.4, high=1.8, low=1.2, close=1.5, volume=5.0 + i
            )
            for i in reversed(range(bars))
        ],
        observed_time=times.timestamp(observed_ms - 20_000),
        received_time=times.timestamp(observed_ms - 19_950),
        behind=times.duration(behind_ms) if behind_ms else None,
    ).SerializeToString()


def market_list(
    count: int = 5,
    *,
    observed_ms: int = T0 - 1000,
    venue: str = "bybit",
    environment: provenance_pb2.Environment.ValueType = provenance_pb2.ENVIRONMENT_SIMULATED,
) -> market_list_pb2.MarketList:
    """Return `count` markets M00USDT, M01USDT, ... with falling turnover. The last one has only a price."""
    markets = [
        market_pb2.VenueMarket(
            symbol=f"M{i:02d}USDT",
            base_asset=f"M{i:02d}",
            multiplier=1,
            price=1.5 + i,
            price_time=times.timestamp(observed_ms - 500),
            change_24h_percent=float((i * 7) % 5 - 2),
            turnover_24h_usd=1e8 / (i + 1),
            funding_percent=0.01 * i,
            open_interest_usd=1e6 * i,
            turnover_rank=i + 1,
            unscored_reason=market_pb2.UNSCORED_REASON_LOW_RANK if i else market_pb2.UNSCORED_REASON_UNSPECIFIED,
        )
        for i in range(count)
    ]
    for name in ("change_24h_percent", "turnover_24h_usd", "funding_percent", "open_interest_usd", "turnover_rank"):
        markets[-1].ClearField(name)
    return market_list_pb2.MarketList(
        venue=venue,
        environment=environment,
        markets=markets,
        observed_time=times.timestamp(observed_ms),
        received_time=times.timestamp(observed_ms + 50),
    )


def market_series(
    symbol: str = "BTCUSDT", *, observed_ms: int = T0 - 1000, venue: str = "bybit"
) -> market_series_pb2.MarketSeriesSet:
    """Return the series of a market: points of each kind, but for liquidations, which are not known."""
    kinds = [kind for kind in market_series_api.SeriesKind.values() if kind]
    known = [kind for kind in kinds if kind <= market_series_api.SERIES_KIND_TAKER_DELTA]
    series = [
        market_series_api.MarketSeries(
            kind=kind,
            points=[
                market_series_api.SeriesPoint(time=times.timestamp(observed_ms - 300_000 * ago), value=0.01 * kind - ago)
                for ago in range(3, 0, -1)
            ],
            source=market_series_api.SERIES_SOURCE_VENUE_HISTORY,
            observed_time=times.timestamp(observed_ms),
        )
        if kind in known
        else market_series_api.MarketSeries(kind=kind, missing="no stream of liquidations comes from the venue")
        for kind in kinds
    ]
    return market_series_pb2.MarketSeriesSet(
        venue=venue,
        environment=provenance_pb2.ENVIRONMENT_SIMULATED,
        symbol=symbol,
        series=series,
        observed_time=times.timestamp(observed_ms),
        received_time=times.timestamp(observed_ms + 50),
    )


def head_of(message: snapshot_pb2.Snapshot, blob: bytes, behind_ms: int = 0) -> snapshot_head_pb2.SnapshotHead:
    return snapshot_head_pb2.SnapshotHead(
        snapshot_id=message.provenance.snapshot_id,
        length=len(blob),
        checksum=snapshots.checksum(blob),
        observed_time=message.provenance.observed_time,
        behind=times.duration(behind_ms) if behind_ms else None,
    )
