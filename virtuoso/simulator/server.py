"""One HTTP port that speaks all simulated venues, told apart by path, and breaks on demand:

POST /__admin {"mode": …, "exchange": …} sets a fault (see `faults`), GET /__admin tells them, GET /__stats?recent=50 counts
requests by path, POST /__stats/reset starts counting anew.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping

from aiohttp import web

from virtuoso.domain.addresses import parse_address
from virtuoso.domain.clock import epoch_ms
from virtuoso.simulator import binance, bybit, coingecko, okx
from virtuoso.simulator.faults import BLOCK_PAGE, LOCATION, WELCOME_PAGE, Faults, hollow, poisoned
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.wires import Unknown, Wire

WIRES: Mapping[str, Wire] = {"bybit": bybit, "binance": binance, "okx": okx, "coingecko": coingecko}
LISTS = ("instruments-info", "exchangeInfo", "public/instruments")  # of what is traded: never poisoned
RECENT = 500


class SimulatedExchange:
    """The venues of `market` on one port. `clock` gives epoch ms."""

    def __init__(self, market: SimulatedMarket, *, clock: Callable[[], int] = epoch_ms) -> None:
        self._market, self._clock = market, clock
        self._faults = Faults(WIRES)
        self._count = Count()
        self._runner: web.AppRunner | None = None

    async def start(self, address: str) -> int:
        """Listen on "host:port" (port 0: any free one); the bound port. OSError when it cannot be had."""
        host, port = parse_address(address)
        application = web.Application()
        application.router.add_get("/__stats", self._stats)
        application.router.add_post("/__stats/reset", self._reset)
        application.router.add_get("/__admin", self._admin)
        application.router.add_post("/__admin", self._admin)
        application.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port, reuse_port=False).start()
        except OSError:
            await self.close()
            raise
        bound: int = self._runner.addresses[0][1]
        return bound

    async def close(self) -> None:
        """Stop listening. Idempotent."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _admin(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            try:
                self._faults.set(await request.json(), self._clock())
            except ValueError as error:
                return web.json_response({"error": str(error)}, status=400)
        return web.json_response({venue: fault.told for venue, fault in self._faults.current.items()})

    async def _stats(self, request: web.Request) -> web.Response:
        recent = request.query.get("recent", "0")
        faults = {venue: fault.told for venue, fault in self._faults.current.items()}
        return web.json_response({**self._count.told(int(recent) if recent.isdigit() else 0), "faults": faults})

    async def _reset(self, _: web.Request) -> web.Response:
        self._count = Count()
        return web.json_response({"ok": True})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        venue = next((name for name, wire in WIRES.items() if request.path.startswith(wire.PREFIXES)), None)
        self._count.begin(venue or "unknown", request)
        try:
            if venue is None:
                response: web.StreamResponse = web.json_response({"error": "not found", "path": request.path}, status=404)
            else:
                response = await self._faulty(venue, request)
        finally:
            self._count.inflight -= 1
        self._count.by_status[str(response.status)] += 1
        return response

    async def _faulty(self, venue: str, request: web.Request) -> web.StreamResponse:
        """What the venue answers, as its fault has it."""
        fault = self._faults.current[venue]
        mode = fault.mode_for(request.path_qs, random.random())  # noqa: S311 - not a secret
        if fault.latency_ms and (mode != "ok" or fault.mode == "ok"):
            await asyncio.sleep(fault.latency_ms / 1000)
        if mode != "ok":
            self._count.faulted[f"{venue}:{mode}"] += 1
        now_ms = fault.frozen_ms if mode == "stale" and fault.frozen_ms is not None else self._clock()
        if mode == "down":
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)  # nobody reads it
        if mode in ("429", "bybit_10006"):
            status, refused, headers = WIRES[venue].refusal("429" if mode == "429" else "ban", now_ms)
            return web.Response(status=status, body=_json(refused), headers={**JSON, **headers})
        if mode == "html_403":
            headers = {"X-Cache": "Error from cloudfront"}
            return web.Response(status=403, text=BLOCK_PAGE, content_type="text/html", headers=headers)
        if mode == "451":
            return web.Response(status=451, body=_json(LOCATION), headers=JSON)
        if mode == "garbage":
            return web.Response(text=WELCOME_PAGE, content_type="text/html")
        return await self._told(venue, request, mode, now_ms)

    async def _told(self, venue: str, request: web.Request, mode: str, now_ms: int) -> web.StreamResponse:
        try:
            body, status = WIRES[venue].answer(self._market, request.path, request.query, now_ms), 200
        except Unknown as unknown:
            body, status = unknown.body, unknown.status
        if mode == "empty":
            body = hollow(body)
        elif mode in ("nan", "nulls") and not any(name in request.path for name in LISTS):
            body = poisoned(body, mode)
        data = _json(body)
        if mode != "truncated":
            return web.Response(status=status, body=data, headers=JSON)
        response = web.StreamResponse(status=status, headers={**JSON, "Content-Length": str(len(data))})
        await response.prepare(request)
        await response.write(data[: len(data) // 2])
        if request.transport is not None:
            request.transport.close()
        return response


JSON = {"Content-Type": "application/json"}
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def _json(body: object) -> bytes:
    return _encode(body).encode()


class Count:
    """What has been asked since the start or the last reset."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._by_venue, self._by_path = Counter[str](), Counter[str]()
        self.by_status, self.faulted = Counter[str](), Counter[str]()
        self._recent: deque[tuple[float, str, str]] = deque(maxlen=RECENT)
        self._most = self.inflight = 0

    def begin(self, venue: str, request: web.Request) -> None:
        """A request has come; its end takes one from `inflight`."""
        self._by_venue[venue] += 1
        self._by_path[request.path] += 1
        self._recent.append((round(time.time(), 3), venue, request.path_qs))
        self.inflight += 1
        self._most = max(self._most, self.inflight)

    def told(self, recent: int) -> dict[str, object]:
        """As JSON, with the last `recent` requests: [time, venue, path and query]."""
        return {
            "uptime_s": round(time.monotonic() - self._began, 1),
            "total": self._by_venue.total(),
            "by_exchange": self._by_venue,
            "by_path": dict(self._by_path.most_common()),
            "by_status": self.by_status,
            "faulted": self.faulted,
            "max_inflight": self._most,
            "recent": list(self._recent)[-recent:] if recent else [],
        }
