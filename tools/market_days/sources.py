"""Markets in this process, as functions of time: the simulator, and the recorded exchange of a folder."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import math
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import orjson

from virtuoso.domain.clock import Clock
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.server import VENUES

Answer = Callable[[str, Mapping[str, str], int], object]
"""(path, query, epoch ms) -> JSON body."""


def simulated(venue: str, start_ms: int, seed: int) -> Answer:
    """Return the simulated market of a seed."""
    market, api = SimulatedMarket(seed, now_ms=start_ms), VENUES[venue]
    return lambda path, query, now_ms: api.answer(market, path, query, now_ms)


class RecordedVenue:
    """A venue of the recorded exchange whose program, `replay_exchange.py`, is in `folder`. It has the recording's clock.

    `tape_date` is a date for its program. With `most_trades`, a reply has at most so many trades, which are then computed
    together. Otherwise each trade is computed once, because successive replies repeat most of them."""

    def __init__(self, folder: Path, venue: str, *, tape_date: str | None = None, most_trades: int | None = None) -> None:
        sys.path.insert(0, str(folder))
        self._program: Any = importlib.import_module("replay_exchange")
        world = self._program.World(tape_date)
        world.off = 0
        options = argparse.Namespace(ws_rate=0.0, ws_ping=180.0, ws_deflate=False, print_requests=False, no_gzip=True)
        server = self._program.Server(world, options)
        if most_trades is not None:
            server.trades = partial(_trades, server, most_trades)
        else:
            for name in ("trade_at", "trade_time", "exec_id"):
                setattr(server, name, cache(getattr(server, name)))
        self._answer = {"bybit": server.bybit, "binance": server.binance}[venue]
        events: Any = importlib.import_module("tape_events")
        self._tape = server.tape(venue)[0]
        self._liquidations = events.Liquidations(argparse.Namespace(server=server, ex=venue, tape=self._tape))

    def __call__(self, path: str, query: Mapping[str, str], now_ms: int) -> object:
        """See Answer."""
        self._program.UNIX = lambda: now_ms / 1000
        return self._answer(path, dict(query))

    def liquidations(self, symbol: str, second: int) -> list[tuple[int, float, float, float]]:
        """Return (epoch ms, price, size, side as in Liquidations) of each position that was closed within a second."""
        closed = self._liquidations.of(self._tape.ix[symbol], second)
        return [(time_ms, price, size, -1.0 if side == "long" else 1.0) for time_ms, side, size, price, _ in closed]


def _trades(server: Any, most: int, venue: str, symbol: str, limit: int) -> list[tuple[int, int, str, str, bool]]:
    """Return the newest trades, at most `most`. These are the trades of the program, computed together."""
    tape, ticks, decimals, size_decimals = server.tape(venue)
    row, now_s = tape.ix[symbol], server.now_ms(venue) / 1000
    period_s, factor, first = server.trade_clock(venue, symbol)
    newest = int(now_s / period_s)
    numbers = range(newest - min(limit, most) + 1, newest + 1)
    times = np.array([server.trade_time(venue, symbol, n) for n in numbers])
    bars = (times - tape.beg) / 300
    index = np.clip(bars.astype(np.int64), 0, tape.n - 1)
    prices = tape.path(row, index, bars - bars.astype(np.int64))[0].tolist()
    tick, step, template = ticks[row], 10.0 ** -size_decimals[row], server.W.trades_tpl
    trades = []
    for number, time_s, price in zip(numbers, times.tolist(), prices, strict=True):
        _, _, size, maker = template[(first + number) % len(template)]
        level = max(math.floor(price / tick) + (0 if maker else 1), 1)
        amount = max(step, round(size * factor / step) * step)
        if time_s <= now_s:
            text = f"{level * tick:.{decimals[row]}f}", f"{amount:.{size_decimals[row]}f}"
            trades.append((number, int(time_s * 1000), *text, maker))
    return trades


class LocalExchange(CcxtExchange):
    """A venue that is answered in this process, at the time of `clock`."""

    def __init__(self, venue: str, answer: Answer, clock: Clock) -> None:
        super().__init__(venue, clock=clock, session=_Session(answer, clock))

    def _check_pause(self) -> None:
        """Do nothing, because every request is allowed."""


class _Session:
    """An HTTP session for ccxt's client without a network."""

    def __init__(self, answer: Answer, clock: Clock) -> None:
        self.headers: Mapping[str, str] = {}
        self._answer, self._clock = answer, clock

    @contextlib.asynccontextmanager
    async def get(self, url: Any, **_: Any) -> AsyncIterator[_Response]:
        """Yield the reply at the current time."""
        parts = urlsplit(str(url))
        yield _Response(self._body(parts.path, dict(parse_qsl(parts.query))))

    def _body(self, path: str, query: Mapping[str, str]) -> str:
        return orjson.dumps(self._answer(path, query, self._clock.now_ms()), option=orjson.OPT_SERIALIZE_NUMPY).decode()

    async def close(self) -> None:
        """Do nothing, because there is no connection."""


class _Response:
    """The part of aiohttp's response that ccxt reads."""

    status, reason = 200, ""

    def __init__(self, body: str) -> None:
        self.headers: Mapping[str, str] = {}
        self._body = body

    async def text(self, **_: Any) -> str:
        return self._body
