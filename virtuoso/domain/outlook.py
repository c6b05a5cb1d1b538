"""The outlook: the odds that a symbol beats the median market in the next 24 hours, and the record of such odds.

A move is a log return of a symbol less the median of its universe, as percent: 100 * (exp(move) - 1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from virtuoso.domain.contract_enum import ContractEnum
from virtuoso.domain.model import Environment

STEP_MS = 14_400_000
"""The length of a bar, which is the time between two outlooks."""
LEAST_SHOWN, MOST_SHOWN = 35, 65
"""Odds are shown as whole percent within these."""


class OutlookHorizon(ContractEnum):
    """The time over which the moves of symbols are compared."""

    HOURS_4 = 1
    HOURS_24 = 2
    DAYS_7 = 3

    @property
    def steps(self) -> int:
        """Return the length in bars of 4 hours."""
        return {1: 1, 2: 6, 3: 42}[self.value]


SHOWN_HORIZON = OutlookHorizon.HOURS_24


class OutlookAbsence(ContractEnum):
    """Why nothing is said of a symbol."""

    EVIDENCE_NOT_CLEAR = 1  # the record does not show that such odds are right
    RECORD_TOO_SHORT = 2  # too few steps of 4 hours have been predicted and ended
    TOO_FEW_SYMBOLS = 3  # fewer than 20 symbols can be compared
    TOO_FEW_BARS = 4  # the symbol has fewer than 181 bars of 4 hours without a gap
    BARS_LATE = 5  # the newest bar did not come in time
    NOT_IN_UNIVERSE = 6  # its turnover of 7 days is below 1 million USDT a day, or not among the 200 largest
    BARS_UNREAD = 7  # its bars are not read yet, or the venue did not answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is said of one symbol: `odds` with an interval, or the reason of `absence`."""

    symbol: str
    odds: float | None = None  # of beating the median, 0 to 1
    low_percent: float | None = None  # 8 times in 10 the move ended between low and high
    high_percent: float | None = None
    absence: OutlookAbsence | None = None

    @property
    def odds_percent(self) -> int | None:
        """Return the odds as they are shown: whole percent from 35 to 65."""
        return None if self.odds is None else min(max(round(100 * self.odds), LEAST_SHOWN), MOST_SHOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenth:
    """One tenth of the symbols of each step, by their odds. All numbers are means."""

    said: float  # odds, 0 to 1
    was: float  # share that beat the median, 0 to 1; a tie counts half
    count: int  # predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookWeek:
    """The predictions of one week. Odds and intervals are None before the first calibration."""

    start_ms: int
    steps: int
    information: float  # mean rank correlation of predictions and outcomes
    brier: float | None = None  # mean squared error of the odds
    interval_coverage: float | None = None  # share of moves within the 80 % interval


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonRecord:
    """The out-of-sample record of one horizon: predictions by fits that did not know the outcome. A number is None while
    fewer than 270 steps have ended, or, for odds and interval, while none was calibrated."""

    horizon: OutlookHorizon
    steps: int  # predicted steps of the last 540 whose outcome has ended
    clear: bool  # whether the evidence is clear
    information: float | None = None  # mean rank correlation of predictions and outcomes
    information_low: float | None = None  # its interval of 95 % (Newey-West)
    information_high: float | None = None
    p_newey_west: float | None = None
    p_exchange: float | None = None
    q: float | None = None  # of the greater p, over the horizons
    calibrated_steps: int = 0  # steps with odds from a calibration that did not know the outcome
    brier: float | None = None  # mean squared error of the odds; that of a coin is 0.25
    interval_coverage: float | None = None  # share of moves within the 80 % interval
    tenths: tuple[Tenth, ...] = ()  # lowest odds first; empty without odds
    weeks: tuple[OutlookWeek, ...] = ()  # oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOutlook:
    """An outlook that was shown, as the history keeps it: what was said, when, and what came of it."""

    id: str
    venue: str
    symbol: str
    environment: Environment
    bar_ms: int  # the close of the bar from which the 24 hours count
    odds: float
    low_percent: float
    high_percent: float
    move_percent: float | None = None  # the move of 24 hours less the median of the symbols of that bar; None before its end
    beat: float | None = None  # 1 above the median, 0 below, 1/2 for a tie; None before its end


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidRecord:
    """What came of the outlooks that were shown, as they were shown."""

    count: int  # outlooks whose 24 hours have ended
    since_ms: int | None = None  # the first of them; None without any
    interval_coverage: float | None = None
    brier: float | None = None
    tenths: tuple[Tenth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookBoard:
    """The outlooks of all symbols of a venue at one bar, and their record. It holds until the next bar.

    `outlooks` has each symbol of the universe and each tracked one. `absence` is a reason that holds for all."""

    venue: str
    bar_ms: int | None  # the close of the newest bar; None without bars
    computed_ms: int
    universe: int  # symbols of the universe
    outlooks: tuple[Outlook, ...]  # by symbol
    absence: OutlookAbsence | None = None
    records: tuple[HorizonRecord, ...] = ()
    said: SaidRecord | None = None  # None while the history cannot be read

    def without(self, absence: OutlookAbsence) -> OutlookBoard:
        """Return the board that says nothing, for this reason."""
        return replace(
            self,
            absence=absence,
            outlooks=tuple(Outlook(symbol=each.symbol, absence=absence) for each in self.outlooks),
        )
