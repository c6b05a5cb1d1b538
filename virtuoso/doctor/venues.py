"""Checks of the exchanges and of CoinGecko with the clients of the product."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import aiohttp

from virtuoso.doctor.certificates import check_certificates
from virtuoso.doctor.clocks import check_clock
from virtuoso.doctor.finding import Finding, Level
from virtuoso.doctor.source_check import SourceCheck, causes_of, nearest_to_zero
from virtuoso.doctor.streams import check_streams
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ExchangeError, RateLimited, VenueBlocked, VenueTimedOut
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.remedies import remedy_for
from virtuoso.exchange.replies import RECORDED_REPLIES, Reply

_CLOSE_S = 0.5
_FRONT_ENDS = ("CloudFront", "Cloudflare", "Akamai")


async def check_sources(
    exchanges: Sequence[str],
    urls: Mapping[str, str],
    coingecko_url: str,
    *,
    streaming: Sequence[str] = (),
    timeout_s: float,
    clock: Clock,
) -> list[Finding]:
    """Query the exchanges and CoinGecko. Return a finding for each, then those for the streams of the exchanges in
    `streaming`, for certificates and for the clock."""
    clients = {name: CcxtExchange(name, url=urls.get(name), timeout_s=timeout_s, clock=clock) for name in exchanges}
    coingecko_task = asyncio.create_task(_ask_coingecko(coingecko_url, timeout_s=timeout_s))
    stream_task = asyncio.gather(
        *(check_streams(name, urls.get(name), timeout_s=timeout_s - _CLOSE_S, clock=clock) for name in streaming)
    )
    venues = await asyncio.gather(
        *(
            _ask_venue(client, secure=urls.get(name, "https:").startswith("https:"), timeout_s=timeout_s)
            for name, client in clients.items()
        )
    )
    coingecko, finding = await coingecko_task
    findings = [*_venue_findings(venues), finding, *await stream_task]
    return [*findings, check_certificates([*venues, coingecko]), check_clock(venues)]


async def _ask_venue(exchange: CcxtExchange, *, secure: bool, timeout_s: float) -> SourceCheck:
    """Read the venue's markets and prices within `timeout_s`, and close the exchange."""
    result, replies = SourceCheck(name=exchange.venue, secure=secure), list[Reply]()
    RECORDED_REPLIES.set(replies)
    what = "list of markets"
    try:
        async with asyncio.timeout(timeout_s):
            start = time.monotonic()
            result.markets = len(await exchange.instruments())
            result.markets_ms, what, start = _ms_since(start), "prices", time.monotonic()
            result.prices = len(await exchange.tickers())
            result.prices_ms = _ms_since(start)
    except TimeoutError:
        result.error = VenueTimedOut(f"no {what} within {timeout_s:.1f} s", venue=exchange.venue)
    except ExchangeError as error:
        result.error = error
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(exchange.close(), _CLOSE_S)
    for reply in replies:
        # If the data of the venue has stopped, the clock of its front end is still correct. Use the nearer clock.
        clocks = [clock for clock in (reply.own_ms, reply.date_ms) if clock is not None]
        if reply.received_ms is not None and clocks:
            result.clock_lags_s.append(nearest_to_zero([(reply.received_ms - clock) / 1000 for clock in clocks]))
    return result


def _venue_findings(venues: Sequence[SourceCheck]) -> list[Finding]:
    """Return one finding per venue, in order of preference. If at least one works, the failure of another is a warning."""
    substitute = next((each.name for each in venues if each.error is None), None)
    return [_working(each) if each.error is None else _failing(each, each.error, substitute=substitute) for each in venues]


def _working(venue: SourceCheck) -> Finding:
    why = f"{venue.prices} of {venue.markets} markets have prices; the reply took {venue.prices_ms:.0f} ms"
    figures: dict[str, float] = {"markets": venue.markets, "prices": venue.prices}
    figures |= {"markets_ms": round(venue.markets_ms), "prices_ms": round(venue.prices_ms)}
    if (lag_s := venue.clock_lag_s) is not None:
        why += f"; its clock is {_lag(lag_s)}"
        figures["clock_lag_s"] = round(lag_s, 3)
    return Finding(f"venue {venue.name}", Level.OK, why, figures=figures)


def _failing(venue: SourceCheck, error: ExchangeError, *, substitute: str | None) -> Finding:
    why = f"{type(error).__name__}: {error}"
    if venue.markets:
        why += f" (its {venue.markets} markets were read)"
    if isinstance(error, VenueBlocked):
        front_end = next((each for each in _FRONT_ENDS if each.lower() in why.lower()), "")
        why = f"blocked by {front_end + ', its front end' if front_end else 'the venue'}: {why}"
    if isinstance(error, RateLimited):
        until = datetime.fromtimestamp(error.until_ms / 1000, UTC)
        why = f"rate-limited by the venue until {until:%H:%M:%S} UTC: {why}"
    remedy = _remedy(error)
    if substitute is None:
        return Finding(f"venue {venue.name}", Level.FAILURE, why, remedy)
    return Finding(f"venue {venue.name}", Level.WARNING, why, f"{remedy}. Until then {substitute} is used")


def _remedy(error: ExchangeError) -> str:
    for cause in causes_of(error):
        if isinstance(cause, ssl.SSLError):
            return "See the finding for certificates below"
        if isinstance(cause, aiohttp.ClientConnectorDNSError):
            return "The host name cannot be resolved: check this machine's DNS (/etc/resolv.conf) and network"
        if isinstance(cause, ConnectionRefusedError):
            return "The connection is refused: check VIRTUOSO_EXCHANGE_URLS if it is set, and firewalls"
    return remedy_for(error)


async def _ask_coingecko(url: str, *, timeout_s: float) -> tuple[SourceCheck, Finding]:
    """Read BTC dominance. It has a substitute, so a failure is a warning."""
    coingecko, result = CoinGecko(url, timeout_s=timeout_s), SourceCheck(name="coingecko", secure=url.startswith("https:"))
    start = time.monotonic()
    try:
        dominance = await coingecko.dominance()
    except ExchangeError as error:
        result.error = error
        why = f"{type(error).__name__}: {error}"
        remedy = f"{_remedy(error)}. Until then BTC's share of the venue's turnover is used. Setting: VIRTUOSO_COINGECKO_URL"
        return result, Finding("CoinGecko", Level.WARNING, why, remedy)
    finally:
        await coingecko.close()
    reply_ms = _ms_since(start)
    why = f"BTC dominance is {dominance.percent:.1f} %; the reply took {reply_ms:.0f} ms"
    return result, Finding("CoinGecko", Level.OK, why, figures={"reply_ms": round(reply_ms)})


def _ms_since(start: float) -> float:
    return (time.monotonic() - start) * 1000


def _lag(lag_s: float) -> str:
    if abs(lag_s) < 1:
        return "the same as this machine's"
    return f"{abs(lag_s):.1f} s {'behind' if lag_s > 0 else 'ahead of'} this machine's"
