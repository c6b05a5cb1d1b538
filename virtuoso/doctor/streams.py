"""Checks of the venues' streams: whether they answer this machine, and what a running collector gets by stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import aiohttp

from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain.addresses import Address, format_address, reachable
from virtuoso.domain.clock import Clock
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import ANCHOR, Instrument
from virtuoso.domain.stream_updates import BookUpdate, StreamUpdate, TickerUpdate, TradesUpdate
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.streams.client import VenueStreams
from virtuoso.exchange.streams.facts import StreamFacts, stream_facts
from virtuoso.exchange.streams.readers import new_reader

MONITOR_PORTS = 20  # from that of MONITOR_ADDRESS; a collector uses the first free one
_REPLY_TIMEOUT_S = 1.0
_CLOSE_S = 0.5
_KINDS = {BookUpdate: InputKind.ORDER_BOOK, TradesUpdate: InputKind.TRADES, TickerUpdate: InputKind.TICKERS}


async def check_streams(venue: str, url: str | None, *, timeout_s: float, clock: Clock) -> Finding:
    """Stream the order book, trades and ticker of BTC for at most `timeout_s`. Report which of them come, and how soon."""
    subject, facts = f"streams {venue}", stream_facts(venue)
    if facts is None:
        return Finding(subject, Level.NOT_CHECKED, "this venue has no streams that can be checked")
    heard, error = await _listen(facts, url, timeout_s=timeout_s, clock=clock)
    figures = {f"{kind}_ms": round(1000 * seconds) for kind, seconds in heard.items()}
    if len(heard) == len(_KINDS):
        why = f"order book, trades and ticker of {ANCHOR} stream; all of them after {max(heard.values()):.1f} s"
        return Finding(subject, Level.OK, why, figures=figures)
    missing = ", ".join(kind for kind in _KINDS.values() if kind not in heard)
    why = f"within {timeout_s:.0f} s no {missing} of {ANCHOR}{f': {error}' if error else ''}"
    remedy = (
        f"Check that this machine may open WebSocket connections to {facts.url(_route(facts), url)}. Until then it is polled"
    )
    return Finding(subject, Level.WARNING, why, remedy, figures=figures)


def _route(facts: StreamFacts) -> str:
    return facts.routes.get(InputKind.ORDER_BOOK, "")


async def _listen(
    facts: StreamFacts, url: str | None, *, timeout_s: float, clock: Clock
) -> tuple[dict[InputKind, float], str]:
    """Return (seconds until the first news by kind, the last error)."""
    began, heard, all_heard = time.monotonic(), dict[InputKind, float](), asyncio.Event()

    def listen(updates: Sequence[StreamUpdate]) -> None:
        for update in updates:
            if (kind := _KINDS.get(type(update))) is not None:
                heard.setdefault(kind, time.monotonic() - began)
        if len(heard) == len(_KINDS):
            all_heard.set()

    exchange = CcxtExchange(facts.venue, url=url, timeout_s=timeout_s, clock=clock)
    reader = new_reader(facts.venue)
    if reader is None:
        raise ValueError(f"{facts.venue} has facts of streams, but no reader")
    streams = VenueStreams(facts, reader, url=url, clock=clock, listener=listen, read_book=exchange.order_book_text)
    item = Instrument(symbol=ANCHOR, venue_symbol="BTC/USDT:USDT", base_asset="BTC", multiplier=1)
    reader.set_instruments([item])
    streams.set_symbols([item])
    try:
        streams.start()
        with suppress(TimeoutError):
            await asyncio.wait_for(all_heard.wait(), timeout_s)
        errors = [each.last_error for each in streams.status().values() if each.last_error]
        return heard, errors[0] if errors else ""
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(streams.stop(), exchange.close()), _CLOSE_S)


async def check_collector(monitor: Address) -> list[Finding]:
    """Report what the active collector of this node gets by stream and what by polling, and since when."""
    host, first = reachable(monitor)
    replies = await asyncio.gather(*(_readiness((host, first + number)) for number in range(MONITOR_PORTS)))
    collectors = [(first + number, reply) for number, reply in enumerate(replies) if reply and "streams" in reply]
    active = [each for each in collectors if each[1].get("active")]
    if not active:
        why = "no collector answers" if not collectors else "the collector of this node stands by, so it does not stream"
        return [Finding("streams", Level.NOT_CHECKED, why)]
    return [_collector_finding(format_address((host, port)), reply) for port, reply in active]


async def _readiness(address: Address) -> Mapping[str, Any] | None:
    with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
        timeout = aiohttp.ClientTimeout(total=_REPLY_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{format_address(address)}/readyz") as reply,
        ):
            body = await reply.json()
            return body if isinstance(body, dict) else None
    return None


def _collector_finding(where: str, reply: Mapping[str, Any]) -> Finding:
    used = str(reply.get("uses", ""))
    kinds: Mapping[str, Mapping[str, Any]] = reply["streams"].get(used, {})
    if not kinds:
        return Finding("streams", Level.OK, f"the collector at {where} polls {used or 'no venue'}")
    words = "; ".join(f"{kind} {_state(each)}" for kind, each in kinds.items())
    failing = [kind for kind, each in kinds.items() if each["transport"] != "stream"]
    why = f"the collector at {where} uses {used}: {words}"
    if not failing:
        return Finding("streams", Level.OK, why)
    return Finding(
        "streams", Level.WARNING, why, f"The log of the collector says why {', '.join(failing)} cannot be streamed"
    )


def _state(kind: Mapping[str, Any]) -> str:
    count = f"{kind['streaming']} of {kind['expected']} stream"
    error = f" ({kind['error']})" if kind.get("error") else ""
    return f"{count} since {kind['since'][11:19]} UTC{error}"
