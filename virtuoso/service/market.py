"""The handlers of MarketService. They receive validated requests and return encoded replies."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import DataUnavailable, ExpiredPageToken, ShuttingDown
from virtuoso.market.v1 import candle_pb2
from virtuoso.service import encoding, paging
from virtuoso.service.dashboard_stream import DashboardEvents, Pace, Selection, interval_s
from virtuoso.service.deadline import Context, caller_deadline
from virtuoso.service.snapshot_cache import RECENT_S

if TYPE_CHECKING:
    from virtuoso.market.v1 import market_service_pb2 as api
    from virtuoso.service.history_handlers import HistoryHandlers
    from virtuoso.service.request_readers import RequestReaders
    from virtuoso.service.snapshot_cache import SnapshotCache
    from virtuoso.service.view import EncodedRow, SnapshotView

Unary = Callable[[Any, "Context"], Awaitable[bytes]]
Stream = Callable[[Any, "Context"], AsyncGenerator[bytes, None]]
HEARTBEAT_S = 10.0
MIN_INTERVAL_S = 1.0


class MarketHandlers:
    """The handlers of virtuoso.market.v1.MarketService.

    Most replies come from the newest snapshot. `history` handles the other RPCs. A stream sends a heartbeat at the first
    tick that is at least `heartbeat_s` after its last message. `min_interval_s`: the shortest time between two messages of
    a dashboard stream that does not ask for another one."""

    def __init__(
        self,
        cache: SnapshotCache,
        readers: RequestReaders,
        history: HistoryHandlers,
        *,
        heartbeat_s: float = HEARTBEAT_S,
        min_interval_s: float = MIN_INTERVAL_S,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._cache, self._readers, self._history = cache, readers, history
        self._heartbeat_s, self._min_interval_s, self._clock = heartbeat_s, min_interval_s, clock
        self._events = DashboardEvents(cache)
        self._closing = False

    def unary(self) -> Mapping[str, Unary]:
        """Return the handlers of unary RPCs by RPC name."""
        return {
            "GetDashboard": self.get_dashboard,
            "GetOverview": self.get_overview,
            "ListConfluenceScores": self.list_confluence_scores,
            "GetConfluence": self.get_confluence,
            "ListMovers": self.list_movers,
            "ListSymbols": self.list_symbols,
            "ListMarkets": self.list_markets,
            "ListCandles": self.list_candles,
            "GetMarketSeries": self.get_market_series,
            "GetSentiment": self.get_sentiment,
            "ListBetas": self.list_betas,
            "GetBeta": self.get_beta,
            "GetOutlook": self.get_outlook,
            "ListOutlooks": self.list_outlooks,
            "GetOutlookRecord": self.get_outlook_record,
            "ListOpportunities": self.list_opportunities,
            "ListSignals": self._history.list_signals,
            "ListAlerts": self._history.list_alerts,
            "GetScoreHistory": self._history.get_score_history,
        }

    def streams(self) -> Mapping[str, Stream]:
        """Return the handlers of streaming RPCs by RPC name."""
        return {"WatchDashboard": self.watch_dashboard, "WatchAlerts": self._history.watch_alerts}

    def close(self) -> None:
        """End every stream with SHUTTING_DOWN."""
        self._closing = True
        self._cache.tick()
        self._history.close()

    async def get_dashboard(self, _: api.GetDashboardRequest, __: Context) -> bytes:
        """Return the whole dashboard."""
        return self._cache.current().dashboard

    async def get_overview(self, _: api.GetOverviewRequest, __: Context) -> bytes:
        """Return the market overview. Raise DataUnavailable while nothing in it has been measured."""
        served = self._cache.current()
        if not served.view.overview:
            raise DataUnavailable("the market overview could not be measured yet")
        return served.provenance_field + encoding.field(2, served.view.overview)

    async def list_confluence_scores(self, request: api.ListConfluenceScoresRequest, _: Context) -> bytes:
        """Return a page of scores, filtered and ordered."""
        view, start = paging.first_row(self._cache, request)
        end = start + paging.page_size(request)
        rows = _filtered_rows(view, request)
        chunks = [row.chunk for row in rows[start:end]]
        if request.with_outlook:
            chunks = [view.outlooks.in_row(row.symbol, row.chunk) for row in rows[start:end]]
        return (
            self._cache.provenance_field(view)
            + encoding.field(2, chunks)
            + paging.next_token(self._cache, 3, request, view, end=end, total=len(rows))
            + encoding.varint(4, len(rows))
        )

    async def get_confluence(self, request: api.GetConfluenceRequest, _: Context) -> bytes:
        """Return all details of one symbol. Raise DataUnavailable when the snapshot has none."""
        served = self._cache.current()
        symbol = served.view.symbol(request.symbol)
        detail = served.details.confluences.get(symbol)
        if detail is None:
            reason = served.view.unmeasurable.get(symbol, "the snapshot has no data of it")
            raise DataUnavailable(f"{symbol} is tracked, but {reason}")
        return served.provenance_field + detail + served.view.outlooks.in_confluence(symbol)

    async def list_movers(self, request: api.ListMoversRequest, _: Context) -> bytes:
        """Return a page of the largest gainers and losers of the last 24 hours."""
        view, start = paging.first_row(self._cache, request)
        end = start + paging.page_size(request)
        min_turnover = request.min_turnover_usd
        gainers, losers = (
            [mover.chunk for mover in movers if mover.turnover >= min_turnover] for movers in (view.gainers, view.losers)
        )
        return (
            self._cache.provenance_field(view)
            + encoding.field(2, gainers[start:end])
            + encoding.field(3, losers[start:end])
            + paging.next_token(self._cache, 4, request, view, end=end, total=max(len(gainers), len(losers)))
        )

    async def list_symbols(self, request: api.ListSymbolsRequest, _: Context) -> bytes:
        """Return a page of the tracked symbols."""
        view, start = paging.first_row(self._cache, request)
        end = start + paging.page_size(request)
        return (
            self._cache.provenance_field(view)
            + encoding.field(2, view.symbols[start:end])
            + paging.next_token(self._cache, 3, request, view, end=end, total=len(view.symbols))
        )

    async def list_markets(self, request: api.ListMarketsRequest, context: Context) -> bytes:
        """Return a page of all markets of the venue, tracked or not."""
        markets, start = None, paging.PageStart(0)
        if request.page_token:
            start = paging.list_start(request)
            if (markets := self._readers.markets.recent(start.snapshot_id)) is None:
                raise ExpiredPageToken("this list of markets no longer exists: start again without page_token")
        else:
            async with caller_deadline(context):
                markets = await self._readers.markets.newest(self._cache.current().provenance)
        provenance = self._readers.markets.provenance(markets, self._cache.current().provenance, self._cache.stale_reason)
        query = request.query.upper()
        found = [market.chunk for market in markets.ordered(request.order_by) if query in market.symbol.upper()]
        end = start.position + paging.page_size(request)
        more = paging.encode_token(request, paging.PageStart(end, markets.id)) if end < len(found) else ""
        return (
            encoding.field(1, (encoding.chunk_of(provenance),))
            + encoding.field(2, found[start.position : end])
            + encoding.text(3, more)
            + encoding.varint(4, len(found))
        )

    async def list_candles(self, request: api.ListCandlesRequest, context: Context) -> bytes:
        """Return a page of candles. The first page has the newest ones."""
        view = self._cache.current().view
        symbol = view.untracked_symbol(request.symbol) or view.symbol(request.symbol)
        timeframe = request.timeframe or candle_pb2.TIMEFRAME_5M
        before = paging.decode_token(request, request.page_token) if request.page_token else None
        async with caller_deadline(context):
            try:
                series = await self._readers.candles.series(
                    view.provenance.venue, symbol, timeframe, price=view.price(symbol)
                )
            except DataUnavailable:
                view.symbol(request.symbol)  # an untracked market has no bars of minutes, and may have none at all
                raise
        served = self._cache.current()
        provenance = self._readers.candles.provenance(series, served.provenance, self._cache.stale_reason)
        size = paging.page_size(request)
        chunks, older = series.before(before.position if before else None, size)
        return (
            encoding.field(1, (encoding.chunk_of(provenance),))
            + encoding.text(2, symbol)
            + encoding.varint(3, timeframe)
            + encoding.field(4, chunks)
            + encoding.text(5, paging.encode_token(request, paging.PageStart(older)) if older is not None else "")
        )

    async def get_market_series(self, request: api.GetMarketSeriesRequest, context: Context) -> bytes:
        """Return the series of one symbol that is tracked."""
        view = self._cache.current().view
        symbol = view.symbol(request.symbol)
        async with caller_deadline(context):
            stored = await self._readers.series.read(view.provenance, symbol)
        provenance = self._readers.series.provenance(stored, self._cache.current().provenance, self._cache.stale_reason)
        wanted = [series for series in stored.series if not request.kinds or series.kind in request.kinds]
        return (
            encoding.field(1, (encoding.chunk_of(provenance),))
            + encoding.text(2, symbol)
            + encoding.field(3, map(encoding.chunk_of, wanted))
        )

    async def get_sentiment(self, _: api.GetSentimentRequest, __: Context) -> bytes:
        """Return the market sentiment. Raise DataUnavailable while nothing in it has been measured."""
        served = self._cache.current()
        if not served.view.sentiment:
            raise DataUnavailable("the market's sentiment could not be measured yet")
        return served.provenance_field + encoding.field(2, served.view.sentiment)

    async def list_betas(self, request: api.ListBetasRequest, _: Context) -> bytes:
        """Return a page of betas in order of rank. Raise DataUnavailable while no symbol has betas."""
        view, start = paging.first_row(self._cache, request)
        end = start + paging.page_size(request)
        names = frozenset(map(view.resolve, request.symbols))
        chunks = [chunk for symbol, chunk in _measured_betas(view) if not names or symbol in names]
        return (
            self._cache.provenance_field(view)
            + encoding.field(2, chunks[start:end])
            + paging.next_token(self._cache, 3, request, view, end=end, total=len(chunks))
        )

    async def get_beta(self, request: api.GetBetaRequest, _: Context) -> bytes:
        """Return the betas of one symbol, or none when it has too few returns.

        Raise DataUnavailable when every symbol has too few returns."""
        served = self._cache.current()
        symbol = served.view.symbol(request.symbol)
        if symbol in served.details.betas:
            return served.provenance_field + served.details.betas[symbol]
        _measured_betas(served.view)
        return served.provenance_field + encoding.field(2, (encoding.chunk(encoding.text(1, symbol)),))

    async def get_outlook(self, request: api.GetOutlookRequest, _: Context) -> bytes:
        """Return the outlook of one symbol that is tracked or in the universe of outlooks, or why there is none."""
        served = self._cache.current()
        outlooks, symbol = served.view.outlooks, served.view.resolve(request.symbol)
        if symbol not in served.view.names:
            symbol = served.view.untracked_symbol(request.symbol) or request.symbol
        if symbol not in outlooks.chunks:
            symbol = served.view.symbol(request.symbol)
        return served.provenance_field + encoding.field(2, (outlooks.bytes_of(symbol),))

    async def list_outlooks(self, request: api.ListOutlooksRequest, _: Context) -> bytes:
        """Return a page of outlooks, highest odds first. Symbols without odds come last."""
        view, start = paging.first_row(self._cache, request)
        end = start + paging.page_size(request)
        names = view.aliases(request.symbols)
        chunks = [chunk for symbol, chunk in view.outlooks.chunks.items() if not names or symbol in names]
        return (
            self._cache.provenance_field(view)
            + encoding.field(2, chunks[start:end])
            + paging.next_token(self._cache, 3, request, view, end=end, total=len(chunks))
        )

    async def get_outlook_record(self, _: api.GetOutlookRecordRequest, __: Context) -> bytes:
        """Return the record of outlooks. Raise DataUnavailable while no bars are read for it."""
        served = self._cache.current()
        if not served.view.outlooks.record:
            raise DataUnavailable("there is no record of outlooks, because no bars are read for them")
        return served.provenance_field + encoding.field(2, served.view.outlooks.record)

    async def list_opportunities(self, request: api.ListOpportunitiesRequest, _: Context) -> bytes:
        """Return a page of unexpired opportunities, newest first."""
        view, start = paging.first_row(self._cache, request)
        size = paging.page_size(request)
        names, now_ms = frozenset(map(view.resolve, request.symbols)), self._cache.market_ms(view)
        matching = [
            (index, opportunity.chunk)
            for index, opportunity in enumerate(view.opportunities[start:], start)
            if opportunity.expires_ms > now_ms
            and (not names or opportunity.symbol in names)
            and (not request.kinds or opportunity.kind in request.kinds)
        ]
        end = matching[size][0] if len(matching) > size else len(view.opportunities)
        return (
            self._cache.provenance_field(view)
            + encoding.field(2, [chunk for _, chunk in matching[:size]])
            + paging.next_token(self._cache, 3, request, view, end=end, total=len(view.opportunities))
        )

    async def watch_dashboard(self, request: api.WatchDashboardRequest, _: Context) -> AsyncGenerator[bytes, None]:
        """Yield the dashboard and its changes.

        The first message is a whole dashboard, or the changes since `resume_token`. A new snapshot causes a message with
        changes, at the pace of the stream, or at once when the path of the data changes. A heartbeat is sent after
        `heartbeat_s` without a message, and when only the path changes. A slow reader skips to the newest state."""
        selection, pace = Selection(request.symbols), Pace(interval_s(request, self._min_interval_s))
        snapshot_id, path, last_sent = selection.resumed_id(request.resume_token), "", -math.inf
        while True:
            if self._closing:
                raise ShuttingDown("the server is shutting down: call again with the last resume_token")
            served, now = self._cache.current(), self._clock.monotonic()
            newer, arrived = served.view.id != snapshot_id, self._cache.arrived_at(served.view)
            wait_s = pace.wait_s(arrived, now)
            sent = self._cache.view_of(snapshot_id)
            if not path or (newer and (wait_s <= 0 or served.path != path or sent is None)):
                message = self._events.since(snapshot_id, served, selection)
                snapshot_id, path = served.view.id, served.path
                pace.sent(arrived)
                if pace.interval_s > RECENT_S / 2:
                    self._cache.retain(served.view)
            elif served.path != path or now - last_sent >= self._heartbeat_s:
                message = self._events.heartbeat(sent or served.view, selection)
                path = served.path
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s if newer else None):
                        await self._cache.next_tick()
                continue
            yield message
            last_sent = self._clock.monotonic()


def _filtered_rows(view: SnapshotView, request: api.ListConfluenceScoresRequest) -> Sequence[EncodedRow]:
    rows = view.ordered(request.order_by)
    if request.symbols:
        names = frozenset(map(view.resolve, request.symbols))
        rows = [row for row in rows if row.symbol in names]
    if request.HasField("min_score"):
        rows = [row for row in rows if row.score is not None and row.score >= request.min_score]
    return rows


def _measured_betas(view: SnapshotView) -> Sequence[tuple[str, bytes]]:
    if not view.betas:
        raise DataUnavailable("betas could not be measured yet")
    return view.betas
