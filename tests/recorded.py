"""The replies of tests/data on a free port, as three venues whose data is current. Tests can make them fail.

Every time in a reply is shifted by the time since the recording. A time on a grid, such as the open time of a bar, is
shifted by whole steps of its grid. So the newest bar is always the open one, and bars keep their alignment.
"""

from __future__ import annotations

import asyncio
import json
import lzma
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.programs import Market
from virtuoso.domain.clock import epoch_ms
from virtuoso.simulator import binance, bybit, coingecko
from virtuoso.simulator.market import SimulatedMarket as Simulation
from virtuoso.simulator.server import SimulatedExchange
from virtuoso.simulator.venue_api import ApiError, Refusal, VenueApi

FOLDER = Path(__file__).parent / "data"
MINUTE_MS = 60_000
GRIDS_MS = {
    "timestamp": 5 * MINUTE_MS,
    "fundingRateTimestamp": 480 * MINUTE_MS,
    "fundingTime": 480 * MINUTE_MS,
    "nextFundingTime": 480 * MINUTE_MS,
}
MOMENTS = ("time", "ts", "cts", "E", "T", "openTime", "closeTime", "serverTime")
TIMEFRAMES_MS = {
    **dict.fromkeys(("1", "1m"), MINUTE_MS),
    **dict.fromkeys(("5", "5m"), 5 * MINUTE_MS),
    **dict.fromkeys(("30", "30m"), 30 * MINUTE_MS),
    **dict.fromkeys(("240", "4h"), 240 * MINUTE_MS),
}
NO_UNUSUAL_INTERVALS = "/fapi/v1/fundingInfo"  # not recorded: all recorded markets pay every 8 hours
BAR_TIMES = (0, 6)  # columns of a kline row: the open time and, for Binance, the close time


class Recording:
    """A venue with recorded replies. `wire` is the simulated venue, which writes the errors. Bars and series do not move
    until the next `begin`."""

    def __init__(self, venue: str, wire: VenueApi) -> None:
        self.PREFIXES = wire.PREFIXES
        self._wire = wire
        self._replies: dict[str, list[Mapping[str, Any]]] = {}
        self._given: dict[str, int] = {}
        for line in lzma.decompress((FOLDER / f"{venue}.jsonl.xz").read_bytes()).splitlines():
            reply = json.loads(line)
            self._replies.setdefault(_place(reply["path"], reply["query"]), []).append(reply)
        self._began_ms = 0
        self.begin()

    def begin(self, now_ms: int | None = None) -> None:
        """Shift bars and series so that the newest bar is open now, or at `now_ms`. Start again with each first reply."""
        self._began_ms = epoch_ms() if now_ms is None else now_ms
        self._given.clear()

    def answer(self, market: object, path: str, query: Mapping[str, str], now_ms: int) -> object:
        """Return the recorded reply to this request. Successive calls return successive replies. Raise ApiError when no
        reply was recorded."""
        place = _place(path, query)
        replies = self._replies.get(place)
        if path == NO_UNUSUAL_INTERVALS:
            return []
        if replies is None:
            raise _unknown(path, now_ms)
        self._given[place] = self._given.get(place, -1) + 1
        reply = replies[self._given[place] % len(replies)]
        shift = Shift(reply["received_ms"], now_ms, min(now_ms, self._began_ms))
        body = shift.bars(reply["body"], query["interval"]) if "interval" in query else shift.moved(reply["body"])
        return _limited(body, path, int(query.get("limit") or 10_000))

    def refusal(self, kind: str, now_ms: int) -> Refusal:
        """Return an error as the simulated venue writes it."""
        return self._wire.refusal(kind, now_ms)


class Shift:
    """The shift from the time at which a reply was received to the time at which it is returned. Times on a grid are shifted
    to `bars_ms`."""

    def __init__(self, received_ms: int, now_ms: int, bars_ms: int) -> None:
        self._received_ms, self._now_ms, self._bars_ms = received_ms, now_ms, bars_ms

    def moved(self, body: Any) -> Any:
        """Return a reply whose times, found by their field names, are shifted."""
        if isinstance(body, list):
            return [self.moved(each) if isinstance(each, dict | list) else each for each in body]
        return {name: self._field(name, value) for name, value in body.items()}

    def bars(self, body: Any, interval: str) -> Any:
        """Return a reply of klines with shifted times."""
        by_ms = self._steps(TIMEFRAMES_MS[interval])
        if isinstance(body, list):
            return [[_plus(c, by_ms) if place in BAR_TIMES else c for place, c in enumerate(row)] for row in body]
        rows = [[_plus(row[0], by_ms), *row[1:]] for row in body["result"]["list"]]
        return self.moved({**body, "result": {**body["result"], "list": rows}})

    def _field(self, name: str, value: Any) -> Any:
        if isinstance(value, dict | list):
            return self.moved(value)
        if name == "updated_at":
            return value + (self._now_ms - self._received_ms) // 1000
        if name in GRIDS_MS:
            return _plus(value, self._steps(GRIDS_MS[name]))
        return _plus(value, self._now_ms - self._received_ms) if name in MOMENTS else value

    def _steps(self, step_ms: int) -> int:
        return (self._bars_ms // step_ms - self._received_ms // step_ms) * step_ms


class Recorded(Market):
    """The recorded venues on a port of this process, in a thread. They have the same faults as the simulated venues."""

    def __init__(self) -> None:
        self._venues = {
            "bybit": Recording("bybit", bybit),
            "binance": Recording("binance", binance),
            "coingecko": Recording("coingecko", coingecko),
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = SimulatedExchange(Simulation(0, now_ms=epoch_ms()), venues=self._venues)
        self.port = asyncio.run_coroutine_threadsafe(self._server.start("127.0.0.1:0"), self._loop).result(10)
        self.url = f"http://127.0.0.1:{self.port}"

    def fault(self, mode: str = "ok", exchange: str = "all", **more: Any) -> None:
        """Set a fault as for the simulated exchange. "ok" also shifts the bars, so that the newest ones are open now."""
        super().fault(mode, exchange, **more)
        if mode == "ok":
            for venue in self._venues.values():
                venue.begin()

    def kill(self) -> None:
        """Close the port."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        await self._server.close()
        late = asyncio.all_tasks() - {asyncio.current_task()}  # replies that are delayed on purpose
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _place(path: str, query: Mapping[str, str]) -> str:
    """Return a text that identifies the data of a request, whatever the number of rows."""
    kept = {name: value for name, value in query.items() if name not in ("limit", "category")}
    return f"{path} {json.dumps(kept, sort_keys=True)}"


def _unknown(path: str, now_ms: int) -> ApiError:
    if path.startswith(bybit.PREFIXES):
        refused = {"retCode": 10001, "retMsg": "Not supported symbols", "result": {}, "retExtInfo": {}, "time": now_ms}
        return ApiError(200, refused)
    return ApiError(400, {"code": -1121, "msg": "Invalid symbol."})


def _limited(body: Any, path: str, limit: int) -> Any:
    """Return the newest rows. They come first from Bybit, and last from Binance. Books keep their recorded depth."""
    if isinstance(body, list):
        return body[-limit:]
    if path.startswith(bybit.PREFIXES) and isinstance(rows := body["result"].get("list"), list):
        return {**body, "result": {**body["result"], "list": rows[:limit]}}
    return body


def _plus(value: Any, by_ms: int) -> Any:
    """Return a shifted time in the venue's own type. "" and "0" mean no time and stay as they are."""
    if isinstance(value, str):
        return str(int(value) + by_ms) if value not in ("", "0") else value
    return value + by_ms if value else value
