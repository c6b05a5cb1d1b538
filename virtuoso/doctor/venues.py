"""Exchanges, asked by the product's own client; and what their answers tell of certificates and clocks."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

import aiohttp

from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain.errors import ExchangeError, RateLimited, VenueBlocked, VenueTimedOut
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.advice import advice
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.replies import RECORDED_REPLIES, Reply

OFF_S = 2.0  # a clock so far off makes ages wrong by what a phone shows
FAR_OFF_S = 60.0  # at which prices are refused as stale
_PARTING_S = 0.5
_FRONT_ENDS = ("CloudFront", "Cloudflare", "Akamai")


@dataclass(slots=True)
class Visit:
    """How asking one source went: `error` is None when it works. `lags_s` are how far its clocks were behind ours."""

    name: str
    secure: bool
    error: ExchangeError | None = None
    markets: int = 0
    prices: int = 0
    markets_ms: float = 0.0
    prices_ms: float = 0.0
    lags_s: list[float] = field(default_factory=list)


async def visit(venue: str, exchange: CcxtExchange, *, secure: bool, timeout_s: float) -> Visit:
    """Read the venue's markets and prices, within `timeout_s`, and close the exchange. `secure`: it is asked by https."""
    found, heard = Visit(venue, secure), list[Reply]()
    RECORDED_REPLIES.set(heard)
    what = "list of markets"
    try:
        async with asyncio.timeout(timeout_s):
            began = time.monotonic()
            found.markets = len(await exchange.instruments())
            found.markets_ms, what, began = _since(began), "prices", time.monotonic()
            found.prices = len(await exchange.tickers())
            found.prices_ms = _since(began)
    except TimeoutError:
        found.error = VenueTimedOut(f"no {what} within {timeout_s:.1f} s", venue=venue)
    except ExchangeError as error:
        found.error = error
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(exchange.close(), _PARTING_S)
    for reply in heard:
        clocks = [clock for clock in (reply.own_ms, reply.date_ms) if clock is not None]
        if reply.received_ms is not None and clocks:  # a front end's clock is right even where the data are frozen
            found.lags_s.append(_nearest([(reply.received_ms - clock) / 1000 for clock in clocks]))
    return found


def venue_findings(visits: Sequence[Visit]) -> list[Finding]:
    """One a venue, in order of preference. While one works, the failure of another is a warning."""
    working = [each.name for each in visits if each.error is None]
    return [_venue_finding(each, working[0] if working else None) for each in visits]


def _venue_finding(found: Visit, substitute: str | None) -> Finding:
    subject = f"venue {found.name}"
    if found.error is None:
        why = f"{found.prices} of {found.markets} markets have prices; they came in {found.prices_ms:.0f} ms"
        figures: dict[str, float] = {"markets": found.markets, "prices": found.prices}
        figures |= {"markets_ms": round(found.markets_ms), "prices_ms": round(found.prices_ms)}
        if found.lags_s:
            why += f"; its clock is {_lag(_nearest(found.lags_s))}"
            figures["clock_lag_s"] = round(_nearest(found.lags_s), 3)
        return Finding(subject, Level.WELL, why, figures=figures)
    why = f"{type(found.error).__name__}: {found.error}"
    if found.markets:
        why += f" (its {found.markets} markets were read)"
    if isinstance(found.error, VenueBlocked):
        front_end = next((each for each in _FRONT_ENDS if each.lower() in why.lower()), "")
        why = f"blocked by {front_end + ', its front end' if front_end else 'the venue'}: {why}"
    if isinstance(found.error, RateLimited):
        until = datetime.fromtimestamp(found.error.until_ms / 1000, UTC)
        why = f"limited by the venue until {until:%H:%M:%S} UTC: {why}"
    cure = _cure(found.error)
    if substitute is None:
        return Finding(subject, Level.FAILURE, why, cure)
    return Finding(subject, Level.WARNING, why, f"{cure}. Until then {substitute} is used")


def _cure(error: ExchangeError) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return "See certificates, below"
        if isinstance(cause, aiohttp.ClientConnectorDNSError):
            return "Its name is not known here: check this machine's name resolution (/etc/resolv.conf) and network"
        if isinstance(cause, ConnectionRefusedError):
            return "Nothing listens there: check VIRTUOSO_EXCHANGE_URLS where it is set, or a firewall"
    return advice(error)


