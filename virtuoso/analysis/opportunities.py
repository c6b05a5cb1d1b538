"""Opportunities from pass to pass: the selection of candidates for records, with cooldowns and limits.

    restore(stored) ─► OpportunityState ─► advance(inputs, BTC candles, now) ─► (OpportunityState, opened) ─► store opened

The definitions of the kinds are in `opportunity_rules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from virtuoso.analysis.opportunity_rules import Candidate, find_candidates, percent_of_price
from virtuoso.domain.model import SymbolInputs, Ticker, Timeframe
from virtuoso.domain.prices import price_text
from virtuoso.domain.records import Opportunity, OpportunityKind, Side

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles

COOLDOWN_MS = 4 * 3_600_000
"""The time for which an opportunity is open. Until it ends, its symbol and kind give no other opportunity."""
HOLD_MS = 150_000
"""The time for which a candidate must hold in every pass. One wrong price or funding rate does not last as long."""
MAX_PER_HOUR, MAX_PER_DAY = 10, 50
COMMON = 4
"""The number of markets with the same kind and side at which they move together. They are one opportunity."""
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MAX_PRICE_AGE_MS = 60_000
LISTED = 6
"""The number of symbols that a sentence names at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityState:
    """The opportunities of one venue in the last day. Cooldowns and limits depend on them. `candidates` are those of the
    last pass, with the time since which they hold, epoch ms."""

    venue: str
    recent: tuple[Opportunity, ...] = ()
    candidates: Mapping[tuple[str, OpportunityKind, Side], int] = field(default_factory=dict)


def restore(state: OpportunityState, stored: Iterable[Opportunity]) -> OpportunityState:
    """Return the state with the stored opportunities of its venue added, in any order. `stored` must contain those of the
    last day."""
    known = {o.id: o for o in (*state.recent, *stored) if o.venue == state.venue}
    return replace(state, recent=tuple(sorted(known.values(), key=lambda o: (o.found_ms, o.id))))


def advance(
    state: OpportunityState,
    inputs: Sequence[SymbolInputs],
    anchor: Mapping[Timeframe, Candles],
    now_ms: int,
    *,
    enabled: bool = True,
    hold_ms: int = HOLD_MS,
) -> tuple[OpportunityState, tuple[Opportunity, ...]]:
    """Return (state after this pass, new opportunities, strongest first) at `now_ms` (epoch ms, the exchange's clock).
    `inputs` are those of the tracked symbols. `anchor` holds BTC's candles.

    An opportunity opens when its candidate has held for `hold_ms`, unless the price is already beyond its limit. A symbol
    and kind gives another one after 4 hours at the earliest. While an opportunity is open, its symbols give none on the
    opposite side. Four markets with the same kind and side move together: the strongest of them opens, and names the others.
    While four are open, no further market of their kind and side opens. At most 10 open in an hour and 50 in a day. The
    strongest of a pass open first. If `enabled` is False, none opens. A symbol is left out if its price is older than a
    minute. Bars that close after `now_ms` are not used."""
    recent = [o for o in state.recent if now_ms - o.found_ms < DAY_MS]
    tickers = {
        i.symbol: i.ticker
        for i in inputs
        if i.ticker is not None and now_ms - i.ticker.stamp.observed_ms <= MAX_PRICE_AGE_MS
    }
    still_open = [o for o in recent if now_ms - o.found_ms < COOLDOWN_MS]
    cooling = {(symbol, o.kind) for o in still_open for symbol in (o.symbol, *o.also)}
    sides = {symbol: o.side for o in still_open for symbol in (o.symbol, *o.also)}
    open_count = Counter((o.kind, o.side) for o in still_open for _ in (o.symbol, *o.also))
    allowed = min(MAX_PER_DAY - len(recent), MAX_PER_HOUR - sum(now_ms - o.found_ms < HOUR_MS for o in recent))
    ready: dict[tuple[OpportunityKind, Side], list[Candidate]] = {}
    candidates: dict[tuple[str, OpportunityKind, Side], int] = {}
    if enabled:
        for candidate in find_candidates([i for i in inputs if i.symbol in tickers], anchor, now_ms):
            side = _side(candidate)
            key = (candidate.symbol, candidate.kind, side)
            candidates[key] = state.candidates.get(key, now_ms)
            if (
                now_ms - candidates[key] >= hold_ms
                and (candidate.symbol, candidate.kind) not in cooling
                and not _has_failed(candidate, tickers[candidate.symbol].last)
                and sides.setdefault(candidate.symbol, side) == side
            ):
                ready.setdefault((candidate.kind, side), []).append(candidate)
    chosen: list[tuple[Candidate, tuple[str, ...]]] = []
    for (kind, side), found in ready.items():
        count = open_count[kind, side]
        if count + len(found) < COMMON:
            chosen += [(one, ()) for one in found]
        elif count < COMMON:
            chosen.append((found[0], tuple(one.symbol for one in found[1:])))
    chosen.sort(key=lambda one: (-one[0].strength * one[0].confidence, one[0].symbol, one[0].kind))
    opened = [_record(one, also, state.venue, tickers[one.symbol], now_ms) for one, also in chosen[: max(0, allowed)]]
    recent = [replace(o, held_ms=now_ms) if (o.symbol, o.kind, o.side) in candidates else o for o in recent]
    return replace(state, recent=(*recent, *opened), candidates=candidates), tuple(opened)


def _has_failed(candidate: Candidate, price: float) -> bool:
    return candidate.limit is not None and candidate.sign * (price - candidate.limit) <= 0


def _record(candidate: Candidate, also: tuple[str, ...], venue: str, ticker: Ticker, now_ms: int) -> Opportunity:
    beyond, limit = "falls below" if candidate.sign > 0 else "rises above", candidate.limit
    price = "" if limit is None else price_text(limit, ticker.tick_size)
    together = f" The same holds in {len(also)} other markets: {_listed(also)}." if also else ""
    return Opportunity(
        id=f"{venue}-{candidate.symbol}-{candidate.kind.lower_name}-{now_ms}",
        venue=venue,
        symbol=candidate.symbol,
        kind=candidate.kind,
        side=_side(candidate),
        found_ms=now_ms,
        expires_ms=now_ms + COOLDOWN_MS,
        price=ticker.last,
        confidence=candidate.confidence,
        sentence=candidate.sentence + together,
        also=also,
        alpha_percent=None if candidate.alpha is None else percent_of_price(candidate.alpha),
        z_score=candidate.z_score,
        reading=candidate.reading,
        unit=candidate.unit,
        invalidation=candidate.end.format(beyond=beyond, price=price),
        invalidation_price=limit,
        held_ms=now_ms,
    )


def _side(candidate: Candidate) -> Side:
    return Side.LONG if candidate.sign > 0 else Side.SHORT


def _listed(symbols: Sequence[str]) -> str:
    shown = ", ".join(symbols[:LISTED])
    return f"{shown} and {len(symbols) - LISTED} more" if len(symbols) > LISTED else shown
