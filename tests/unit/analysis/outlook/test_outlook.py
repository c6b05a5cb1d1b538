"""The laws of the outlook: it knows nothing of later bars, opens only on evidence, and says why it is absent."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.unit.analysis.outlook.panels import generated_panel, with_columns
from virtuoso.analysis.outlook import forecast, record
from virtuoso.analysis.outlook.evidence import evidence
from virtuoso.analysis.outlook.features import FeaturePanel, feature_panel, rank_rows
from virtuoso.analysis.outlook.forecast import fit, outlook_board
from virtuoso.analysis.outlook.judged import judged, said_outlooks, said_record
from virtuoso.analysis.outlook.panel import STEP_MS, BarPanel, panel_of
from virtuoso.analysis.outlook.walk import Walk, row_correlations, walk
from virtuoso.domain.model import Candles, Environment, Stamp, Timeframe
from virtuoso.domain.outlook import Outlook, OutlookAbsence, OutlookBoard, SaidOutlook


@pytest.fixture(scope="module")
def planted() -> BarPanel:
    """Return a market in which a high range is followed by falling behind, with an IC of about .1 at 24 h."""
    return generated_panel(1, planted=0.075)


def board(panel: BarPanel | None, *tracked: str) -> OutlookBoard:
    return outlook_board(panel, "bybit", tracked, computed_ms=1)


def absence_of(found: OutlookBoard, symbol: str) -> OutlookAbsence | None:
    (outlook,) = [each for each in found.outlooks if each.symbol == symbol]
    return outlook.absence


def test_bars_after_a_moment_change_no_prediction_up_to_it(planted: BarPanel) -> None:
    moment = 700
    random = np.random.default_rng(2)
    other = {}
    for name in ("high", "low", "close", "volume"):
        other[name] = getattr(planted, name).copy()
        other[name][moment + 1 :] = other[name][moment + 1 :][:, random.permutation(len(planted.symbols))]
    exchanged = with_columns(planted, list(range(len(planted.symbols))), **other)
    for horizon in (1, 6, 42):
        before, after = (walk(each, feature_panel(each), horizon) for each in (planted, exchanged))
        assert before is not None
        assert after is not None
        assert np.array_equal(before.predictions[: moment + 1], after.predictions[: moment + 1], equal_nan=True)


def test_a_feature_that_sees_one_bar_ahead_is_caught(planted: BarPanel) -> None:
    features = feature_panel(planted)
    moves = np.vstack([np.diff(np.log(planted.close), axis=0), np.zeros((1, len(planted.symbols)))])
    ahead = features.ranks.copy()
    ahead[:, :, 3] = np.nan_to_num(rank_rows(np.where(features.universe, moves + np.roll(moves, -1, 0), np.nan)))
    seen, honest = walk(planted, replace(features, ranks=ahead), 1), walk(planted, features, 1)
    assert seen is not None
    assert honest is not None
    assert np.nanmean(seen.information) > 0.3
    assert np.nanmean(honest.information) < 0.2


def test_a_planted_correlation_opens_the_gate(planted: BarPanel) -> None:
    found = _fitted(planted).evidence
    assert found[1].information.value == pytest.approx(0.1, abs=0.04)
    assert found[1].clear


def test_outcomes_of_other_symbols_rarely_open_the_gate(planted: BarPanel) -> None:
    of = _walk(_fitted(planted), 1)
    random, opened = np.random.default_rng(3), []
    for _ in range(40):
        outcomes = of.outcomes[:, random.permutation(len(planted.symbols))]
        drawn = replace(of, outcomes=outcomes, information=row_correlations(of.predictions, outcomes))
        opened.append(evidence([drawn], len(planted) - 1, seed=1, draws=100)[0].clear)
    assert np.mean(opened) <= 0.05


def test_scaling_prices_or_volumes_changes_nothing(planted: BarPanel) -> None:
    factors = 2.0 ** np.arange(-20, 40)
    scaled = {name: getattr(planted, name) * factors for name in ("high", "low", "close")}
    scaled["volume"] = planted.volume / factors * 4
    model, other = _fitted(planted), fit(with_columns(planted, list(range(len(factors))), **scaled))
    assert other.odds(1) == pytest.approx(model.odds(1), abs=1e-9)
    assert other.intervals(1)[1] == pytest.approx(model.intervals(1)[1], abs=1e-9)


def test_the_interval_of_a_generated_market_covers_80_percent(planted: BarPanel) -> None:
    model = _fitted(planted)
    covered = record.calibrated(planted, model.features, _walk(model, 1), 0)[1]
    assert np.nanmean(covered) == pytest.approx(0.8, abs=0.05)


@cache
def _fitted(panel: BarPanel) -> forecast.Model:
    return fit(panel)


def _walk(model: forecast.Model, index: int) -> Walk:
    found = model.walks[index]
    assert found is not None
    return found


def test_a_clear_record_gives_odds_with_an_interval(planted: BarPanel) -> None:
    found = board(planted, "C1USDT")
    outlook = next(each for each in found.outlooks if each.symbol == "C1USDT")
    assert found.absence is None
    assert outlook.odds is not None
    assert 0 < outlook.odds < 1
    assert outlook.low_percent is not None
    assert outlook.high_percent is not None
    assert outlook.low_percent < outlook.high_percent
    assert found.records[1].calibrated_steps > 0
    assert len(found.records[1].tenths) == 10
    first, last = found.records[1].weeks[0], found.records[1].weeks[-1]
    assert (first.brier, first.interval_coverage) == (None, None)  # no calibration yet
    assert last.brier == pytest.approx(0.25, abs=0.02)
    assert last.interval_coverage == pytest.approx(0.8, abs=0.1)
    assert found.bar_ms == planted.open_ms[-1] + STEP_MS


def test_no_bars_are_unread_bars() -> None:
    assert board(None, "ETHUSDT").outlooks == (Outlook(symbol="ETHUSDT", absence=OutlookAbsence.BARS_UNREAD),)
    assert absence_of(board(generated_panel(4, steps=300), "ETHUSDT"), "ETHUSDT") is OutlookAbsence.BARS_UNREAD


def test_without_an_effect_the_evidence_is_not_clear() -> None:
    assert board(generated_panel(5, symbols=25)).absence is OutlookAbsence.EVIDENCE_NOT_CLEAR


def test_a_short_record_says_nothing() -> None:
    assert board(generated_panel(1, steps=600, planted=0.2)).absence is OutlookAbsence.RECORD_TOO_SHORT


def test_few_symbols_say_nothing() -> None:
    assert board(generated_panel(1, symbols=19, planted=0.2)).absence is OutlookAbsence.TOO_FEW_SYMBOLS


def test_a_symbol_of_its_own_can_lack_an_outlook(planted: BarPanel) -> None:
    close, volume = planted.close.copy(), planted.volume.copy()
    close[-1, 1] = np.nan  # its newest bar did not come
    close[:-180, 2] = np.nan  # 180 bars
    volume[-42:, 3] = 0.9e6 / 6 / close[-42:, 3]  # below 1 million a day
    found = board(with_columns(planted, list(range(60)), close=close, volume=volume), "C1USDT", "C2USDT", "C3USDT")
    assert absence_of(found, "C1USDT") is OutlookAbsence.BARS_LATE
    assert absence_of(found, "C2USDT") is OutlookAbsence.TOO_FEW_BARS
    assert absence_of(found, "C3USDT") is OutlookAbsence.NOT_IN_UNIVERSE


def test_odds_are_shown_as_whole_percent_from_35_to_65() -> None:
    assert [Outlook(symbol="A", odds=odds).odds_percent for odds in (0.2, 0.584, 0.9)] == [35, 58, 65]


def test_ties_have_their_mean_rank_and_missing_values_none() -> None:
    ranks = rank_rows(np.array([[3.0, 1.0, np.nan, 1.0, 2.0]]))
    assert ranks[0] == pytest.approx([0.375, -0.25, np.nan, -0.25, 0.125], nan_ok=True)


def test_the_universe_has_the_largest_turnovers_with_ties_in_order() -> None:
    features: FeaturePanel = feature_panel(generated_panel(6, symbols=25, steps=200), universe_size=20)
    assert features.universe[-1].sum() == 20
    assert not features.universe[179].any()  # 180 bars are 179 returns


def test_bars_of_several_symbols_are_put_on_one_grid() -> None:
    panel = panel_of({"BUSDT": _candles("BUSDT", 2, 3), "AUSDT": _candles("AUSDT", 0, 2)}, max_steps=4)
    assert panel is not None
    assert panel.symbols == ("AUSDT", "BUSDT")
    assert (panel.open_ms // STEP_MS).tolist() == [1, 2, 3, 4]
    assert np.isfinite(panel.close).tolist() == [[True, False], [False, True], [False, True], [False, True]]
    assert panel_of({}, max_steps=4) is None


def _candles(symbol: str, first: int, count: int) -> Candles:
    price = np.ones(count)
    return Candles(
        symbol=symbol,
        timeframe=Timeframe.H4,
        open_ms=STEP_MS * np.arange(first, first + count, dtype=np.int64),
        open=price,
        high=price,
        low=price,
        close=price,
        volume=price,
        stamp=Stamp(observed_ms=1, received_ms=1),
    )


def _said(symbol: str, odds: float, bar_ms: int) -> SaidOutlook:
    return SaidOutlook(
        id=f"{symbol}-{bar_ms}",
        venue="bybit",
        symbol=symbol,
        environment=Environment.LIVE,
        bar_ms=bar_ms,
        odds=odds,
        low_percent=-5.0,
        high_percent=5.0,
    )


def test_an_outlook_is_judged_by_what_was_said_once_its_24_hours_have_ended() -> None:
    names = [f"S{number:02d}USDT" for number in range(20)]
    rising = {
        name: replace(_candles(name, 0, 8), close=1 + 0.001 * rank * np.arange(8, dtype=np.float64))
        for rank, name in enumerate(names)
    }
    outlooks = [_said(name, 0.4 + 0.01 * rank, STEP_MS) for rank, name in enumerate(names)]
    ended = judged(outlooks, rising)
    assert [each.beat for each in ended] == [0.0] * 10 + [1.0] * 10
    assert ended[0].move_percent == pytest.approx(100 * (1 / np.exp(np.log(1 + 0.001 * 9.5 * 6)) - 1), abs=0.01)
    assert [each.odds for each in ended] == [each.odds for each in outlooks]
    assert judged([_said(name, 0.5, 3 * STEP_MS) for name in names], rising) == []  # they have not ended
    assert judged(outlooks[:19], rising) == []  # the median of fewer than 20 symbols is not used
    assert judged(ended, rising) == []
    result = said_record([*ended, _said("S00USDT", 0.5, 3 * STEP_MS)])
    assert (result.count, result.since_ms, result.interval_coverage) == (20, STEP_MS, 0.9)
    assert result.tenths[0].was == 0.0
    assert result.tenths[9].said == pytest.approx(0.585)


def test_only_outlooks_with_odds_are_said(planted: BarPanel) -> None:
    found = board(planted, "XRPUSDT")
    stored = said_outlooks(found, Environment.LIVE)
    assert {each.symbol for each in stored} == {each.symbol for each in found.outlooks if each.odds is not None}
    assert all(each.bar_ms == found.bar_ms for each in stored)
