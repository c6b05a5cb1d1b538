"""One day of one symbol: its files are given to a SymbolState, and the live collector's own pass runs at each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.candle_readings import CANDLE_COMPONENTS
from virtuoso.analysis.confluence import CONTEXT_COMPONENTS
from virtuoso.analysis.orderflow import TAKER_VOLUME
from virtuoso.collector.one_pass import PassRequest, next_state, run_pass
from virtuoso.collector.venue_state import new_venue_state
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import DAY_MS, Candles, DimensionKind, Environment, Instrument, Stamp, Ticker, Timeframe
from virtuoso.evaluate.archive.files import ArchiveFile, FileKind, of_day
from virtuoso.evaluate.archive.longer_bars import MADE_OF, add_longer_bars, minute_bars
from virtuoso.evaluate.archive.rows import DamagedFile, time_ms
from virtuoso.evaluate.archive.sources import (
    BarSource,
    BybitBook,
    DepthSource,
    Source,
    TradeSource,
    funding_source,
    metrics_sources,
)
from virtuoso.evaluate.panel import CONFIDENCE, FIVE_MINUTES, Feature, FeatureKind
from virtuoso.evaluate.replay import VENUE, market_at
from virtuoso.market_data.candle_reading import BARS_KEPT
from virtuoso.market_data.merge import merge_candles
from virtuoso.market_data.symbol_state import SymbolState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Confluence, Floats, TimeSeries

STEP_MS = FIVE_MINUTES.step_ms
DAY_STEPS = DAY_MS // STEP_MS
TOTAL_SCORE = Feature("score", FeatureKind.TOTAL)
INSTANT_SCORE = Feature("instant_score", FeatureKind.TOTAL)
FEATURES: tuple[Feature, ...] = (
    TOTAL_SCORE,
    INSTANT_SCORE,
    CONFIDENCE,
    *(Feature(kind.lower_name, FeatureKind.DIMENSION) for kind in DimensionKind),
    *(
        Feature(f"{spec.name}_{timeframe.value}", FeatureKind.COMPONENT, kind.lower_name)
        for kind, specs in CANDLE_COMPONENTS.items()
        for spec in specs
        for timeframe in Timeframe
    ),
    *(
        Feature(context_spec.name, FeatureKind.COMPONENT, kind.lower_name)
        for kind, context_specs in CONTEXT_COMPONENTS.items()
        for context_spec in context_specs
    ),
    Feature(TAKER_VOLUME.name, FeatureKind.COMPONENT, DimensionKind.ORDERFLOW.lower_name),
)
_ROWS = {feature: row for row, feature in enumerate(FEATURES)}
SERIES = (InputKind.FUNDING, InputKind.OPEN_INTEREST, InputKind.LONG_SHORT)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Carried:
    """What a day needs of the day before: the bars and series of its end."""

    candles: Mapping[Timeframe, Candles] = field(default_factory=dict)
    series: Mapping[InputKind, TimeSeries] = field(default_factory=dict)


class DayResult(NamedTuple):
    """One day of one symbol. `directions` (len(FEATURES), DAY_STEPS) are -1..1, and the confidence 0..1, NaN where not
    measured. `price` and
    `turnover` (DAY_STEPS,) are the newest close and the turnover of the 24 hours before, NaN where not known. `reason` says
    why a day could not be read to its end; it has no readings then."""

    directions: NDArray[np.float32]
    price: Floats
    turnover: Floats
    carried: Carried
    reason: str = ""


def replay_day(symbol: str, day: str, files: Sequence[ArchiveFile], before: Carried) -> DayResult:
    """Return the readings of a day (2025-10-10) at each step, from `files` of this symbol."""
    directions = np.full((len(FEATURES), DAY_STEPS), np.nan, dtype=np.float32)
    price, turnover = np.full((2, DAY_STEPS), np.nan)
    instrument = Instrument(symbol=symbol, venue_symbol=symbol, base_asset=symbol.removesuffix("USDT"), multiplier=1)
    state, passes = SymbolState(instrument), new_venue_state(VENUE, Environment.REPLAY)
    state.candles.update(before.candles)
    for kind, series in before.series.items():
        setattr(state, kind.value, series)
    start_ms = time_ms(f"{day} 00:00:00")
    try:
        files_of_day = _FilesOfDay(state, of_day(files, day))
        for step in range(DAY_STEPS):
            now_ms = start_ms + (step + 1) * STEP_MS
            files_of_day.advance(now_ms)
            ticker = _ticker(state, now_ms)
            if ticker is None:
                continue
            if state.candles.get(Timeframe.M5) is not None:
                price[step], turnover[step] = _close_at(state.candles[Timeframe.M5], now_ms), ticker.turnover_24h or np.nan
            inputs = state.inputs(ticker, now_ms, state.records(now_ms))
            result = run_pass(passes, market_at(now_ms, inputs=[inputs]), PassRequest())
            passes = next_state(passes, result)
            _note(directions[:, step], result.confluences[symbol])
            if files_of_day.exhausted:  # the files end here; that nothing traded later is not known
                break
    except DamagedFile as error:
        nothing = np.full_like(directions, np.nan), np.full_like(price, np.nan), np.full_like(price, np.nan)
        return DayResult(*nothing, Carried(), str(error))
    known = {kind: getattr(state, kind.value) for kind in SERIES}
    carried = Carried(candles=state.candles, series={kind: one for kind, one in known.items() if one is not None})
    return DayResult(directions, price, turnover, carried)


class _FilesOfDay:
    """The files of one day. Timeframes without a file are made of shorter bars, and those of one minute of the trades."""

    def __init__(self, state: SymbolState, files: Sequence[ArchiveFile]) -> None:
        self._state = state
        by_kind = {kind: [one for one in files if one.kind is kind] for kind in FileKind}
        trades = by_kind[FileKind.TRADES]
        self._trades = TradeSource(trades[0].venue, trades[0].path) if trades else None
        self._sources: list[Source] = [BybitBook(one.path, state) for one in by_kind[FileKind.BOOK][:1]]
        self._sources += [DepthSource(one.path) for one in by_kind[FileKind.DEPTH][:1]]
        if metrics := [one.path for one in by_kind[FileKind.METRICS]]:
            self._sources += metrics_sources(metrics)
        if funding := [one.path for one in by_kind[FileKind.FUNDING]]:
            self._sources.append(funding_source(funding))
        self._made = list(Timeframe)
        for timeframe in Timeframe:
            if paths := [one.path for one in by_kind[FileKind.BARS] if one.timeframe is timeframe]:
                self._sources.append(BarSource(paths, timeframe))
                self._made.remove(timeframe)

    @property
    def exhausted(self) -> bool:
        """Return True when all rows were given."""
        return all(source.exhausted for source in self._sources) and (self._trades is None or self._trades.exhausted)

    def advance(self, now_ms: int) -> None:
        """Tell the state what was known at `now_ms`."""
        state = self._state
        if self._trades is not None:
            self._trades.advance(state, now_ms)
        for source in self._sources:
            source.advance(state, now_ms)
        if self._trades is not None and Timeframe.M1 in self._made:
            old = state.candles.get(Timeframe.M1)
            close = None if old is None else float(old.close[-1])
            new = minute_bars(self._trades.newest, close, now_ms - STEP_MS, now_ms, state.instrument.symbol)
            if new is not None:
                state.candles[Timeframe.M1] = merge_candles(old, new, limit=BARS_KEPT)
        for timeframe in MADE_OF:
            if timeframe in self._made:
                add_longer_bars(state.candles, timeframe, now_ms)


def _close_at(bars: Candles, now_ms: int) -> float:
    """Return the close of the bar that ends at `now_ms`, or NaN."""
    return float(bars.close[-1]) if int(bars.open_ms[-1]) + bars.timeframe.ms == now_ms else np.nan


def _ticker(state: SymbolState, now_ms: int) -> Ticker | None:
    """Return a ticker as of `now_ms`, or None without a price. Its figures of 24 hours are those of the 5m bars. Its funding
    rate is that of the last payment, because no file has the rate of the running interval."""
    bars, trades = state.candles.get(Timeframe.M5), state.trades.record()
    if trades is not None and len(trades.time_ms):
        last = float(trades.price[-1])
    elif bars is not None:
        last = float(bars.close[-1])
    else:
        return None
    change = turnover = volume = None
    day = DAY_MS // Timeframe.M5.ms
    if bars is not None and len(bars) > day and int(bars.open_ms[-1] - bars.open_ms[-day - 1]) == DAY_MS:
        change = 100 * (last / float(bars.close[-day - 1]) - 1)
        turnover, volume = float((bars.close * bars.volume)[-day:].sum()), float(bars.volume[-day:].sum())
    funding, rate, interval_ms = state.funding, None, None
    if funding is not None and len(funding.values) > 1:
        rate, interval_ms = float(funding.values[-1]), round(int(funding.time_ms[-1] - funding.time_ms[-2]), -5)
    return Ticker(
        symbol=state.instrument.symbol,
        last=last,
        stamp=Stamp(observed_ms=now_ms, received_ms=now_ms),
        change_24h_percent=change,
        turnover_24h=turnover,
        volume_24h=volume,
        funding_rate=rate,
        funding_interval_ms=interval_ms,
    )


def _note(column: NDArray[np.float32], result: Confluence) -> None:
    """Write the measured directions of a pass into their rows."""
    if result.score is not None:
        column[_ROWS[TOTAL_SCORE]] = (result.score - 50) / 50
    if result.instant_score is not None:
        column[_ROWS[INSTANT_SCORE]] = (result.instant_score - 50) / 50
    if result.confidence is not None:
        column[_ROWS[CONFIDENCE]] = result.confidence
    for dimension in result.dimensions:
        name = dimension.kind.lower_name
        if dimension.direction is not None:
            column[_ROWS[Feature(name, FeatureKind.DIMENSION)]] = dimension.direction
        for component in dimension.components:
            if component.direction is not None:
                column[_ROWS[Feature(component.name, FeatureKind.COMPONENT, name)]] = component.direction
