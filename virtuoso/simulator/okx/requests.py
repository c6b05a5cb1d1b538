"""OKX's units, errors and query parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from virtuoso.simulator.market import Listing, Quote, SimulatedMarket
from virtuoso.simulator.venue_api import ApiError, Query, fixed

HOUR_MS = 3_600_000
LOTS_PER_CONTRACT = 100  # a lot, the smallest order, is a hundredth of a contract


@dataclass(frozen=True, slots=True)
class Swap:
    """A listing in OKX's units: prices in USDT per coin, sizes in contracts."""

    listing: Listing

    @property
    def id(self) -> str:
        """Return the `instId`."""
        return f"{self.listing.base}-USDT-SWAP"

    @property
    def coins(self) -> float:
        """Return the number of coins in a contract."""
        return self.listing.lot * LOTS_PER_CONTRACT * self.listing.multiplier

    @property
    def digits(self) -> int:
        """Return the number of decimals of a price."""
        return self.listing.price_digits + len(str(self.listing.multiplier)) - 1

    def price(self, value: float) -> str:
        """Convert USDT per unit to USDT per coin."""
        return trimmed(value / self.listing.multiplier, self.digits)

    def contracts(self, units: float) -> str:
        """Convert units to contracts."""
        return trimmed(units / (self.listing.lot * LOTS_PER_CONTRACT), 2)

    def amount(self, units: float) -> str:
        """Convert units to coins."""
        return trimmed(units * self.listing.multiplier, 4)


def swaps(market: SimulatedMarket, now_ms: int) -> Iterator[Swap]:
    """Return all swaps that are listed."""
    return (Swap(listing) for listing in market.listings if listing.launched_ms <= now_ms)


def quoted_swaps(market: SimulatedMarket, now_ms: int) -> Iterator[tuple[Swap, Quote]]:
    """Return all swaps that have a ticker, with their tickers."""
    return ((Swap(market.listing(base)), quote) for base, quote in market.quotes(now_ms).items())


def swap_of(market: SimulatedMarket, query: Query, now_ms: int) -> Swap:
    """Return the swap of the mandatory `instId`."""
    requested = query.get("instId", "")
    if not requested:
        raise error("50014", "Parameter instId can not be empty.", status=400)
    for swap in swaps(market, now_ms):
        if swap.id == requested:
            return swap
    raise error("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")


def filtered(query: Query, rows: Sequence[Mapping[str, object]]) -> list[object]:
    """Return the rows of the `instId`, or all rows without an `instId`."""
    requested = query.get("instId")
    matching: list[object] = [row for row in rows if not requested or row["instId"] == requested]
    if requested and not matching:
        raise error("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
    return matching


def kind_of(query: Query) -> str:
    """Return the mandatory `instType`."""
    kind = query.get("instType", "")
    if kind not in ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"):
        raise error("51000", "Parameter instType error", status=400)
    return kind


def trimmed(value: float, digits: int) -> str:
    """Return a number in OKX's format, without trailing zeros."""
    text = fixed(value, digits)
    return text.rstrip("0").rstrip(".") if digits else text


def error(code: str, message: str, *, status: int = 200) -> ApiError:
    """Return an error reply."""
    return ApiError(status, {"code": code, "data": [], "msg": message})
