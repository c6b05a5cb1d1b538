"""Panels for tests of the outlook: generated ones, and the recorded year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.programs import SHARED
from virtuoso.analysis.outlook.panel import STEP_MS, BarPanel

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

RECORDED = SHARED / "replay" / "data" / "binance_4h.npz"
START_MS = 1_728_691_200_000


def recorded_panel() -> BarPanel:
    """Return the recorded year of Binance. Skip the test where it is not here."""
    if not RECORDED.exists():
        pytest.skip("RECORDED BARS ARE NOT HERE: tests on them are skipped (../shared/replay beside the project)")
    with np.load(RECORDED) as file:
        _, high, low, close, volume = (
            np.ascontiguousarray(each.T, dtype=np.float64) for each in file["data"].T.swapaxes(1, 2)
        )
        symbols, first_ms = tuple(file["syms"].tolist()), 1000 * int(file["T_BEG"])
    open_ms = first_ms + STEP_MS * np.arange(len(close), dtype=np.int64)
    return BarPanel(symbols=symbols, open_ms=open_ms, high=high, low=low, close=close, volume=volume)


def generated_panel(seed: int, *, symbols: int = 60, steps: int = 840, planted: float = 0.0) -> BarPanel:
    """Return random walks of different volatility. With `planted`, symbols of a high range fall behind the others. `planted`
    is a share of a bar's deviation, at the deviation of the range's rank."""
    random = np.random.default_rng(seed)
    volatility = 0.005 * np.exp(random.normal(0, 0.7, symbols).clip(-1.5, 1.5))
    market, noise = 0.01 * random.standard_normal((steps, 1)), random.standard_t(5, (steps, symbols))
    rank = np.argsort(np.argsort(volatility)) / (symbols - 1) - 0.5
    returns = market + volatility * (noise - planted * rank / rank.std())
    close = 10 * np.exp(np.cumsum(returns, axis=0))
    before = close / np.exp(returns)
    reach = np.exp(volatility * np.abs(random.standard_normal((2, steps, symbols))))
    names = ("BTCUSDT", *(f"C{number}USDT" for number in range(1, symbols)))
    return BarPanel(
        symbols=names,
        open_ms=START_MS + STEP_MS * np.arange(steps, dtype=np.int64),
        high=np.maximum(close, before) * reach[0],
        low=np.minimum(close, before) / reach[1],
        close=close,
        volume=np.full((steps, symbols), 1e7) / close,
    )


def with_columns(panel: BarPanel, kept: list[int], **arrays: Floats) -> BarPanel:
    """Return a panel with only these columns. `arrays` replace arrays of the panel before."""
    columns = {name: arrays.get(name, getattr(panel, name))[:, kept] for name in ("high", "low", "close", "volume")}
    return BarPanel(symbols=tuple(panel.symbols[i] for i in kept), open_ms=panel.open_ms, **columns)
