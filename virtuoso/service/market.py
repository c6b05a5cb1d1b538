"""The handlers: requests are valid and admitted when they arrive here, replies leave as encoded bytes."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from virtuoso.domain.errors import DataUnavailable, ShuttingDown
from virtuoso.market.v1 import candle_pb2
from virtuoso.service import encoding, paging
from virtuoso.service.dashboard_stream import DashboardEvents, resumed
from virtuoso.service.deadline import Context, in_time

if TYPE_CHECKING:
    from virtuoso.market.v1 import market_service_pb2 as api
    from virtuoso.service.candle_reader import CandleReader
    from virtuoso.service.history_handlers import HistoryHandlers
    from virtuoso.service.snapshot_cache import SnapshotCache
    from virtuoso.service.view import Row, SnapshotView

Unary = Callable[[Any, "Context"], Awaitable[bytes]]
Stream = Callable[[Any, "Context"], AsyncGenerator[bytes, None]]
HEARTBEAT_S = 10.0


class MarketHandlers:
    """virtuoso.market.v1.MarketService: what the newest snapshot answers, and `chronicle` for what lies back. `heartbeat_s`:
    the longest silence of a stream, less a tick."""

    def __init__(
        self, keeper: SnapshotCache, charts: CandleReader, chronicle: HistoryHandlers, *, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        self._keeper, self._charts, self._chronicle, self._heartbeat_s = keeper, charts, chronicle, heartbeat_s
        self._events = DashboardEvents(keeper)
        self._closing = False

    def unary(self) -> Mapping[str, Unary]:
        """The handlers with one reply, by the name of their RPC."""
        return {
            "GetDashboard": self.get_dashboard,
            "GetOverview": self.get_overview,
            "ListConfluenceScores": self.list_confluence_scores,
            "GetConfluence": self.get_confluence,
            "ListMovers": self.list_movers,
            "ListSymbols": self.list_symbols,
            "ListCandles": self.list_candles,
            "GetSentiment": self.get_sentiment,
            "ListBetas": self.list_betas,
            "GetBeta": self.get_beta,
            "ListOpportunities": self.list_opportunities,
            "ListSignals": self._chronicle.list_signals,
            "ListAlerts": self._chronicle.list_alerts,
            "GetScoreHistory": self._chronicle.get_score_history,
        }

    def streams(self) -> Mapping[str, Stream]:
        """The handlers with many replies, by the name of their RPC."""
        return {"WatchDashboard": self.watch_dashboard, "WatchAlerts": self._chronicle.watch_alerts}

    def close(self) -> None:
        """End every stream with SHUTTING_DOWN."""
        self._closing = True
        self._keeper.tick()
        self._chronicle.close()

    async def get_dashboard(self, _: api.GetDashboardRequest, __: Context) -> bytes:
        """One screen."""
        return self._keeper.present().dashboard

    async def get_overview(self, _: api.GetOverviewRequest, __: Context) -> bytes:
        """The whole market. DataUnavailable while nothing of it could be measured."""
        present = self._keeper.present()
        if not present.view.overview:
            raise DataUnavailable("the market as a whole could not be measured yet")
        return present.head + encoding.field(2, present.view.overview)

    async def list_confluence_scores(self, request: api.ListConfluenceScoresRequest, _: Context) -> bytes:
        """Scores, filtered, ordered, in pages."""
        view, start = paging.begin(self._keeper, request)
        end = start + paging.page_size(request.page_size, default=50, most=500)
        rows = _wanted(view, request)
        return (
            self._keeper.head(view)
            + encoding.field(2, [row.chunk for row in rows[start:end]])
            + paging.following(3, request, view, end, len(rows))
            + encoding.varint(4, len(rows))
        )

    async def get_confluence(self, request: api.GetConfluenceRequest, _: Context) -> bytes:
        """One symbol in full."""
        present = self._keeper.present()
        symbol = present.view.symbol(request.symbol)
        detail = present.details.confluences.get(symbol)
        if detail is None:
            raise DataUnavailable(f"{symbol} is tracked, but nothing of it could be measured yet")
        return present.head + detail

    async def list_movers(self, request: api.ListMoversRequest, _: Context) -> bytes:
        """The day's largest moves."""
        view, start = paging.begin(self._keeper, request)
        end = start + paging.page_size(request.page_size, default=10, most=100)
        least = request.min_turnover_usd
        gainers, losers = (
            [mover.chunk for mover in movers if mover.turnover >= least] for movers in (view.gainers, view.losers)
        )
        return (
            self._keeper.head(view)
            + encoding.field(2, gainers[start:end])
            + encoding.field(3, losers[start:end])
            + paging.following(4, request, view, end, max(len(gainers), len(losers)))
        )

    async def list_symbols(self, request: api.ListSymbolsRequest, _: Context) -> bytes:
        """The tracked universe."""
        view, start = paging.begin(self._keeper, request)
        end = start + paging.page_size(request.page_size, default=100, most=1000)
        return (
            self._keeper.head(view)
            + encoding.field(2, view.symbols[start:end])
            + paging.following(3, request, view, end, len(view.symbols))
        )

    async def list_candles(self, request: api.ListCandlesRequest, context: Context) -> bytes:
        """Bars for a chart, newest page first."""
        view = self._keeper.present().view
        symbol = view.symbol(request.symbol)
        timeframe = request.timeframe or candle_pb2.TIMEFRAME_5M
        before = paging.read(request, request.page_token) if request.page_token else None
        async with in_time(context):
            series = await self._charts.series(view.provenance.venue, symbol, timeframe)
        present = self._keeper.present().provenance
        provenance = self._charts.provenance(series, present, self._keeper.stale_reason)
        size = paging.page_size(request.page_size, default=300, most=1000)
        chunks, older = series.before(before.position if before else None, size)
        return (
            encoding.field(1, (encoding.chunk_of(provenance),))
            + encoding.text(2, symbol)
            + encoding.varint(3, timeframe)
            + encoding.field(4, chunks)
            + encoding.text(5, paging.write(request, paging.Place(older)) if older is not None else "")
        )

    async def get_sentiment(self, _: api.GetSentimentRequest, __: Context) -> bytes:
        """The mood of the whole market. DataUnavailable while nothing of it could be measured."""
        present = self._keeper.present()
        if not present.view.sentiment:
            raise DataUnavailable("the market's sentiment could not be measured yet")
        return present.head + encoding.field(2, present.view.sentiment)

    async def list_betas(self, request: api.ListBetasRequest, _: Context) -> bytes:
        """By rank, in pages. DataUnavailable while there is none of any symbol."""
        view, start = paging.begin(self._keeper, request)
        end = start + paging.page_size(request.page_size, default=50, most=500)
        names = frozenset(map(view.spelling, request.symbols))
        chunks = [chunk for symbol, chunk in _measured(view) if not names or symbol in names]
        return (
            self._keeper.head(view)
            + encoding.field(2, chunks[start:end])
            + paging.following(3, request, view, end, len(chunks))
        )

    async def get_beta(self, request: api.GetBetaRequest, _: Context) -> bytes:
        """One symbol's; without windows while it has too few returns. DataUnavailable while there is none of any symbol."""
        present = self._keeper.present()
        symbol = present.view.symbol(request.symbol)
        if symbol in present.details.betas:
            return present.head + present.details.betas[symbol]
        _measured(present.view)
        return present.head + encoding.field(2, (encoding.chunk(encoding.text(1, symbol)),))

    async def list_opportunities(self, request: api.ListOpportunitiesRequest, _: Context) -> bytes:
        """Those that still stand, newest first, in pages."""
        view, start = paging.begin(self._keeper, request)
        size = paging.page_size(request.page_size, default=50, most=500)
        names, now_ms = frozenset(map(view.spelling, request.symbols)), self._keeper.market_ms(view)
        standing = [
            (place, found.chunk)
            for place, found in enumerate(view.opportunities[start:], start)
            if found.expires_ms > now_ms
            and (not names or found.symbol in names)
            and (not request.kinds or found.kind in request.kinds)
        ]
        end = standing[size][0] if len(standing) > size else len(view.opportunities)
        return (
            self._keeper.head(view)
            + encoding.field(2, [chunk for _, chunk in standing[:size]])
            + paging.following(3, request, view, end, len(view.opportunities))
        )

    async def watch_dashboard(self, request: api.WatchDashboardRequest, _: Context) -> AsyncGenerator[bytes, None]:
        """First a whole dashboard or what changed since `resume_token`, then a message per tick that brings news, or a
        heartbeat. A reader that is slow is handed the newest state when it comes back."""
        present = self._keeper.present()
        sent, path, spoke = resumed(request.resume_token), "", 0.0
        yield self._events.since(sent, present)
        sent, path, spoke = present.view.id, present.path, time.monotonic()
        while True:
            if self._closing:
                raise ShuttingDown("the server is going down: call again with the last resume_token")
            present = self._keeper.present()
            if present.view.id != sent:
                yield self._events.since(sent, present)
            elif present.path != path or time.monotonic() - spoke >= self._heartbeat_s:
                yield self._events.heartbeat(present)
            else:
                await self._keeper.next_tick()
                continue
            sent, path, spoke = present.view.id, present.path, time.monotonic()


def _wanted(view: SnapshotView, request: api.ListConfluenceScoresRequest) -> Sequence[Row]:
    rows = view.ordered(request.order_by)
    if request.symbols:
        names = frozenset(map(view.spelling, request.symbols))
        rows = [row for row in rows if row.symbol in names]
    if request.HasField("min_score"):
        rows = [row for row in rows if row.score is not None and row.score >= request.min_score]
    return rows


def _measured(view: SnapshotView) -> Sequence[tuple[str, bytes]]:
    if not view.betas:
        raise DataUnavailable("betas could not be measured yet")
    return view.betas
