"""What came of the outlooks that were said: each is judged by its own numbers, and by the symbols that were said with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.outlook.panel import STEP_MS
from virtuoso.analysis.outlook.record import tenths
from virtuoso.analysis.outlook.walk import MIN_SYMBOLS
from virtuoso.domain.model import Environment
from virtuoso.domain.outlook import SHOWN_HORIZON, OutlookBoard, SaidOutlook, SaidRecord

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles

HORIZON_MS = SHOWN_HORIZON.steps * STEP_MS


def said_outlooks(board: OutlookBoard, environment: Environment) -> list[SaidOutlook]:
    """Return the outlooks of a board as they are stored."""
    return [
        SaidOutlook(
            id=f"{board.venue}-{each.symbol}-{board.bar_ms}-{environment.lower_name}",
            venue=board.venue,
            symbol=each.symbol,
            environment=environment,
            bar_ms=board.bar_ms,
            odds=each.odds,
            low_percent=each.low_percent,
            high_percent=each.high_percent,
        )
        for each in board.outlooks
        if board.bar_ms is not None
        and each.odds is not None
        and each.low_percent is not None
        and each.high_percent is not None
    ]


def judged(outlooks: Iterable[SaidOutlook], candles: Mapping[str, Candles]) -> list[SaidOutlook]:
    """Return the outlooks that can be judged now, with their outcome: their 24 hours have ended, and bars of at least 20
    symbols of the same bar have both closes. The median is that of these symbols."""
    closes = {
        symbol: dict(zip((bars.open_ms + STEP_MS).tolist(), np.log(bars.close).tolist(), strict=True))
        for symbol, bars in candles.items()
    }
    moves: dict[int, list[tuple[SaidOutlook, float]]] = defaultdict(list)
    for each in outlooks:
        of_symbol = closes.get(each.symbol, {})
        before, after = of_symbol.get(each.bar_ms), of_symbol.get(each.bar_ms + HORIZON_MS)
        if each.beat is None and before is not None and after is not None:
            moves[each.bar_ms].append((each, after - before))
    result = []
    for pairs in moves.values():
        if len(pairs) < MIN_SYMBOLS:
            continue
        median = float(np.median([move for _, move in pairs]))
        result += [
            replace(each, move_percent=float(100 * np.expm1(move - median)), beat=float((np.sign(move - median) + 1) / 2))
            for each, move in pairs
        ]
    return result


def said_record(outlooks: Sequence[SaidOutlook]) -> SaidRecord:
    """Return the record of the outlooks that have an outcome."""
    ended = [(each, each.beat, each.move_percent) for each in outlooks if each.beat is not None]
    if not ended:
        return SaidRecord(count=0)
    steps = {bar_ms: row for row, bar_ms in enumerate(sorted({each.bar_ms for each, _, _ in ended}))}
    symbols = {symbol: column for column, symbol in enumerate(sorted({each.symbol for each, _, _ in ended}))}
    odds, beat = np.full((2, len(steps), len(symbols)), np.nan)
    for each, won, _ in ended:
        place = steps[each.bar_ms], symbols[each.symbol]
        odds[place], beat[place] = each.odds, won
    within = [each.low_percent <= move <= each.high_percent for each, _, move in ended if move is not None]
    return SaidRecord(
        count=len(ended),
        since_ms=min(steps),
        interval_coverage=float(np.mean(within)) if within else None,
        brier=float(np.nanmean((odds - beat) ** 2)),
        tenths=tenths(odds, beat),
    )
