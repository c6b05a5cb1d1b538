"""The market data of files, given to a symbol's state up to a given time. The rows pass the same checks as live ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import orjson

from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import OrderBook, Stamp, Timeframe, TimeSeries
from virtuoso.domain.plausibility import LARGEST, MAX_ACCOUNT_RATIO, MAX_FUNDING_RATE, SMALLEST
from virtuoso.evaluate.archive.rows import Ahead, DamagedFile, lines, table, time_ms
from virtuoso.exchange.candles import read_candles
from virtuoso.exchange.rows import count_refused, number, read_trades
from virtuoso.exchange.streams.bybit_topics import BookTopic
from virtuoso.exchange.streams.bybit_topics import SymbolState as StreamedSymbol
from virtuoso.exchange.streams.local_book import LocalBook
from virtuoso.exchange.venues import TradeNames, venue_facts
from virtuoso.market_data.book_history import SAMPLE_STEP_MS, SAMPLES_MS
from virtuoso.market_data.candle_reading import BARS_KEPT
from virtuoso.market_data.merge import merge_candles

if TYPE_CHECKING:
    from virtuoso.domain.model import BookFlow, Trades
    from virtuoso.market_data.symbol_state import SymbolState

MAX_STEP_BACK_MS = 1_000
"""The rows of a file are in order of time, up to this."""
KEPT = 288
"""The number of values of a series, where the venue's requests state none."""
BYBIT_TRADES = ("timestamp", "symbol", "side", "size", "price", "tickDirection", "trdMatchID")
AGG_TRADES = ("agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time", "is_buyer_maker")
KLINES = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time"),
    *("quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore"),
)
METRICS = (
    *("create_time", "symbol", "sum_open_interest", "sum_open_interest_value"),
    *("count_toptrader_long_short_ratio", "sum_toptrader_long_short_ratio"),
    *("count_long_short_ratio", "sum_taker_long_short_vol_ratio"),
)
DEPTH = ("timestamp", "percentage", "depth", "notional")
FUNDING = ("calc_time", "funding_interval_hours", "last_funding_rate")
NAMES = TradeNames("id", "time", "price", "size", "side", "buy", "sell")
TAKERS = {"Buy": "buy", "Sell": "sell", "false": "buy", "true": "sell"}  # Binance: true when the buyer was the maker


class Source(Protocol):
    """One or several files of a kind."""

    @property
    def exhausted(self) -> bool:
        """Return True when all rows were given, and for a series, whose few values are no sign of a market that trades."""
        ...

    def advance(self, state: SymbolState, now_ms: int) -> None:
        """Give `state` what was known at `now_ms`. Raise DamagedFile when a file cannot be read."""
        ...


def _in_order(rows: Iterator[tuple[int, Any]], path: Path) -> Iterator[tuple[int, Any]]:
    """Yield rows whose times do not run backwards. Raise DamagedFile when they do."""
    newest = 0
    try:
        for at_ms, row in rows:
            if at_ms < newest - MAX_STEP_BACK_MS:
                raise DamagedFile(f"{path}: the rows are not in order of time")
            newest = max(newest, at_ms)
            yield newest, row
    except ValueError as error:
        raise DamagedFile(f"{path}: {error}") from error


class BybitBook:
    """An order book of 500 levels: a snapshot, then the changes, as they were streamed. It is read as the stream is."""

    def __init__(self, path: Path, state: SymbolState) -> None:
        self._topic = BookTopic(StreamedSymbol(state.instrument))
        self._topic.book = LocalBook(state.instrument.symbol)
        self._messages = Ahead(_in_order(_messages(path), path))

    @property
    def exhausted(self) -> bool:
        """See Source."""
        return self._messages.exhausted

    def advance(self, state: SymbolState, now_ms: int) -> None:
        """See Source. The book is a sample at the end of each second of the last minute."""
        sampled_from, second = now_ms - SAMPLES_MS, 0
        for at_ms, message in self._messages.until(now_ms):
            if at_ms > sampled_from and at_ms // SAMPLE_STEP_MS != second:
                state.sample(self)  # as it was at the end of the second before
                second = at_ms // SAMPLE_STEP_MS
            stamp = Stamp(observed_ms=at_ms, received_ms=at_ms)
            try:
                updates = self._topic.read(message, stamp)
            except (ValueError, KeyError, TypeError):  # a change is missing: the book is not known until the next snapshot
                self._topic.lose(at_ms)
                state.lose(InputKind.ORDER_BOOK)
                continue
            if updates:
                state.stream_stamps[InputKind.ORDER_BOOK] = stamp
        state.sample(self)

    def book(self, symbol: str, levels: int) -> OrderBook | None:  # noqa: ARG002 - as a StreamReader
        """Return the book of at most `levels` levels a side, or None while it is not known."""
        return self._topic.book.book(levels)

    def book_flow(self, symbol: str) -> BookFlow | None:  # noqa: ARG002 - as a StreamReader
        """Return the changes of the best levels within the last minute, or None while the book is not known."""
        return self._topic.book.flow()


