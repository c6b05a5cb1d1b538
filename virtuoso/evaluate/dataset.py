"""The data of an evaluation on candles: the bars of many symbols, requested and replayed concurrently."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.errors import BadData, ExchangeError, UnknownSymbol
from virtuoso.domain.model import ANCHOR, DAY_MS, Candles, Instrument, Timeframe
from virtuoso.evaluate.panel import FIVE_MINUTES, Grid, Panel
from virtuoso.evaluate.regimes import TickerHistory
from virtuoso.evaluate.replay import FEATURES, FeatureHistory, features, has_look_ahead, replay
from virtuoso.evaluate.workers import run_in_worker

if TYPE_CHECKING:
    from virtuoso.domain.model import Millis
    from virtuoso.domain.ports import Exchange
    from virtuoso.domain.progress import Progress
    from virtuoso.evaluate.bar_cache import BarCache

WARM_UP_BARS = 300
MAX_CONCURRENT_SYMBOLS = 16
"""The number of symbols whose bars are requested concurrently. The exchange adapter limits its own request rate."""
SYMBOL_ERRORS = (BadData, UnknownSymbol)
"""Errors that affect one symbol and not the venue."""
CHECKED_SYMBOLS = 3
"""The number of symbols whose scores are checked for look-ahead."""

CandlesByTimeframe = Mapping[Timeframe, Candles]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dataset:
    """The data of all symbols. In `panel`, a symbol counts at each step with a price. `tickers` are those at the same steps.
    `anchor` has BTC's candles. `checked` is the number of symbols checked for look-ahead. `with_look_ahead` lists the
    symbols with look-ahead."""

    panel: Panel
    tickers: TickerHistory
    anchor: CandlesByTimeframe
    remarks: Sequence[str]
    checked: int
    with_look_ahead: Sequence[str]


async def most_traded(
    exchange: Exchange, bar_cache: BarCache, clock_ms: Millis, count: int, progress: Progress
) -> list[Instrument]:
    """Return the `count` instruments with the highest turnover in the day before the first step. No later data is used.

    BTC comes first, because the regime needs it. A symbol without turnover in that day is left out. A symbol whose bars
    cannot be read is also left out, and `progress` reports it. Raise ExchangeError when the exchange lists no symbols or
    does not answer, because partial replies would give other symbols."""
    instruments, slots = await exchange.instruments(), asyncio.Semaphore(MAX_CONCURRENT_SYMBOLS)
    turnover: dict[Instrument, float] = {}
    unreadable: list[str] = []
    finished = 0

    async def measure(instrument: Instrument) -> None:
        nonlocal finished
        async with slots:
            try:
                bars = await bar_cache.candles(instrument, Timeframe.H4, **_time_range(Timeframe.H4, clock_ms))
            except SYMBOL_ERRORS as error:
                bars = None
                unreadable.append(f"{instrument.symbol} ({error})")
        if bars is not None:
            close_ms = bars.open_ms + Timeframe.H4.ms
            day = slice(*np.searchsorted(close_ms, (clock_ms[0] - DAY_MS, clock_ms[0])))
            turnover[instrument] = float((bars.volume[day] * bars.close[day]).sum())
        finished += 1
        progress.advance("symbols ranked", finished, len(instruments))

    await _run_all(measure(instrument) for instrument in instruments)
    if unreadable:
        examples = "; ".join(sorted(unreadable)[:3])
        progress.write(f"{len(unreadable)} symbols cannot be ranked and are left out: {examples}")
    ranked = sorted(
        (i for i, value in turnover.items() if value > 0), key=lambda i: (i.symbol != ANCHOR, -turnover[i], i.symbol)
    )
    return ranked[:count]


async def load_dataset(
    bar_cache: BarCache,
    instruments: Sequence[Instrument],
    clock_ms: Millis,
    pool: Executor,
    progress: Progress,
    *,
    seed: int,
    grid: Grid = FIVE_MINUTES,
) -> Dataset | None:
    """Return the bars of the instruments and their replay at each of `clock_ms`. A symbol that fails is left out, and the
    failure becomes a remark. None when no symbol is left. Raise OSError when bars cannot be stored."""
    slots = asyncio.Semaphore(MAX_CONCURRENT_SYMBOLS)
    loaded: dict[str, tuple[FeatureHistory, CandlesByTimeframe]] = {}
    failures: Counter[str] = Counter()
    finished = 0

    async def load(instrument: Instrument) -> None:
        nonlocal finished
        try:
            async with slots:
                candles = await _candles(bar_cache, instrument, clock_ms, grid.timeframes)
            if grid.timeframes[0] in candles:
                loaded[instrument.symbol] = (await run_in_worker(pool, replay, candles, clock_ms), candles)
            else:
                failures["no bars"] += 1
        except ExchangeError as error:
            failures[f"{type(error).__name__}: {error}"] += 1
        except ValueError as error:
            failures[f"cannot be read: {error}"] += 1
        finished += 1
        progress.advance("symbols fetched and replayed", finished, len(instruments))

    await _run_all(load(instrument) for instrument in instruments)
    remarks = [f"{count} symbols are left out: {reason}" for reason, count in failures.most_common(3)]
    if not loaded:
        progress.write(f"nothing can be evaluated: {'; '.join(remarks) or 'the exchange has no symbols'}")
        return None
    remarks += _short_histories(loaded, clock_ms, grid.timeframes)
    symbols = [i.symbol for i in instruments if i.symbol in loaded]
    selected = np.random.default_rng(seed).permutation(len(symbols))[:CHECKED_SYMBOLS]
    checks = {symbols[i]: run_in_worker(pool, has_look_ahead, loaded[symbols[i]][1], clock_ms, seed) for i in selected}
    with_look_ahead = [symbol for symbol, check in checks.items() if await check]
    anchor = loaded[ANCHOR][1] if ANCHOR in loaded else {}
    panel, tickers = _combine([(symbol, loaded.pop(symbol)[0]) for symbol in symbols], clock_ms, grid)
    return Dataset(
        panel=panel,
        tickers=tickers,
        anchor=anchor,
        remarks=remarks,
        checked=len(checks),
        with_look_ahead=with_look_ahead,
    )


async def _run_all(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Run all coroutines concurrently. The first error cancels the others and is raised directly, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _candles(
    bar_cache: BarCache, instrument: Instrument, clock_ms: Millis, timeframes: Sequence[Timeframe]
) -> dict[Timeframe, Candles]:
    """Return the bars that the clock needs, including those for the readings at its first step."""
    result = {}
    for timeframe in timeframes:
        candles = await bar_cache.candles(instrument, timeframe, **_time_range(timeframe, clock_ms))
        if candles is not None:
            result[timeframe] = candles
    return result


def _time_range(timeframe: Timeframe, clock_ms: Millis) -> dict[str, int]:
    """Return `start_ms` and `end_ms` of the bars that the clock needs."""
    end_ms = int(clock_ms[-1]) // timeframe.ms * timeframe.ms
    start_ms = int(clock_ms[0]) // timeframe.ms * timeframe.ms - WARM_UP_BARS * timeframe.ms
    return {"start_ms": start_ms, "end_ms": end_ms}


def _short_histories(
    loaded: Mapping[str, tuple[FeatureHistory, CandlesByTimeframe]], clock_ms: Millis, timeframes: Sequence[Timeframe]
) -> list[str]:
    """Return a remark for each timeframe with too few earlier bars for a full reading at the first step."""
    remarks = []
    for timeframe in timeframes:
        needed_ms = int(clock_ms[0]) - (WARM_UP_BARS - 1) * timeframe.ms
        histories = [candles.get(timeframe) for _, candles in loaded.values()]
        short = sum(one is None or int(one.open_ms[0]) > needed_ms for one in histories)
        if short:
            remarks.append(
                f"{short} of {len(loaded)} symbols have fewer than {WARM_UP_BARS} bars of {timeframe.value} before the "
                "first step. Their first scores are computed from fewer bars, like those of a new listing."
            )
    return remarks


def _combine(histories: list[tuple[str, FeatureHistory]], clock_ms: Millis, grid: Grid) -> tuple[Panel, TickerHistory]:
    """Return the combined data of all symbols. The list is emptied to save memory, because its arrays are large."""
    shape = (len(clock_ms), len(histories))
    scores = np.empty((len(FEATURES), *shape), dtype=np.float32)
    price, change, turnover = np.empty((3, *shape))
    symbols = tuple(symbol for symbol, _ in histories)
    for column in reversed(range(len(symbols))):
        one = histories.pop()[1]
        scores[:, :, column] = one.directions
        price[:, column], change[:, column], turnover[:, column] = one.price, one.change, one.turnover
    panel = Panel(
        clock_ms=clock_ms,
        symbols=symbols,
        price=price,
        counted=np.isfinite(price),
        scores={feature: scores[FEATURES.index(feature)] for feature in features(grid.timeframes)},
        grid=grid,
    )
    return panel, TickerHistory(clock_ms, symbols, price, change, turnover)
