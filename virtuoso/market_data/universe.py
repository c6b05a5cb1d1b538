"""The choice of the symbols to score from the markets of a venue. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.domain.symbols import split_symbol

if TYPE_CHECKING:
    from virtuoso.domain.model import Instrument


@dataclass(frozen=True, slots=True)
class UniverseRules:
    """The rules for the symbols to score.

    If `symbols` is not empty, exactly these are scored. Otherwise, the `limit` symbols with the highest turnover are scored,
    each with at least `min_turnover` USD in 24 hours."""

    limit: int = 50
    symbols: tuple[str, ...] = ()
    min_turnover: float = 1_000_000.0


def choose_universe(
    instruments: Sequence[Instrument], turnover: Mapping[str, float], rules: UniverseRules
) -> tuple[Instrument, ...]:
    """Return the instruments to score, highest turnover first. `turnover` is in USD in 24 hours, by symbol."""

    def rank(item: Instrument) -> tuple[float, str]:
        return -turnover.get(item.symbol, 0.0), item.symbol

    if rules.symbols:
        resolved = _resolve_symbols(instruments, rules)
        return tuple(dict.fromkeys(sorted((item for item in resolved.values() if item is not None), key=rank)))
    # A market without turnover is inactive.
    min_turnover = max(rules.min_turnover, 1e-9)
    traded = (item for item in instruments if turnover.get(item.symbol, 0.0) >= min_turnover)
    return tuple(dict.fromkeys(sorted(traded, key=rank)[: rules.limit]))


def untracked(
    instruments: Sequence[Instrument], universe: Sequence[Instrument], turnover: Mapping[str, float]
) -> tuple[Instrument, ...]:
    """Return the instruments that are not in the universe, highest turnover first."""
    tracked = {item.symbol for item in universe}
    others = (item for item in instruments if item.symbol not in tracked)
    return tuple(sorted(others, key=lambda item: (-turnover.get(item.symbol, 0.0), item.symbol)))


def unknown_symbols(instruments: Sequence[Instrument], rules: UniverseRules) -> list[str]:
    """Return the symbols of the rules that the venue does not list."""
    return [name for name, item in _resolve_symbols(instruments, rules).items() if item is None]


def _resolve_symbols(instruments: Sequence[Instrument], rules: UniverseRules) -> dict[str, Instrument | None]:
    """Return the instrument of each symbol of the rules.

    Look it up by symbol first, then by base asset and multiplier."""
    by_symbol = {item.symbol: item for item in instruments}
    by_asset = {(item.base_asset, item.multiplier): item for item in instruments}
    return {name: by_symbol.get(name) or by_asset.get(split_symbol(name)) for name in rules.symbols}
