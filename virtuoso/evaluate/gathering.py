"""All symbols' bars, fetched and replayed at the same time: what comes in is worked on while the rest is asked for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.errors import BadData, ExchangeError, UnknownSymbol
from virtuoso.domain.model import ANCHOR, Candles, Instrument, Timeframe
from virtuoso.evaluate.panel import Panel
from virtuoso.evaluate.processes import beside
from virtuoso.evaluate.regimes import Tickers
from virtuoso.evaluate.replay import NAMES, TIMEFRAMES, Past, looked_ahead, replay

if TYPE_CHECKING:
    from virtuoso.domain.model import Millis
    from virtuoso.domain.ports import Exchange
    from virtuoso.evaluate.archive import BarCache
    from virtuoso.evaluate.progress import Progress

DAY_MS = 86_400_000
WARM_BARS = 300
AT_ONCE = 16  # symbols whose bars are asked for at the same time; the exchange keeps its own pace beneath
UNREADABLE = (BadData, UnknownSymbol)  # errors of one symbol, not of the venue
PROVED = 3  # symbols whose scores must not change with their future

Bars = Mapping[Timeframe, Candles]


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """A panel in which every symbol counts where it has a price; `tickers` at the same steps; `anchor`: BTC's bars.
    `proved`: how many symbols were looked at for scores that know the future, `foreseeing`: those that have them."""

    panel: Panel
    tickers: Tickers
    anchor: Bars
    remarks: Sequence[str]
    proved: int
    foreseeing: Sequence[str]


async def most_traded(
    exchange: Exchange, archive: BarCache, clock_ms: Millis, count: int, progress: Progress
) -> list[Instrument]:
    """By what they traded in the day before the clock begins, as one could have chosen them then; BTC first, whatever its
    own: the regime needs it. A symbol without bars there is out, and so is one whose bars cannot be read, of which
    `progress` says it. ExchangeError when the exchange lists no symbols, or does not answer: a choice among those that it
    happened to answer for would be another one."""
    instruments, room = await exchange.instruments(), asyncio.Semaphore(AT_ONCE)
    traded: dict[Instrument, float] = {}
    unreadable: list[str] = []
    done = 0

    async def one(instrument: Instrument) -> None:
        nonlocal done
        async with room:
            try:
                bars = await archive.candles(instrument, Timeframe.H4, **_span(Timeframe.H4, clock_ms))
            except UNREADABLE as error:
                bars = None
                unreadable.append(f"{instrument.symbol} ({error})")
        if bars is not None:
            ends = bars.open_ms + Timeframe.H4.ms
            day = slice(*np.searchsorted(ends, (clock_ms[0] - DAY_MS, clock_ms[0])))
            traded[instrument] = float((bars.volume[day] * bars.close[day]).sum())
        done += 1
        progress.step("symbols ranked", done, len(instruments))

    await _all(one(instrument) for instrument in instruments)
    if unreadable:
        progress.say(f"{len(unreadable)} symbols cannot be ranked and are left out: {'; '.join(sorted(unreadable)[:3])}")
    ranked = sorted(
        (i for i, turnover in traded.items() if turnover > 0), key=lambda i: (i.symbol != ANCHOR, -traded[i], i.symbol)
    )
    return ranked[:count]


async def gather(
    archive: BarCache,
    instruments: Sequence[Instrument],
    clock_ms: Millis,
    pool: Executor,
    progress: Progress,
    *,
    seed: int,
) -> Gathered | None:
    """The bars of the instruments and their replay on the clock. What fails costs its symbol and is told of; None when
    nothing is left. OSError when bars cannot be kept."""
    room = asyncio.Semaphore(AT_ONCE)
    pasts: dict[str, tuple[Past, Bars]] = {}
    failures: Counter[str] = Counter()
    done = 0

    async def one(instrument: Instrument) -> None:
        nonlocal done
        try:
            async with room:
                bars = await _bars(archive, instrument, clock_ms)
            if Timeframe.M5 in bars:
                pasts[instrument.symbol] = (await beside(pool, replay, bars, clock_ms), bars)
            else:
                failures["no bars"] += 1
        except ExchangeError as error:
            failures[f"{type(error).__name__}: {error}"] += 1
        except ValueError as error:
            failures[f"cannot be read: {error}"] += 1
        done += 1
        progress.step("symbols fetched and replayed", done, len(instruments))

    await _all(one(instrument) for instrument in instruments)
    remarks = [f"{count} symbols are left out: {reason}" for reason, count in failures.most_common(3)]
    if not pasts:
        progress.say(f"nothing can be judged: {'; '.join(remarks) or 'the exchange has no symbols'}")
        return None
    remarks += _young(pasts, clock_ms)
    kept = [i.symbol for i in instruments if i.symbol in pasts]
    drawn = np.random.default_rng(seed).permutation(len(kept))[:PROVED]
    proofs = {kept[at]: beside(pool, looked_ahead, pasts[kept[at]][1], clock_ms, seed) for at in drawn}
    foreseeing = [symbol for symbol, proof in proofs.items() if await proof]
    anchor = pasts[ANCHOR][1] if ANCHOR in pasts else {}
    panel, tickers = _together([(symbol, pasts.pop(symbol)[0]) for symbol in kept], clock_ms)
    return Gathered(panel, tickers, anchor, remarks, len(proofs), foreseeing)


async def _all(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Done at the same time; the first error ends the others and comes by itself, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _bars(archive: BarCache, instrument: Instrument, clock_ms: Millis) -> dict[Timeframe, Candles]:
    """The bars that the clock needs, with those that a reading at its first step is made from."""
    made = {}
    for timeframe in TIMEFRAMES:
        candles = await archive.candles(instrument, timeframe, **_span(timeframe, clock_ms))
        if candles is not None:
            made[timeframe] = candles
    return made


def _span(timeframe: Timeframe, clock_ms: Millis) -> dict[str, int]:
    """From when to when."""
    end_ms = int(clock_ms[-1]) // timeframe.ms * timeframe.ms
    start_ms = int(clock_ms[0]) // timeframe.ms * timeframe.ms - WARM_BARS * timeframe.ms
    return {"start_ms": start_ms, "end_ms": end_ms}


def _young(pasts: Mapping[str, tuple[Past, Bars]], clock_ms: Millis) -> list[str]:
    """Of which timeframes the bars do not go back far enough for a full reading at the first step."""
    told = []
    for timeframe in TIMEFRAMES:
        wanted = int(clock_ms[0]) - (WARM_BARS - 1) * timeframe.ms
        runs = [bars.get(timeframe) for _, bars in pasts.values()]
        late = sum(run is None or int(run.open_ms[0]) > wanted for run in runs)
        if late:
            told.append(
                f"{late} of {len(pasts)} symbols have fewer than {WARM_BARS} bars of {timeframe.value} before the first "
                "step: the first scores of those are made from fewer, as a young symbol's are."
            )
    return told


def _together(pasts: list[tuple[str, Past]], clock_ms: Millis) -> tuple[Panel, Tickers]:
    """All symbols side by side. Takes the list apart: together they are large."""
    shape = (len(clock_ms), len(pasts))
    scores = np.empty((len(NAMES), *shape), dtype=np.float32)
    price, change, turnover = np.empty((3, *shape))
    symbols = tuple(symbol for symbol, _ in pasts)
    for column in reversed(range(len(symbols))):
        past = pasts.pop()[1]
        scores[:, :, column] = past.directions
        price[:, column], change[:, column], turnover[:, column] = past.price, past.change, past.turnover
    panel = Panel(clock_ms, symbols, price, np.isfinite(price), dict(zip(NAMES, scores, strict=True)))
    return panel, Tickers(clock_ms, symbols, price, change, turnover)