def certificates(visits: Sequence[Visit]) -> Finding:
    """Whether the certificates of those asked by https could be verified; a chain that could not is named."""
    secure = [each for each in visits if each.secure]
    broken = {each.name: text for each in secure if (text := _broken_chain(each.error))}
    verified = [each.name for each in secure if each.error is None or each.lags_s]
    subject = "certificates"
    if broken:
        why = "; ".join(f"{name}: {text}" for name, text in broken.items())
        cure = (
            "If a proxy here replaces certificates, let SSL_CERT_FILE name a file with its root certificate; "
            "else check this machine's clock, and who answers in the venue's place"
        )
        return Finding(subject, Level.WARNING if verified else Level.FAILURE, why, cure)
    if verified:
        return Finding(subject, Level.WELL, f"verified: {', '.join(verified)}")
    why = "nothing that is asked by https answered" if secure else "nothing is asked by https"
    return Finding(subject, Level.NOT_CHECKED, why)


def _broken_chain(error: ExchangeError | None) -> str:
    """What is wrong with the certificate, or with TLS as a whole; "" when that is not why it failed."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, ssl.SSLError):
            return f"no TLS: {cause.reason or cause}"
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """What led to the error, Python's own exceptions in the place of those that aiohttp makes of them."""
    while error is not None:
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            yield error
        elif isinstance(error, aiohttp.ClientConnectorCertificateError):
            yield error.certificate_error
        elif isinstance(error, aiohttp.ClientConnectorError):
            yield error.os_error
        else:
            yield error
        error = error.__cause__


def clock_skew(visits: Sequence[Visit]) -> Finding:
    """This machine's clock against the median of the venues'."""
    lags = [_nearest(each.lags_s) for each in visits if each.lags_s]
    if not lags:
        return Finding("clock", Level.NOT_CHECKED, "no venue answered with its time")
    lag_s = median(lags)
    figures = {"skew_s": round(lag_s, 3)}
    among = f"the venues' clocks ({len(lags)}, their median)"
    if abs(lag_s) <= OFF_S:
        return Finding(
            "clock", Level.WELL, f"this machine's is within {max(abs(lag_s), 0.1):.1f} s of {among}", figures=figures
        )
    why = f"this machine's is {abs(lag_s):.1f} s {'ahead of' if lag_s > 0 else 'behind'} {among}"
    cure = "Let this machine set its clock by the network: timedatectl set-ntp true, or chrony"
    if abs(lag_s) > FAR_OFF_S:
        return Finding("clock", Level.FAILURE, f"{why}; above {FAR_OFF_S:g} s prices count as stale", cure, figures)
    return Finding("clock", Level.WARNING, f"{why}: ages that are shown are wrong by so much", cure, figures)


async def coingecko(url: str, *, timeout_s: float) -> tuple[Visit, Finding]:
    """BTC's share of the market, which has a substitute."""
    source, found = CoinGecko(url, timeout_s=timeout_s), Visit("coingecko", url.startswith("https:"))
    try:
        began = time.monotonic()
        dominance = await source.dominance()
        found.markets_ms, found.lags_s = _since(began), []
    except ExchangeError as error:
        found.error = error
        why = f"{type(error).__name__}: {error}"
        cure = f"{_cure(error)}. Until then BTC's share of the venue's turnover stands in. Setting: VIRTUOSO_COINGECKO_URL"
        return found, Finding("CoinGecko", Level.WARNING, why, cure)
    finally:
        await source.close()
    why = f"BTC has {dominance.percent:.1f} % of the market; it came in {found.markets_ms:.0f} ms"
    return found, Finding("CoinGecko", Level.WELL, why, figures={"reply_ms": round(found.markets_ms)})


def _nearest(lags_s: Sequence[float]) -> float:
    """The one nearest to none: the others were longer on their way."""
    return min(lags_s, key=lambda lag: abs(lag))  # noqa: PLW0108 - mypy cannot read `abs` as a key


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000


def _lag(lag_s: float) -> str:
    if abs(lag_s) < 1:
        return "like ours"
    return f"{abs(lag_s):.1f} s {'behind' if lag_s > 0 else 'ahead of'} ours"
