"""All simulated venues on one HTTP port, with path prefixes for each venue, with streams and with faults on demand.

POST /__admin {"mode": …, "exchange": …}   sets a fault (see `faults`)
GET /__admin                               returns all faults
GET /__stats?recent=50                     returns the counts of requests, the last 50 requests, and the counts of streams
POST /__stats/reset                        resets the counts
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping

from aiohttp import web

from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.http_server import HttpServer
from virtuoso.simulator import binance, bybit, coingecko, okx
from virtuoso.simulator.faults import BLOCK_PAGE, RESTRICTED_LOCATION, WELCOME_PAGE, Faults, with_bad_numbers, without_rows
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.statistics import RequestStatistics
from virtuoso.simulator.streams.server import StreamServer
from virtuoso.simulator.venue_api import ApiError, VenueApi

VENUES: Mapping[str, VenueApi] = {"bybit": bybit, "binance": binance, "okx": okx, "coingecko": coingecko}
# The numbers in the lists of instruments are never replaced by bad ones.
INSTRUMENT_LISTS = ("instruments-info", "exchangeInfo", "public/instruments")
JSON = {"Content-Type": "application/json"}

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class SimulatedExchange:
    """The venues of `market` on one port. `venues` maps each venue to its API. `clock` returns epoch ms."""

    def __init__(
        self,
        market: SimulatedMarket,
        *,
        clock: Callable[[], int] = epoch_ms,
        venues: Mapping[str, VenueApi] = VENUES,
    ) -> None:
        self._market, self._clock, self._venues = market, clock, venues
        self._faults = Faults(venues)
        self._statistics = RequestStatistics()
        # Only the simulated market streams. Other data behind these paths has no streams.
        self._streams = StreamServer(market, clock) if venues is VENUES else None
        self._port: HttpServer | None = None

    async def start(self, address: str) -> int:
        """Listen on "host:port" (port 0: any free port) and return the port. Raise OSError when it is not available."""
        application = web.Application()
        application.router.add_get("/__stats", self._stats)
        application.router.add_post("/__stats/reset", self._reset)
        application.router.add_get("/__admin", self._admin)
        application.router.add_post("/__admin", self._admin)
        application.router.add_get("/{path:.*}", self._answer)
        self._port = HttpServer(application, shutdown_timeout_s=0.2)
        port = await self._port.start(address)
        if self._streams is not None:
            self._streams.start()
        return port

    async def close(self) -> None:
        """Stop listening. Idempotent."""
        if self._streams is not None:
            await self._streams.close()
        if self._port is not None:
            await self._port.close()

    async def _admin(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            try:
                venues = self._faults.set(await request.json(), self._clock())
            except ValueError as error:
                return web.json_response({"error": str(error)}, status=400)
            if self._streams is not None:
                for venue in venues:
                    self._streams.set_fault(venue, self._faults.streams[venue])
        return web.json_response(self._current_faults())

    async def _stats(self, request: web.Request) -> web.Response:
        recent = request.query.get("recent", "0")
        counts = self._statistics.to_json(int(recent) if recent.isdigit() else 0)
        return web.json_response({**counts, "faults": self._current_faults(), "streams": self._stream_counts()})

    async def _reset(self, _: web.Request) -> web.Response:
        self._statistics = RequestStatistics()
        for venue in self._streams.venues.values() if self._streams is not None else ():
            venue.reset_counts()
        return web.json_response({"ok": True})

    def _current_faults(self) -> Mapping[str, object]:
        faults, streams = self._faults.current, self._faults.streams
        return {venue: {**faults[venue].to_json(), "streams": streams[venue].to_json()} for venue in faults}

    def _stream_counts(self) -> Mapping[str, object]:
        venues = self._streams.venues if self._streams is not None else {}
        return {name: venue.to_json(self._clock()) for name, venue in venues.items()}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._streams is not None and self._streams.serves(request.path):
            return await self._streams.serve(request)
        venue = next((name for name, api in self._venues.items() if request.path.startswith(api.PREFIXES)), None)
        statistics, status = self._statistics, None
        statistics.begin(venue or "unknown", request.path, request.path_qs)
        try:
            if venue is None:
                response: web.StreamResponse = web.json_response({"error": "not found", "path": request.path}, status=404)
            else:
                response = await self._venue_response(venue, request)
            status = response.status
            return response
        finally:
            statistics.end(status)

    async def _venue_response(self, venue: str, request: web.Request) -> web.StreamResponse:
        """Return the venue's response under its current fault."""
        fault = self._faults.current[venue]
        mode = fault.mode_for(request.path_qs, random.random())  # noqa: S311 - not a secret
        if fault.latency_ms and (mode != "ok" or fault.mode == "ok"):
            await asyncio.sleep(fault.latency_ms / 1000)
        if mode != "ok":
            self._statistics.fault(venue, mode)
        now_ms = fault.frozen_ms if mode == "stale" and fault.frozen_ms is not None else self._clock()
        if mode == "down":
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)  # never sent, because the connection is closed
        if mode in ("429", "bybit_10006"):
            status, refusal, headers = self._venues[venue].refusal("429" if mode == "429" else "ban", now_ms)
            return web.Response(status=status, body=_json(refusal), headers={**JSON, **headers})
        if mode == "html_403":
            headers = {"X-Cache": "Error from cloudfront"}
            return web.Response(status=403, text=BLOCK_PAGE, content_type="text/html", headers=headers)
        if mode == "451":
            return web.Response(status=451, body=_json(RESTRICTED_LOCATION), headers=JSON)
        if mode == "garbage":
            return web.Response(text=WELCOME_PAGE, content_type="text/html")
        return await self._data_response(venue, request, mode, now_ms)

    async def _data_response(self, venue: str, request: web.Request, mode: str, now_ms: int) -> web.StreamResponse:
        """Return a response with the venue's data, complete or corrupted according to `mode`."""
        try:
            body, status = self._venues[venue].answer(self._market, request.path, request.query, now_ms), 200
        except ApiError as error:
            body, status = error.body, error.status
        if mode == "empty":
            body = without_rows(body)
        elif mode in ("nan", "nulls") and not any(name in request.path for name in INSTRUMENT_LISTS):
            body = with_bad_numbers(body, mode)
        data = _json(body)
        if mode != "truncated":
            return web.Response(status=status, body=data, headers=JSON)
        response = web.StreamResponse(status=status, headers={**JSON, "Content-Length": str(len(data))})
        await response.prepare(request)
        await response.write(data[: len(data) // 2])
        if request.transport is not None:
            request.transport.close()
        return response


def _json(body: object) -> bytes:
    return _encode(body).encode()
