"""Rival (b): the dashboard as ordinary FastAPI apps serve it. Each request reads the dashboard's JSON from memcached, parses
it and returns it, which FastAPI encodes. `uvicorn tools.benchmarks.fastapi_app:app`; MEMCACHED is host:port.

Handlers are async, which is the faster of FastAPI's two kinds here, though memcached is asked in the event loop."""

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
async def dashboard():  # type: ignore[no-untyped-def]  # noqa: ANN201, RUF100  # so most are written; FastAPI reads the type
    """One screen; the shape in which most apps return data."""
    return json.loads(cache.get(KEY))


@app.get("/v1/dashboard-typed")
async def typed() -> dict[str, Any]:
    """The same with a declared type, by which newer FastAPI takes a faster way to JSON."""
    found: dict[str, Any] = json.loads(cache.get(KEY))
    return found
