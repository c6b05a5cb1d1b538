"""The perpetuals of the simulated market.

The names are those of well-known coins, so that a dashboard looks familiar. The prices are round numbers that we chose. No
value comes from a real market.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from virtuoso.domain.model import DAY_MS

EPOCH_MS = 1_704_067_200_000  # 2024-01-01, the start of the market's history


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One perpetual, the same on every venue. A unit is `multiplier` coins."""

    base: str  # the asset, such as "BTC" or "PEPE"; the key in every method of SimulatedMarket
    multiplier: int  # 1, or 1000 where venues list 1000PEPE
    tick: float  # price step, USDT per unit
    lot: float  # size step, units
    launched_ms: int  # epoch ms; the listing has no earlier data

    @property
    def name(self) -> str:
        """Return the name that most venues use: "BTC", "1000PEPE"."""
        return self.base if self.multiplier == 1 else f"{self.multiplier}{self.base}"

    @property
    def price_digits(self) -> int:
        """Return the number of decimals of a price."""
        return max(0, -round(math.log10(self.tick)))

    @property
    def size_digits(self) -> int:
        """Return the number of decimals of a size."""
        return max(0, -round(math.log10(self.lot)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceModel:
    """The parameters of the simulation of a listing's price and volume."""

    reference_price: float  # USDT per unit; the price moves around it
    turnover: float  # average USDT per day
    sigma: float  # volatility of the listing's own factor: standard deviation of a day's log return
    beta: float  # sensitivity to the market factor
    sector: str
    jumps_per_day: float


# Turnover is in millions of USDT per day. Sigma is in percent per day.
_TABLE = """
sector    base      mult    price   turn sigma  beta
major     BTC          1   100000   9000   0.8   1.0
major     ETH          1     4000   6500   1.3  1.25
major     XRP          1      2.5   1400   2.2  1.15
major     BNB          1      900    700   1.4   0.9
major     LTC          1      100    260   1.8  1.05
major     BCH          1      500    190   2.0  1.05
major     TRX          1      0.3     90   1.1   0.5
major     ETC          1       20     60   2.0   1.2
platform  SOL          1      200   3800   2.0   1.4
platform  ADA          1      0.7    420   2.2  1.35
platform  AVAX         1       25    360   2.4  1.45
platform  SUI          1        3    620   2.9   1.5
platform  DOT          1        4    170   2.1   1.3
platform  NEAR         1      2.5    150   2.6  1.45
platform  APT          1        4    130   2.6  1.45
platform  ATOM         1        4     70   2.1  1.25
platform  TON          1      2.5     90   2.2   1.1
platform  HBAR         1      0.2    140   2.8   1.3
platform  ALGO         1      0.2     45   2.4   1.3
platform  SEI          1     0.25     85   3.1   1.5
platform  ICP          1        4     50   2.5   1.3
platform  XLM          1     0.35    110   2.4   1.2
platform  KAS          1     0.07     22   3.0   1.2
layer2    ARB          1      0.4    160   2.7  1.55
layer2    OP           1      0.6    120   2.8  1.55
layer2    STRK         1     0.12     30   3.2   1.5
layer2    ZK           1     0.05     24   3.3   1.5
layer2    POL          1      0.2     48   2.3  1.35
layer2    MNT          1      1.5     75   3.2   1.1
layer2    IMX          1      0.5     20   2.8   1.4
defi      LINK         1       20    720   2.3  1.35
defi      UNI          1        8    230   2.6  1.35
defi      AAVE         1      250    310   2.6   1.4
defi      HYPE         1       40    980   3.4   1.3
defi      ENA          1      0.5    340   3.6   1.6
defi      CRV          1      0.6     95   3.0  1.35
defi      LDO          1        1     85   3.0  1.45
defi      PENDLE       1        4     40   3.2   1.4
defi      JUP          1      0.4     44   3.1   1.4
defi      ONDO         1      0.8    130   2.8  1.35
defi      DYDX         1      0.5     21   3.0   1.4
meme      DOGE         1      0.2   1700   2.8  1.45
meme      PEPE      1000    0.008    640   3.6   1.6
meme      SHIB      1000    0.012    150   2.6   1.3
meme      BONK      1000     0.02    120   4.0   1.6
meme      FLOKI     1000     0.08     60   3.8   1.5
meme      WIF          1      0.6    210   4.3   1.7
meme      FARTCOIN     1      0.5    260   5.5   1.8
meme      TRUMP        1        7    140   3.6   1.2
meme      PENGU        1     0.03    180   4.6   1.6
meme      POPCAT       1      0.2     26   4.6   1.6
ai        TAO          1      400    190   3.6   1.4
ai        FET          1      0.3     80   3.4   1.5
ai        RENDER       1      2.5     60   3.0  1.45
ai        WLD          1        1    310   4.2   1.5
ai        VIRTUAL      1        1    130   4.8   1.6
ai        AIXBT        1     0.08     34   5.4   1.6
ai        GRASS        1      0.5     18   4.8   1.4
ai        KAITO        1        1     38   4.4   1.3
"""
# The age of new listings on the day of `now_ms`, in days.
_AGE_DAYS = {"KAITO": 41, "GRASS": 9, "MNT": 3, "ZK": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    sector: str
    base: str
    multiplier: int
    price: float
    turnover: float  # millions of USDT per day
    sigma: float  # percent per day
    beta: float


def _rows() -> Iterator[_Row]:
    for line in _TABLE.strip().splitlines()[1:]:
        sector, base, multiplier, price, turnover, sigma, beta = line.split()
        yield _Row(
            sector=sector,
            base=base,
            multiplier=int(multiplier),
            price=float(price),
            turnover=float(turnover),
            sigma=float(sigma),
            beta=float(beta),
        )


def price_models() -> dict[str, PriceModel]:
    """Return the price model of every base."""
    return {
        row.base: PriceModel(
            reference_price=row.price,
            turnover=row.turnover * 1e6,
            sigma=row.sigma / 100,
            beta=row.beta,
            sector=row.sector,
            jumps_per_day=row.sigma / 2,
        )
        for row in _rows()
    }


def listings(now_ms: int) -> list[Listing]:
    """Return all perpetuals, largest turnover first. The launch times of new ones depend on the day of `now_ms`."""
    return [
        Listing(
            base=row.base,
            multiplier=row.multiplier,
            tick=_step(row.price * 5e-5, digits=12),
            lot=_step(10 / row.price, digits=6),
            launched_ms=_launched_ms(row.base, rank, now_ms),
        )
        for rank, row in enumerate(sorted(_rows(), key=lambda row: -row.turnover))
    ]


def _step(value: float, *, digits: int) -> float:
    """Return the power of ten at or below `value`."""
    return float(round(10.0 ** math.floor(math.log10(value) + 1e-9), digits))


def _launched_ms(base: str, rank: int, now_ms: int) -> int:
    age = _AGE_DAYS.get(base)
    day_ms = EPOCH_MS + rank * DAY_MS if age is None else now_ms // DAY_MS * DAY_MS - age * DAY_MS
    return day_ms + 8 * 3_600_000
