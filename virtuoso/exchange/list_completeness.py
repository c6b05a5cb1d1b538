"""The check that a list of markets is complete. A part of a list, such as one of two pages, must not replace the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from virtuoso.domain.errors import BadData
from virtuoso.domain.model import SYMBOL_PATTERN, Instrument
from virtuoso.domain.plausibility import FEW_LOST_MARKETS, LIST_CONFIRMATIONS, MAX_LOST_MARKETS
from virtuoso.exchange.rows import count_refused


class ListCompleteness:
    """Compares each list of markets with the previous one and with the newest tickers.

    `traded` has the turnovers of the markets that trade according to the newest tickers, by name."""

    def __init__(self) -> None:
        self.traded: Mapping[str, float] = {}
        self._lists = 0  # consecutive lists that were refused

    def check(self, old: Mapping[str, Instrument], new: Mapping[str, Instrument]) -> None:
        """Raise BadData when `new` may be a part of a list. The keys are the symbols in ticker rows.

        Accept `new` if it has all `old` markets that trade and lacks at most the share MAX_LOST_MARKETS of all, or
        FEW_LOST_MARKETS. After LIST_CONFIRMATIONS refused lists in a row, accept it if it lacks at most this share of the
        markets that trade."""
        lost, many = old.keys() - new.keys(), max(FEW_LOST_MARKETS, MAX_LOST_MARKETS * len(old))
        trading = len(lost & self.traded.keys())
        if (not trading and len(lost) <= many) or (self._lists >= LIST_CONFIRMATIONS and trading <= many):
            self._lists = 0
            return
        self._lists += 1
        count_refused("instrument_part", len(new))
        raise BadData(f"the list of markets has {len(new)} markets and lacks {len(lost)} of the previous {len(old)}")


def unlisted_symbols(traded: Mapping[str, float], instruments: Mapping[str, Instrument]) -> dict[str, float]:
    """Return the turnovers by symbol of those `traded` names that have the usual ending of `instruments`, such as
    "-USDT-SWAP"."""
    endings = Counter(name.removeprefix(item.symbol.removesuffix("USDT")) for name, item in instruments.items())
    ending = max(endings, key=lambda each: endings[each], default="")
    named = {name: f"{name.removesuffix(ending)}USDT" for name in traded if ending and name.endswith(ending)}
    return {symbol: traded[name] for name, symbol in named.items() if SYMBOL_PATTERN.fullmatch(symbol)}
