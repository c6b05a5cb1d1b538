"""Baseline (b): the dashboard as typical FastAPI apps serve it. Each request reads the dashboard's JSON from memcached and
parses it. FastAPI encodes it again. Start it with `uvicorn tools.benchmarks.fastapi_app:app`. MEMCACHED is host:port.

Handlers are async. Here they are faster than synchronous handlers, although they read memcached in the event loop."""

from __future__ import annotations

import json
import os
from typing import Any

from fastapi import FastAPI
from pymemcache.client.base import Client

KEY = "dashboard"
app = FastAPI()
cache = Client(os.environ.get("MEMCACHED", "127.0.0.1:11211"))


@app.get("/v1/dashboard")
async def dashboard():  # type: ignore[no-untyped-def]  # noqa: ANN201, RUF100  # most apps are written so; FastAPI reads the type
    """Return one screen without a declared type, as most apps do."""
    return json.loads(cache.get(KEY))


@app.get("/v1/dashboard-typed")
async def typed() -> dict[str, Any]:
    """Return the same with a declared type. Newer versions of FastAPI encode it faster."""
    screen: dict[str, Any] = json.loads(cache.get(KEY))
    return screen
