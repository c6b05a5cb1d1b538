"""What is said of each symbol at the last step, or why nothing is; and the record beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.outlook.calibration import MIN_RECORD_STEPS, Calibration, Matured
from virtuoso.analysis.outlook.evidence import Evidence, evidence
from virtuoso.analysis.outlook.features import UNIVERSE_SIZE, FeaturePanel, feature_panel
from virtuoso.analysis.outlook.panel import STEP_MS, BarPanel
from virtuoso.analysis.outlook.record import horizon_record
from virtuoso.analysis.outlook.walk import MIN_SYMBOLS, Walk, refits, walk
from virtuoso.domain.outlook import SHOWN_HORIZON, Outlook, OutlookAbsence, OutlookBoard, OutlookHorizon

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

HORIZONS = tuple(OutlookHorizon)
SHOWN = HORIZONS.index(SHOWN_HORIZON)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Model:
    """The model of one panel, as known at its last step. The sequences are in the order of HORIZONS."""

    panel: BarPanel
    features: FeaturePanel
    walks: Sequence[Walk | None]
    evidence: Sequence[Evidence]
    calibrations: Sequence[Calibration | None]

    def odds(self, horizon: int) -> Floats:
        """Return the odds of each symbol at the last step. NaN where there are none."""
        walk_, calibration = self.walks[horizon], self.calibrations[horizon]
        if walk_ is None or calibration is None:
            return np.full(len(self.panel.symbols), np.nan)
        return calibration.odds(walk_.predictions[-1])

    def intervals(self, horizon: int) -> tuple[Floats, Floats]:
        """Return the ends of the 80 % interval of each symbol's move at the last step, in percent."""
        walk_, calibration = self.walks[horizon], self.calibrations[horizon]
        if walk_ is None or calibration is None:
            nothing = np.full(len(self.panel.symbols), np.nan)
            return nothing, nothing
        low, high = calibration.intervals(self.features.width_ranks[-1], self.features.width[-1], walk_.horizon)
        return 100 * np.expm1(low), 100 * np.expm1(high)


def fit(panel: BarPanel, *, universe_size: int = UNIVERSE_SIZE, first: int | None = None) -> Model:
    """Return the model of a panel. `first`: see `walk`. The same panel gives the same model."""
    features = feature_panel(panel, universe_size=universe_size)
    walks = [walk(panel, features, horizon.steps, first=first) for horizon in HORIZONS]
    last = len(panel) - 1
    return Model(
        panel=panel,
        features=features,
        walks=walks,
        evidence=evidence(walks, last, seed=int(panel.open_ms[-1] // STEP_MS)),
        calibrations=[Matured(w, features).calibration(int(refits(panel, w.first)[-1])) if w else None for w in walks],
    )


def outlook_board(
    panel: BarPanel | None, venue: str, tracked: Iterable[str], *, computed_ms: int, unread: Iterable[str] = ()
) -> OutlookBoard:
    """Return the outlooks of the universe and of the tracked symbols at the last step of the panel.

    `unread` are symbols whose bars could not be read."""
    names, unread = frozenset(tracked), frozenset(unread)
    if panel is None:
        unknown = OutlookAbsence.BARS_UNREAD
        return OutlookBoard(
            venue=venue,
            bar_ms=None,
            computed_ms=computed_ms,
            universe=0,
            outlooks=tuple(Outlook(symbol=symbol, absence=unknown) for symbol in sorted(names)),
            absence=unknown,
        )
    model = fit(panel)
    absence = _common_absence(model)
    universe = model.features.universe[-1]
    column = {symbol: index for index, symbol in enumerate(panel.symbols)}
    shown = names.union(symbol for symbol, index in column.items() if universe[index])
    odds, (low, high) = model.odds(SHOWN), model.intervals(SHOWN)
    outlooks = []
    for symbol in sorted(shown):
        index = column.get(symbol)
        why = _absence(model, index, unread=symbol in unread) or absence
        if why is not None or index is None:
            outlooks.append(Outlook(symbol=symbol, absence=why))
        else:
            ends = float(low[index]), float(high[index])
            outlooks.append(Outlook(symbol=symbol, odds=float(odds[index]), low_percent=ends[0], high_percent=ends[1]))
    return OutlookBoard(
        venue=venue,
        bar_ms=int(panel.open_ms[-1]) + STEP_MS,
        computed_ms=computed_ms,
        universe=int(universe.sum()),
        outlooks=tuple(outlooks),
        absence=absence,
        records=tuple(
            horizon_record(horizon, model.panel, model.features, walk_, found)
            for horizon, walk_, found in zip(HORIZONS, model.walks, model.evidence, strict=True)
        ),
    )


def _common_absence(model: Model) -> OutlookAbsence | None:
    """Return why nothing is said of any symbol, or None."""
    if model.features.universe[-1].sum() < MIN_SYMBOLS:
        return OutlookAbsence.TOO_FEW_SYMBOLS
    found = model.evidence[SHOWN]
    if found.steps < MIN_RECORD_STEPS or math.isnan(found.q) or model.calibrations[SHOWN] is None:
        return OutlookAbsence.RECORD_TOO_SHORT
    return None if found.clear else OutlookAbsence.EVIDENCE_NOT_CLEAR


def _absence(model: Model, index: int | None, *, unread: bool) -> OutlookAbsence | None:
    """Return why nothing is said of one symbol, or None. `index` is its column."""
    if index is None:
        return OutlookAbsence.BARS_UNREAD
    if not math.isfinite(model.panel.close[-1, index]):
        return OutlookAbsence.BARS_UNREAD if unread else OutlookAbsence.BARS_LATE
    if not model.features.enough_bars[-1, index]:
        return OutlookAbsence.TOO_FEW_BARS
    return None if model.features.universe[-1, index] else OutlookAbsence.NOT_IN_UNIVERSE
