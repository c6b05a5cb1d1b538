"""Faults that change every few seconds, on every venue and path. All replies contain real data with correct times, and are
fast."""

from __future__ import annotations

import itertools
import random
import time
from pathlib import Path

import pytest

from tests.e2e.product import DashboardMonitor, Product, eventually
from tests.programs import Market

MODES = ("down", "slow", "429", "bybit_10006", "garbage", "html_403", "451", "truncated", "nan", "nulls", "stale", "empty")
PATHS = ("", "", "ticker", "kline", "orderbook|depth", "trade", "open-interest|openInterest", "funding")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [7])
def test_no_reply_is_false_slow_or_empty_while_faults_change(tmp_path: Path, replay: Market, seed: int) -> None:
    dice = random.Random(seed)
    node = Product(tmp_path, replay.url, dwell_s="5")
    try:
        node.start("up")
        node.wait_ready()
        with DashboardMonitor(node) as monitor:
            end = time.monotonic() + 60
            for turn in itertools.count():
                if time.monotonic() > end:
                    break
                if turn % 3 == 2:
                    replay.fault("ok")
                replay.fault(
                    dice.choice(MODES),
                    dice.choice(("bybit", "binance", "all")),
                    path=dice.choice(PATHS),
                    prob=dice.choice((0.3, 1)),
                )
                time.sleep(dice.uniform(2, 6))
            replay.fault("ok")
            eventually(node.provenance, lambda p: not p.stale and p.coverage.present >= 18, 120, "well again")
        assert not monitor.wrong
        assert set(monitor.codes) == {"OK"}
        assert "Traceback" not in node.logs()
    finally:
        (tmp_path / "all.txt").write_text(node.logs())
        node.close()
