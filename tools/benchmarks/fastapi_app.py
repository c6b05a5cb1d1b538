"""Rival (b): the dashboard as ordinary FastAPI apps serve it. Each request reads the dashboard's JSON from memcached and
parses it; FastAPI encodes it again. `uvicorn tools.benchmarks.fastapi_app:app`; MEMCACHED is host:port.

Handlers are async, the faster of FastAPI's two kinds here, although memcached is read in the event loop."""

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
    """Return one screen, untyped, as most apps do."""
    return json.loads(cache.get(KEY))


@app.get("/v1/dashboard-typed")
async def typed() -> dict[str, Any]:
    """Return the same with a declared type, which newer FastAPI encodes faster."""
    screen: dict[str, Any] = json.loads(cache.get(KEY))
    return screen
