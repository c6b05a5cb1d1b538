"""Files in the venue's format, made of the recorded market, give the scores that the live adapter and the live code give."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.programs import Replay
from tests.unit.evaluate.archive.published import KLINE_HEAD, METRICS_HEAD, zipped
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.model import DimensionKind, SymbolInputs, Timeframe
from virtuoso.evaluate.archive.day import FEATURES, Carried, replay_day
from virtuoso.evaluate.archive.files import find_files
from virtuoso.exchange.adapter import CcxtExchange

SYMBOL, FIVE_MINUTES = "ETHUSDT", 300_000


def fetched(replay: Replay, path: str, **query: str) -> list[Any]:
    with urllib.request.urlopen(
        f"{replay.url}{path}?{urllib.parse.urlencode({'symbol': SYMBOL, **query})}", timeout=20
    ) as reply:
        rows: list[Any] = json.load(reply)
    return rows


def publish(replay: Replay, folder: Path, end_ms: int, month: str) -> None:
    """Write the bars, metrics and funding up to `end_ms` as the venue publishes them, in files of `month`."""
    for timeframe in Timeframe:
        rows = fetched(replay, "/fapi/v1/klines", interval=timeframe.value, limit="500", endTime=str(end_ms - 1))
        lines = [KLINE_HEAD, *(",".join(map(str, row)) for row in rows if row[0] + timeframe.ms <= end_ms)]
        zipped(folder / timeframe.value / f"{SYMBOL}-{timeframe.value}-{month}.zip", "\n".join(lines))
    series = [
        fetched(replay, f"/futures/data/{name}", period="5m", limit="200")
        for name in ("openInterestHist", "globalLongShortAccountRatio")
    ]
    by_day: dict[str, list[str]] = {}
    for interest, ratio in zip(*series, strict=True):
        at = datetime.fromtimestamp(interest["timestamp"] / 1000, UTC)
        row = f"{at:%Y-%m-%d %H:%M:%S},{SYMBOL},{interest['sumOpenInterest']},1,1,1,{ratio['longShortRatio']},1"
        by_day.setdefault(f"{at:%Y-%m-%d}", []).append(row)
    for day, lines in by_day.items():
        zipped(folder / f"{SYMBOL}-metrics-{day}.zip", "\n".join([METRICS_HEAD, *lines]))
    paid = fetched(replay, "/fapi/v1/fundingRate", limit="60")
    lines = [f"{row['fundingTime']},8,{row['fundingRate']}" for row in paid]
    header = "calc_time,funding_interval_hours,last_funding_rate"
    zipped(folder / f"{SYMBOL}-fundingRate-{month}.zip", "\n".join([header, *lines]))


async def test_files_of_the_recorded_market_give_the_scores_of_the_live_code(replay: Replay, tmp_path: Path) -> None:
    exchange = CcxtExchange("binance", url=replay.url)
    try:
        [instrument] = [one for one in await exchange.instruments() if one.symbol == SYMBOL]
        newest = await exchange.candles(instrument, Timeframe.M5, limit=2)
        end_ms = int(newest.open_ms[-1]) + FIVE_MINUTES
        begin = datetime.fromtimestamp((end_ms - FIVE_MINUTES) / 1000, UTC).replace(hour=0, minute=0)
        day_before = begin - timedelta(days=1)
        for month in {f"{day:%Y-%m}" for day in (day_before, begin)}:
            publish(replay, tmp_path, end_ms, month)
        candles = {
            timeframe: await exchange.candles(
                instrument, timeframe, limit=400, before_ms=end_ms // timeframe.ms * timeframe.ms
            )
            for timeframe in Timeframe
        }
    finally:
        await exchange.close()
    carried = replay_day(SYMBOL, f"{day_before:%Y-%m-%d}", find_files(tmp_path), Carried()).carried
    result = replay_day(SYMBOL, f"{begin:%Y-%m-%d}", find_files(tmp_path), carried)
    step = (end_ms - round(begin.timestamp() * 1000)) // FIVE_MINUTES - 1
    found = {f.dimension + f.name: v for f, v in zip(FEATURES, result.directions[:, step].tolist(), strict=True)}
    live = score_symbol(SymbolInputs(symbol=SYMBOL, candles=candles), end_ms)
    for dimension in live.dimensions:
        name = dimension.kind.lower_name
        if dimension.kind in (DimensionKind.TECHNICAL, DimensionKind.VOLUME, DimensionKind.PRICE_STRUCTURE):
            assert found[name] == pytest.approx(dimension.direction, abs=2e-6)
        for component in dimension.components:
            if component.direction is not None:
                assert found[name + component.name] == pytest.approx(component.direction, abs=2e-6), component.name
    assert np.isfinite([found["orderflowtaker_volume"], found["orderflowpositioning"]]).all()
    assert np.isfinite([found[f"sentiment{name}"] for name in ("funding", "open_interest", "accounts")]).all()
    assert result.price[step] == candles[Timeframe.M5].close[-1]
