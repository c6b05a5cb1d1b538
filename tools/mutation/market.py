"""A market whose every input comes from one venue's replies, and what clients would see of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from google.protobuf.json_format import Error as JsonError
from google.protobuf.json_format import MessageToDict

from tools.mutation.venues import NOW_MS, SYMBOLS, FixedClock, OfflineCoinGecko, OfflineExchange
from virtuoso.collector.one_pass import PassRequest, run_pass, snapshot_of
from virtuoso.collector.venue_state import new_venue_state, with_recalled
from virtuoso.domain.errors import CorruptValue
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Environment
from virtuoso.domain.records import Side, Signal
from virtuoso.exchange.venues import cadence
from virtuoso.market_data.feed import JOB_ORDER, Feed
from virtuoso.market_data.schedule import Job
from virtuoso.market_data.trade_window import TradeWindow
from virtuoso.market_data.universe import UniverseRules
from virtuoso.service import admission
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from virtuoso.collector.one_pass import PassResult
    from virtuoso.collector.venue_state import VenueState
    from virtuoso.domain.model import Dominance
    from virtuoso.market_data.market import MarketData

BARS = 400
DOMINANCE = "dominance"
"""The kind of CoinGecko's reply."""


class Reading(NamedTuple):
    """One read: a list of the whole venue or CoinGecko's reply (`job` is None), or a job of one symbol."""

    kind: str
    job: Job | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What clients see after a pass, and what the pass would store.

    `scores`, `prices`: by symbol, None where not measured. `movers`: price by symbol. `turnover`: of the venue, USD.
    `sentiment`: 0-100. `dominance`: percent. `pending`: the conditions of alerts that hold, confirmed or not. `lasting`:
    keys of opened and changed signals, opportunities and alerts. `point_times_ms`: the times of the points to store.
    `invalid`: errors of the servers' checks and of JSON."""

    scores: Mapping[str, float | None]
    prices: Mapping[str, float | None]
    movers: Mapping[str, float]
    turnover: float | None
    sentiment: float | None
    dominance: float | None
    pending: frozenset[object]
    universe: frozenset[str]
    lasting: frozenset[str]
    point_times_ms: frozenset[int]
    invalid: tuple[str, ...]


