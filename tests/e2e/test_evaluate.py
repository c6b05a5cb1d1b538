"""`virtuoso evaluate` on a simulated exchange over the wire, and on a real history file."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import signal as signals
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.contract.histories import outlook, signal
from tests.programs import Simulated
from virtuoso.domain.model import Candles, DimensionKind, Environment, Instrument, Timeframe
from virtuoso.domain.records import ScorePoint
from virtuoso.evaluate.evaluate import Console, EvaluationSettings, evaluate_candles, evaluate_history
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.history.factory import open_history_writer

STEP_MS, STEPS, SYMBOLS = 300_000, 500, 24
SIGNALS = [
    signal(number, symbol=f"A{number}USDT", opened_ms=1_760_000_400_000 - 3_600_000 * number, venue="bybit")
    for number in (2, 3)
]
DIMENSIONS = tuple(kind.lower_name for kind in DimensionKind)


class Counted(CcxtExchange):
    """An exchange that counts the requests for bars."""

    requests = 0

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        self.requests += 1
        return await super().candles(instrument, timeframe, limit=limit, before_ms=before_ms)


async def run(simulated: Simulated, folder: Path, now_ms: int) -> tuple[int, str, str, int]:
    """Return (exit code, report, progress, number of requested pages of bars)."""
    exchange, out, err = Counted("bybit", url=simulated.url), io.StringIO(), io.StringIO()
    try:
        code = await evaluate_candles(
            exchange,
            EvaluationSettings(environment=Environment.SIMULATED, days=2, symbols=22, output=folder / "report", seed=1),
            min_turnover_usd=0.0,
            cache=folder / "bars",
            clock=lambda: now_ms,
            console=Console(out=out, err=err),
        )
    finally:
        await exchange.close()
    return code, out.getvalue(), err.getvalue(), exchange.requests


@pytest.mark.timeout(300)
async def test_an_evaluation_of_candles_writes_text_and_pictures_and_requests_bars_once(
    simulated: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = time.time_ns() // 1_000_000
    code, report, progress, requests = await run(simulated, tmp_path, now_ms)
    assert code == 0
    assert requests > 22 * 3
    assert "candles of bybit (SIMULATED), 22 symbols, 576 steps" in report
    assert "orderflow, orderbook and sentiment could not be evaluated" in report
    assert "the total score could not be evaluated" in report
    assert "No look-ahead: in 3 symbols all bars after a step were replaced" in report
    assert re.search(r"^candles_together +1 h +[+-]0\.\d{4} ", report, re.MULTILINE)
    assert re.search(r"^momentum_24h +15 m ", report, re.MULTILINE)
    assert re.search(r"^- Higher confidence was ", report, re.MULTILINE)
    assert re.search(r"^accumulation_4h +24 h ", report, re.MULTILINE)
    assert "symbols fetched and replayed: 22 of 22" in progress
    files = sorted(path.name for path in (tmp_path / "report").iterdir())
    pictures = ["components.png", "deciles.png", "ic.png", "regime.png"]
    assert files == sorted([*pictures, "evaluation.html", "evaluation.txt"])
    assert all((tmp_path / "report" / name).read_bytes().startswith(b"\x89PNG\r\n") for name in pictures)
    page = (tmp_path / "report" / "evaluation.html").read_text()
    assert page.count('src="data:image/png;base64,') == 4
    assert "://" not in re.sub(r'src="[^"]*"', "", page)
    assert (tmp_path / "report" / "evaluation.txt").read_text() == report

    drawn = {Path(name).stem: (tmp_path / "report" / name).read_bytes() for name in pictures}
    monkeypatch.setattr("virtuoso.evaluate.plots.draw_all", lambda _: drawn)  # the same pictures take seconds to draw again
    again = await run(simulated, tmp_path, now_ms)
    assert again[:2] == (0, report)
    assert again[3] < requests / 10  # only those that could not be cached


async def test_an_evaluation_of_a_history_has_all_six_dimensions(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    end_ms = 1_760_000_400_000 // STEP_MS * STEP_MS
    moves = 0.002 * rng.normal(size=(STEPS, SYMBOLS))
    price = 10 * np.exp(np.cumsum(moves, axis=0))
    next_returns = np.roll(moves, -2, axis=0) + 0.002 * rng.normal(size=moves.shape)  # the returns after the next step
    history = open_history_writer(f"sqlite:///{tmp_path / 'history.db'}", timeout_s=30)
    scores = {name: 50 + 10 * rng.normal(size=moves.shape).clip(-4, 4) for name in DIMENSIONS[:-1]}
    scores["orderflow"] = (50 + 5_000 * next_returns).clip(0, 100)
    points = [
        ScorePoint(
            venue="bybit",
            symbol=f"A{column}USDT",
            observed_ms=end_ms - (STEPS - row) * STEP_MS + 1_000,
            price=float(price[row, column]),
            score=float(np.mean([values[row, column] for values in scores.values()])),
            **{name: float(values[row, column]) for name, values in scores.items()},
        )
        for row in range(STEPS)
        for column in range(SYMBOLS)
    ]
    out, err = io.StringIO(), io.StringIO()
    try:
        await history.write(points, SIGNALS)
        await history.write_outlooks([outlook(0, bar_ms=end_ms - 9_000_000, move_percent=1.0, beat=1.0)])
        code = await evaluate_history(
            history,
            "bybit",
            EvaluationSettings(environment=Environment.SIMULATED, days=2, symbols=100, output=tmp_path / "report", seed=1),
            clock=lambda: end_ms,
            console=Console(out=out, err=err),
        )
        empty_code = await evaluate_history(
            history,
            "binance",
            EvaluationSettings(environment=Environment.SIMULATED, days=2, symbols=100, output=tmp_path / "none", seed=1),
            clock=lambda: end_ms,
            console=Console(out=out, err=err),
        )
    finally:
        await history.close()
    report = out.getvalue()
    assert code == 0
    assert re.search(r"^- orderflow predicts over 15 m", report, re.MULTILINE)
    assert re.search(r"^- score predicts over 15 m", report, re.MULTILINE)
    assert re.search(r"^- technical shows nothing over 15 m", report, re.MULTILINE)
    assert "sentiment could not be evaluated: no step has 20 symbols with a score" in report
    assert "components could not be evaluated" in report
    assert re.search(r"^move in 15 m, bp +2 ", report, re.MULTILINE)
    assert re.search(r"^- Outlooks: of 1 that were said and have ended", report, re.MULTILINE)
    assert "What followed confidence could not be evaluated" in report
    assert "Signals: too few for an interval" in report
    assert (empty_code, list((tmp_path / "none").iterdir())) == (1, [])
    assert "no score of binance in the last 2 days" in err.getvalue()


WORK = """
import asyncio, sys
from virtuoso.evaluate.workers import worker_pool
import time
async def main():
    async with worker_pool() as pool:
        print(await asyncio.get_running_loop().run_in_executor(pool, __import__("os").getpid), flush=True)
        await asyncio.get_running_loop().run_in_executor(pool, time.sleep, 60)
if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_worker_processes_end_with_the_command(tmp_path: Path) -> None:
    script = tmp_path / "work.py"
    script.write_text(WORK)
    parent = await asyncio.create_subprocess_exec(sys.executable, str(script), stdout=subprocess.PIPE)
    assert parent.stdout is not None
    worker = int(await parent.stdout.readline())
    os.kill(parent.pid, signals.SIGKILL)
    await parent.wait()
    with contextlib.suppress(ProcessLookupError):
        for _ in range(200):
            os.kill(worker, 0)
            await asyncio.sleep(0.05)
        pytest.fail(f"process {worker} still runs")
