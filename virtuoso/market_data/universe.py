"""Which symbols are scored, chosen from the markets of a venue. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.domain.symbols import split_symbol

if TYPE_CHECKING:
    from virtuoso.domain.model import Instrument


@dataclass(frozen=True, slots=True)
class UniverseRules:
    """Which symbols are scored: exactly `symbols`, or the `limit` of most turnover with at least `min_turnover` USD."""

    limit: int = 50
    symbols: tuple[str, ...] = ()
    min_turnover: float = 1_000_000.0


def choose_universe(
    instruments: Sequence[Instrument], turnover: Mapping[str, float], rules: UniverseRules
) -> tuple[Instrument, ...]:
    """Return the instruments to score, most turnover first. `turnover`: USD of 24 hours, by symbol."""

    def rank(item: Instrument) -> tuple[float, str]:
        return -turnover.get(item.symbol, 0.0), item.symbol

    if rules.symbols:
        named = _named(instruments, rules)
        return tuple(dict.fromkeys(sorted((item for item in named.values() if item is not None), key=rank)))
    least = max(rules.min_turnover, 1e-9)  # a market without any turnover is dead
    traded = (item for item in instruments if turnover.get(item.symbol, 0.0) >= least)
    return tuple(dict.fromkeys(sorted(traded, key=rank)[: rules.limit]))


def unknown_symbols(instruments: Sequence[Instrument], rules: UniverseRules) -> list[str]:
    """Return the symbols of the rules that the venue does not have."""
    return [name for name, item in _named(instruments, rules).items() if item is None]


def _named(instruments: Sequence[Instrument], rules: UniverseRules) -> dict[str, Instrument | None]:
    """Return the instrument of each symbol of the rules, by its symbol or else by its base asset and multiplier."""
    by_symbol = {item.symbol: item for item in instruments}
    by_asset = {(item.base_asset, item.multiplier): item for item in instruments}
    return {name: by_symbol.get(name) or by_asset.get(split_symbol(name)) for name in rules.symbols}
