"""The perpetuals of the simulated world. Names are those of well-known coins so that a dashboard looks familiar; price
levels are round numbers of our own, and nothing here was recorded anywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

DAY_MS = 86_400_000
EPOCH_MS = 1_704_067_200_000  # 2024-01-01; the world has no earlier history


@dataclass(frozen=True, slots=True)
class Listing:
    """One perpetual, the same on every venue. A unit is `multiplier` coins."""

    base: str  # the asset, "BTC", "PEPE"; the key of every method of Market
    multiplier: int  # coins in a unit: 1, or 1000 where venues list 1000PEPE
    tick: float  # price step, USDT a unit
    lot: float  # size step, units
    launched_ms: int  # nothing is known before

    @property
    def name(self) -> str:
        """As most venues write it: "BTC", "1000PEPE"."""
        return self.base if self.multiplier == 1 else f"{self.multiplier}{self.base}"

    @property
    def price_digits(self) -> int:
        """Decimals of a price."""
        return max(0, -round(math.log10(self.tick)))

    @property
    def size_digits(self) -> int:
        """Decimals of a size."""
        return max(0, -round(math.log10(self.lot)))


@dataclass(frozen=True, slots=True)
class Nature:
    """What makes a listing behave as it does."""

    price: float  # USDT a unit, about which it wanders
    turnover: float  # USDT a day, about
    sigma: float  # of a day's log return by its own doing, beside market and sector
    beta: float  # to the market
    sector: str
    jumps: float  # a day, of its own


# base, multiplier, price, turnover in millions a day, own daily volatility in percent, beta; by sector
_SECTORS: dict[str, tuple[tuple[str, int, float, float, float, float], ...]] = {
    "major": (
        ("BTC", 1, 100_000, 9_000, 0.8, 1.0),
        ("ETH", 1, 4_000, 6_500, 1.3, 1.25),
        ("XRP", 1, 2.5, 1_400, 2.2, 1.15),
        ("BNB", 1, 900, 700, 1.4, 0.9),
        ("LTC", 1, 100, 260, 1.8, 1.05),
        ("BCH", 1, 500, 190, 2.0, 1.05),
        ("TRX", 1, 0.3, 90, 1.1, 0.5),
        ("ETC", 1, 20, 60, 2.0, 1.2),
    ),
    "platform": (
        ("SOL", 1, 200, 3_800, 2.0, 1.4),
        ("ADA", 1, 0.7, 420, 2.2, 1.35),
        ("AVAX", 1, 25, 360, 2.4, 1.45),
        ("SUI", 1, 3, 620, 2.9, 1.5),
        ("DOT", 1, 4, 170, 2.1, 1.3),
        ("NEAR", 1, 2.5, 150, 2.6, 1.45),
        ("APT", 1, 4, 130, 2.6, 1.45),
        ("ATOM", 1, 4, 70, 2.1, 1.25),
        ("TON", 1, 2.5, 90, 2.2, 1.1),
        ("HBAR", 1, 0.2, 140, 2.8, 1.3),
        ("ALGO", 1, 0.2, 45, 2.4, 1.3),
        ("SEI", 1, 0.25, 85, 3.1, 1.5),
        ("ICP", 1, 4, 50, 2.5, 1.3),
        ("XLM", 1, 0.35, 110, 2.4, 1.2),
        ("KAS", 1, 0.07, 22, 3.0, 1.2),
    ),
    "layer2": (
        ("ARB", 1, 0.4, 160, 2.7, 1.55),
        ("OP", 1, 0.6, 120, 2.8, 1.55),
        ("STRK", 1, 0.12, 30, 3.2, 1.5),
        ("ZK", 1, 0.05, 24, 3.3, 1.5),
        ("POL", 1, 0.2, 48, 2.3, 1.35),
        ("MNT", 1, 1.5, 75, 3.2, 1.1),
        ("IMX", 1, 0.5, 20, 2.8, 1.4),
    ),
    "defi": (
        ("LINK", 1, 20, 720, 2.3, 1.35),
        ("UNI", 1, 8, 230, 2.6, 1.35),
        ("AAVE", 1, 250, 310, 2.6, 1.4),
        ("HYPE", 1, 40, 980, 3.4, 1.3),
        ("ENA", 1, 0.5, 340, 3.6, 1.6),
        ("CRV", 1, 0.6, 95, 3.0, 1.35),
        ("LDO", 1, 1, 85, 3.0, 1.45),
        ("PENDLE", 1, 4, 40, 3.2, 1.4),
        ("JUP", 1, 0.4, 44, 3.1, 1.4),
        ("ONDO", 1, 0.8, 130, 2.8, 1.35),
        ("DYDX", 1, 0.5, 21, 3.0, 1.4),
    ),
    "meme": (
        ("DOGE", 1, 0.2, 1_700, 2.8, 1.45),
        ("PEPE", 1000, 0.008, 640, 3.6, 1.6),
        ("SHIB", 1000, 0.012, 150, 2.6, 1.3),
        ("BONK", 1000, 0.02, 120, 4.0, 1.6),
        ("FLOKI", 1000, 0.08, 60, 3.8, 1.5),
        ("WIF", 1, 0.6, 210, 4.3, 1.7),
        ("FARTCOIN", 1, 0.5, 260, 5.5, 1.8),
        ("TRUMP", 1, 7, 140, 3.6, 1.2),
        ("PENGU", 1, 0.03, 180, 4.6, 1.6),
        ("POPCAT", 1, 0.2, 26, 4.6, 1.6),
    ),
    "ai": (
        ("TAO", 1, 400, 190, 3.6, 1.4),
        ("FET", 1, 0.3, 80, 3.4, 1.5),
        ("RENDER", 1, 2.5, 60, 3.0, 1.45),
        ("WLD", 1, 1, 310, 4.2, 1.5),
        ("VIRTUAL", 1, 1, 130, 4.8, 1.6),
        ("AIXBT", 1, 0.08, 34, 5.4, 1.6),
        ("GRASS", 1, 0.5, 18, 4.8, 1.4),
        ("KAITO", 1, 1, 38, 4.4, 1.3),
    ),
}
_NEW = {"KAITO": 41, "GRASS": 9, "MNT": 3, "ZK": 1}  # days that they have been listed when the world is made


def natures() -> dict[str, Nature]:
    """The nature of every base, in an order of its own."""
    found = {}
    for sector, rows in _SECTORS.items():
        for base, _, price, turnover, sigma, beta in rows:
            found[base] = Nature(price, turnover * 1e6, sigma / 100, beta, sector, jumps=sigma / 2)
    return found


def listings(now_ms: int) -> list[Listing]:
    """All perpetuals, the largest turnover first; new ones count their days back from `now_ms`."""
    rows = sorted((row for rows in _SECTORS.values() for row in rows), key=lambda row: -row[3])
    found = []
    for place, (base, multiplier, price, *_) in enumerate(rows):
        age = _NEW.get(base)
        launched = EPOCH_MS + place * DAY_MS if age is None else now_ms // DAY_MS * DAY_MS - age * DAY_MS
        tick = 10.0 ** math.floor(math.log10(price * 5e-5) + 1e-9)
        lot = 10.0 ** math.floor(math.log10(10 / price) + 1e-9)
        found.append(Listing(base, multiplier, round(tick, 12), round(lot, 6), launched + 8 * 3_600_000))
    return found
