"""A recording of streams gives the same scores, byte for byte, whatever disturbs the streams."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.e2e.product import Product, eventually
from tests.programs import Market
from virtuoso.recording.contents import describe

pytestmark = pytest.mark.timeout(300)
VENUE = "binance"  # its reader has all calls: frames, and order books from requests
FAULTS = ("ws_gap", "ws_crossed", "ws_nan", "ws_dup", "ws_drop", "ws_restart")


def test_streams_are_recorded_with_all_their_disturbances(tmp_path: Path, replay: Market) -> None:
    file = tmp_path / "market.recording"
    node = Product(tmp_path, replay.url, streams="auto", symbol_limit="6", exchanges=VENUE, history="none")
    try:
        recorder = node.start("record", str(file), "--minutes", "5")
        eventually(
            lambda: file.exists() and file.stat().st_size > 0 and "snapshots: none" not in describe(file),
            bool,
            60,
            "a snapshot",
        )
        for fault in FAULTS:
            replay.fault(fault, VENUE, **({"prob": 0.3} if fault in ("ws_nan", "ws_dup") else {}))
            time.sleep(1)
            replay.fault("ok")
        recorder.terminate()
        assert recorder.wait(60) == 0, node.logs()
        contents = describe(file)
        assert " 0 frames of streams" not in contents
        checked = node.start("replay", str(file), "--check")
        assert checked.wait(120) == 0, node.logs()
        assert "all are the same, byte for byte" in node.logs()
    finally:
        node.close()