class OfflineMarket:
    """The feed of one venue with an active long signal of every second symbol. Nothing here waits or uses a network."""

    def __init__(self, venue: str) -> None:
        self.symbols = SYMBOLS[venue]
        self._clock = FixedClock()
        self.exchange = OfflineExchange(venue, self._clock)
        self.coingecko = OfflineCoinGecko(self._clock)
        self.feed = Feed(self.exchange, UniverseRules(symbols=self.symbols), cadence, self._clock)
        self._dominance: Dominance | None = None
        self._serialisable: set[bytes] = set()
        self._state: VenueState = new_venue_state(venue, Environment.REPLAY)

    @property
    def readings(self) -> list[Reading]:
        """Return all reads of the feed, in the order of a start."""
        lists = [Reading(kind) for kind in (InputKind.INSTRUMENTS, InputKind.PREMIUMS, InputKind.TICKERS, DOMINANCE)]
        jobs = [Job(symbol, kind, timeframe) for kind, timeframe in JOB_ORDER for symbol in self.symbols]
        return [*lists, *(Reading(job.kind, job) for job in jobs)]

    async def begin(self) -> Shown:
        """Read everything. Return what is shown."""
        for reading in self.readings:
            await self.read(reading)
        self._state = with_recalled(self._state, self._signals(), ())
        for self._clock.offset_ms in (1, 0):  # some facts need a second reading that agrees
            for reading in self.readings:
                await self.read(reading)
            self._state = self._pass(self._state)[1].state
        return self.shown()

    async def read(self, reading: Reading) -> None:
        """Read once. Raise ExchangeError when the reply is refused."""
        if reading.kind == DOMINANCE:
            self._dominance = await self.coingecko.renew()
        elif reading.kind is InputKind.INSTRUMENTS:
            await self.feed.read_instruments()
            await self.feed.read_prices()
        elif reading.kind is InputKind.TICKERS:
            await self.feed.read_prices()
        elif reading.kind is InputKind.PREMIUMS:
            await self.exchange.renew_premiums()
            await self.feed.read_prices()
        elif reading.job is not None:
            await self.feed.read(reading.job, BARS)

    async def restore(self, reading: Reading) -> None:
        """Read the true reply. Trades and books of before are discarded first, because they stay in use by design."""
        if reading.job is not None:
            state = self.feed._states[reading.job.symbol]  # noqa: SLF001 - waiting until they expire would take minutes
            state.trades = state.trades if reading.kind is not InputKind.TRADES else TradeWindow(reading.job.symbol)
            if reading.kind is InputKind.ORDER_BOOK:
                state.books.clear()
        await self.read(reading)

    def shown(self) -> Shown:
        """Run a pass from the state of the beginning. Return what clients see of it."""
        market, result = self._pass(self._state)
        snapshot = snapshot_of(
            market,
            result,
            snapshot_id="mutation-1",
            environment=Environment.REPLAY,
            computed_ms=NOW_MS,
            fallback=None,
        )
        invalid: list[str] = []
        try:
            invalid += _unserialisable(admission.read_snapshot(snapshots.encode_snapshot(snapshot)), self._serialisable)
        except (CorruptValue, ValueError, OverflowError) as error:
            invalid.append(f"snapshot: {type(error).__name__}: {error}")
        return Shown(
            scores={symbol: one.score for symbol, one in result.confluences.items()},
            prices={item.symbol: item.ticker.last if item.ticker else None for item in market.inputs},
            movers={mover.symbol: mover.price for mover in (*snapshot.gainers, *snapshot.losers)},
            turnover=result.overview.total_turnover,
            sentiment=result.sentiment.gauge.score if result.sentiment else None,
            dominance=result.overview.dominance.percent if result.overview.dominance else None,
            pending=_pending(result.state),
            universe=frozenset(item.symbol for item in market.universe),
            lasting=frozenset(_lasting(result)),
            point_times_ms=frozenset(point.observed_ms for point in result.points),
            invalid=tuple(invalid),
        )

    async def lasting_later(self, reading: Reading) -> frozenset[str]:
        """Return what is opened, closed and raised after the pass of `shown`: in a pass with new tickers, in one with the
        true reply, and in one with new tickers again."""
        _, result = self._pass(self._state)
        lasting: set[str] = set()
        tickers = Reading(InputKind.TICKERS)
        try:
            for self._clock.offset_ms, later in ((1, tickers), (2, reading), (3, tickers)):
                await self.read(later)
                _, result = self._pass(result.state)
                lasting.update(_lasting(result))
        finally:
            self._clock.offset_ms = 0
            await self.read(tickers)
        return frozenset(lasting)

    def _pass(self, state: VenueState) -> tuple[MarketData, PassResult]:
        market = self.feed.market()
        return market, run_pass(state, market, PassRequest(trading=True, dominance=self._dominance))

    def _signals(self) -> Iterator[Signal]:
        for symbol, ticker in self.feed.tickers.items():
            if symbol not in self.symbols[::2]:
                continue
            yield Signal(
                id=f"signal-{symbol}",
                venue=self.feed.venue,
                symbol=symbol,
                side=Side.LONG,
                environment=Environment.REPLAY,
                model_version=self._state.weights.version,
                opened_ms=NOW_MS - 3_600_000,
                entry=ticker.last,
                stop=ticker.last * math.exp(-0.1),
                targets=tuple(ticker.last * math.exp(0.1 * r) for r in (1.5, 3.0, 5.0)),
                sizes=(0.5, 0.3, 0.2),
                expires_ms=NOW_MS + 3_600_000,
                score=72.0,
                confidence=0.8,
                drivers=(),
                judged_ms=NOW_MS - 3_600_000,
            )


def _pending(state: VenueState) -> frozenset[object]:
    held = state.last_pass.held if state.last_pass is not None else {}
    return frozenset((key, one.step) for key, one in held.items())


def _lasting(result: PassResult) -> Iterator[str]:
    for signal in result.signals:
        yield f"signal {signal.id} {signal.status.name} targets {signal.targets_hit}"
    for opportunity in result.opportunities:
        yield f"opportunity {opportunity.symbol} {opportunity.kind.name}"
    for alert in result.alerts:
        yield f"alert {alert.kind.name} {alert.symbol}"


def _unserialisable(snapshot: admission.ValidSnapshot, known: set[bytes]) -> Iterator[str]:
    """Yield an error for each part of a snapshot that JSON cannot carry. `known` are encoded parts without an error; the
    new ones are added."""
    parts: list[Message | None] = [snapshot.provenance, snapshot.overview, snapshot.sentiment, snapshot.signal_record]
    for rows in (
        *(snapshot.rows, snapshot.confluences, snapshot.gainers, snapshot.losers, snapshot.symbols),
        *(snapshot.betas, snapshot.signals, snapshot.opportunities),
    ):
        parts += rows
    for part in parts:
        if part is None or (encoded := part.SerializeToString()) in known:
            continue
        try:
            text = json.dumps(MessageToDict(part))
        except (JsonError, ValueError, OverflowError) as error:
            yield f"{type(part).__name__}: {error}"
        else:
            if '"NaN"' in text or 'Infinity"' in text:
                yield f"{type(part).__name__}: a number that is not finite"
            else:
                known.add(encoded)