def _messages(path: Path) -> Iterator[tuple[int, Any]]:
    for line in lines(path):
        if line:
            message = orjson.loads(line)
            yield int(message["ts"]), message


class TradeSource:
    """The trades of a day. `newest` are those since the last call, for the bars that are made of them."""

    def __init__(self, venue: str, path: Path) -> None:
        self.newest: Trades | None = None
        self._rows = Ahead(_in_order(_bybit_trades(path) if venue == "bybit" else _agg_trades(path), path))

    @property
    def exhausted(self) -> bool:
        """See Source."""
        return self._rows.exhausted

    def advance(self, state: SymbolState, now_ms: int) -> None:
        """See Source."""
        rows = [row for _, row in self._rows.until(now_ms)]
        self.newest = None
        if rows:
            stamp = Stamp(observed_ms=now_ms, received_ms=now_ms)
            try:
                self.newest = read_trades(rows, NAMES, state.instrument.symbol, stamp)
            except ExchangeError:  # none of them is plausible; each was counted
                return
            state.trades.add_streamed(self.newest, contiguous=True)


def _bybit_trades(path: Path) -> Iterator[tuple[int, Any]]:
    for at, side, size, price, name in table(path, BYBIT_TRADES, ("timestamp", "side", "size", "price", "trdMatchID")):
        yield _trade(time_ms(at), name, price, size, side)


def _agg_trades(path: Path) -> Iterator[tuple[int, Any]]:
    wanted = ("transact_time", "is_buyer_maker", "quantity", "price", "agg_trade_id")
    for at, maker, size, price, name in table(path, AGG_TRADES, wanted):
        yield _trade(time_ms(at), name, price, size, maker.lower())


def _trade(at_ms: int, name: str, price: str, size: str, side: str) -> tuple[int, Any]:
    return at_ms, {"id": name, "time": at_ms, "price": price, "size": size, "side": TAKERS.get(side)}


class BarSource:
    """The bars of one timeframe, with the volume that takers bought."""

    def __init__(self, paths: Sequence[Path], timeframe: Timeframe) -> None:
        self._timeframe = timeframe
        self._rows = [Ahead(_in_order(self._read(path), path)) for path in paths]

    @property
    def exhausted(self) -> bool:
        """See Source."""
        return all(rows.exhausted for rows in self._rows)

    def _read(self, path: Path) -> Iterator[tuple[int, Any]]:
        wanted = (*KLINES[:6], "taker_buy_volume")
        for cells in table(path, KLINES, wanted):
            open_ms = time_ms(cells[0])
            yield open_ms + self._timeframe.ms, [open_ms, *cells[1:]]

    def advance(self, state: SymbolState, now_ms: int) -> None:
        """See Source."""
        rows = [row for each in self._rows for _, row in each.until(now_ms)][-BARS_KEPT:]
        if rows:
            stamp, symbol = Stamp(observed_ms=now_ms, received_ms=now_ms), state.instrument.symbol
            try:
                new = read_candles(
                    *(rows, symbol, self._timeframe, stamp),
                    limit=BARS_KEPT,
                    exact=True,
                    taker_buy_index=6,
                    before_ms=now_ms,
                )
            except ExchangeError:  # none of them is plausible; each was counted
                return
            old = state.candles.get(self._timeframe)
            state.candles[self._timeframe] = merge_candles(old, new, limit=BARS_KEPT)


class DepthSource:
    """Binance's book depth: the size within 1 to 5 % of the price, every half minute. It is no order book: the best levels
    are not in it. Each band counts as one level, at the mean price of its size."""

    def __init__(self, path: Path) -> None:
        self._snapshots = Ahead(_in_order(_depth_snapshots(path), path))

    @property
    def exhausted(self) -> bool:
        """See Source."""
        return self._snapshots.exhausted

    def advance(self, state: SymbolState, now_ms: int) -> None:
        """See Source."""
        for at_ms, bands in self._snapshots.until(now_ms):
            if at_ms > now_ms - SAMPLES_MS and (book := banded_book(state.instrument.symbol, bands, at_ms)) is not None:
                state.books.add(book, streamed=True)


def _depth_snapshots(path: Path) -> Iterator[tuple[int, list[tuple[float, float, float]]]]:
    """Yield (time, [(percentage, depth, notional)]) of each snapshot."""
    at, bands = "", list[tuple[float, float, float]]()
    for text, *cells in table(path, DEPTH, DEPTH):
        if text != at and bands:
            yield time_ms(at), bands
            bands = []
        at = text
        bands.append((float(cells[0]), float(cells[1]), float(cells[2])))
    if bands:
        yield time_ms(at), bands


def banded_book(symbol: str, bands: Sequence[tuple[float, float, float]], at_ms: int) -> OrderBook | None:
    """Return the bands as levels, or None when they are not plausible. Depth and notional are sums from the price on."""
    sides = []
    for sign in (-1, 1):
        levels, depth, notional = [], 0.0, 0.0
        for _, next_depth, next_notional in sorted((b for b in bands if b[0] * sign > 0), key=lambda band: abs(band[0])):
            size, value = next_depth - depth, next_notional - notional
            if size > 0 and value > 0:
                levels.append((value / size, size))
            depth, notional = next_depth, next_notional
        sides.append(np.array(levels, dtype=np.float64))
    bids, asks = sides
    if not len(bids) or not len(asks) or not bids[0, 0] < asks[0, 0]:
        return None
    if (np.diff(bids[:, 0]) >= 0).any() or (np.diff(asks[:, 0]) <= 0).any():
        return None
    return OrderBook(symbol=symbol, bids=bids, asks=asks, stamp=Stamp(observed_ms=at_ms, received_ms=at_ms), banded=True)


class SeriesSource:
    """Series of few values: open interest and account ratios (metrics), or funding rates. Their rows are in any order, and a
    value counts from the moment after its time."""

    def __init__(
        self, kind: InputKind, paths: Sequence[Path], column: str, *, count: int, limits: tuple[float, float]
    ) -> None:
        self._kind = kind
        self._column = column
        self._count = count
        self._limits = limits
        rows = sorted(row for path in paths for row in self._read(path))
        self._rows = Ahead(iter(rows))
        self.exhausted = True

    def _read(self, path: Path) -> Iterator[tuple[int, float]]:
        columns = FUNDING if self._kind is InputKind.FUNDING else METRICS
        for at, cell in table(path, columns, (columns[0], self._column)):
            value = number(cell)
            if value is not None and self._limits[0] <= value <= self._limits[1]:
                yield time_ms(at), value
            elif cell:
                count_refused(f"{self._kind.value}_number")

    def advance(self, state: SymbolState, now_ms: int) -> None:
        """See Source."""
        new = dict(self._rows.until(now_ms - 1))
        if not new:
            return
        known: TimeSeries | None = getattr(state, self._kind.value)
        if known is not None:
            new = dict(zip(known.time_ms.tolist(), known.values.tolist(), strict=True)) | new
        times = sorted(new)[-self._count :]
        series = TimeSeries(
            symbol=state.instrument.symbol,
            time_ms=np.array(times, dtype=np.int64),
            values=np.array([new[each] for each in times]),
            stamp=Stamp(observed_ms=times[-1], received_ms=times[-1]),
        )
        setattr(state, self._kind.value, series)


def metrics_sources(paths: Sequence[Path]) -> list[SeriesSource]:
    """Return the sources of open interest and of the ratio of long to short accounts."""
    facts = venue_facts("binance")
    interest, ratio = (SMALLEST, LARGEST), (1 / MAX_ACCOUNT_RATIO, MAX_ACCOUNT_RATIO)
    counts = facts.open_interest_count or KEPT, facts.long_short_count or KEPT
    return [
        SeriesSource(InputKind.OPEN_INTEREST, paths, "sum_open_interest", count=counts[0], limits=interest),
        SeriesSource(InputKind.LONG_SHORT, paths, "count_long_short_ratio", count=counts[1], limits=ratio),
    ]


def funding_source(paths: Sequence[Path]) -> SeriesSource:
    """Return the source of funding rates."""
    count = venue_facts("binance").funding_count or KEPT
    limits = -MAX_FUNDING_RATE, MAX_FUNDING_RATE
    return SeriesSource(InputKind.FUNDING, paths, "last_funding_rate", count=count, limits=limits)
