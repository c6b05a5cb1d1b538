"""The doctor's checks of exchanges with each fault, of self-signed certificates, and of the clock."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.certificates import certify
from tests.clocks import OffsetClock
from tests.programs import Market
from virtuoso.doctor.finding import Level, exit_code
from virtuoso.domain.errors import ConfigError


async def test_everything_is_ok_when_it_works(replay: Market, examined: Callable[..., Any], tmp_path: Path) -> None:
    findings = await examined(replay.url)
    assert {name: each.level for name, each in findings.items() if each.level is not Level.OK} == {
        "certificates": Level.NOT_CHECKED,  # no exchange here is called by HTTPS
        "envoy": Level.WARNING,  # no path of Envoy was given
    }
    assert findings["venue bybit"].figures["markets"] > 30
    assert findings["venue binance"].figures["prices_ms"] > 0
    assert abs(findings["clock"].figures["skew_s"]) < 2
    assert "REPLAY" in findings["environment"].why
    assert exit_code(list(findings.values())) == 0
    assert list(tmp_path.iterdir()) == []  # nothing was created


BROKEN = {
    "down": ("VenueUnavailable", "VIRTUOSO_EXCHANGE_URLS"),
    "html_403": ("blocked by CloudFront, its front end", "VIRTUOSO_EXCHANGES"),
    "451": ("blocked by the venue", "VIRTUOSO_EXCHANGES"),
    "429": ("rate-limited by the venue until", "pause"),
    "garbage": ("not JSON", "retried periodically"),
    "truncated": ("BadData", "retried periodically"),
    "empty": ("EmptyData", "retried periodically"),
}


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_venue_that_fails_is_a_warning_while_another_works(
    fault: str, replay: Market, examined: Callable[..., Any]
) -> None:
    replay.fault(fault, "bybit")
    findings = await examined(replay.url)
    why, remedy = BROKEN[fault]
    assert findings["venue bybit"].level is Level.WARNING
    assert why in findings["venue bybit"].why
    assert remedy in findings["venue bybit"].remedy
    assert "Until then binance is used" in findings["venue bybit"].remedy
    assert findings["venue binance"].level is Level.OK
    assert exit_code(list(findings.values())) == 0


async def test_venues_that_all_fail_are_failures(replay: Market, examined: Callable[..., Any]) -> None:
    replay.fault("451")
    findings = await examined(replay.url)
    assert [findings[f"venue {name}"].level for name in ("bybit", "binance")] == [Level.FAILURE, Level.FAILURE]
    assert exit_code(list(findings.values())) == 1


async def test_prices_that_stand_still_are_the_venues_fault_and_not_the_clocks(
    replay: Market, examined: Callable[..., Any]
) -> None:
    replay.fault("stale", stale_s=600)
    findings = await examined(replay.url)
    assert "VenueStale" in findings["venue bybit"].why
    assert findings["venue bybit"].level is Level.FAILURE
    assert findings["clock"].level is Level.OK


@pytest.mark.parametrize(
    ("ahead_s", "words"), [(300, "s ahead of the venues' clocks"), (-300, "s behind the venues' clocks")]
)
async def test_a_wrong_clock_of_this_machine_is_a_failure(
    ahead_s: int, words: str, replay: Market, examined: Callable[..., Any]
) -> None:
    findings = await examined(replay.url, clock=OffsetClock(ahead_s * 1000))
    assert findings["clock"].level is Level.FAILURE
    assert abs(findings["clock"].figures["skew_s"] - ahead_s) < 2
    assert words in findings["clock"].why
    assert "timedatectl" in findings["clock"].remedy


async def test_a_venue_that_ccxt_does_not_support_is_a_bad_setting(examined: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="notanexchange"):
        await examined({"notanexchange": "http://127.0.0.1:1"})


async def test_a_name_that_cannot_be_resolved_is_named_as_the_cause(examined: Callable[..., Any]) -> None:
    findings = await examined("http://no.such.host.invalid:1")
    assert "DNS" in findings["venue bybit"].remedy
    assert "DNS" in findings["CoinGecko"].remedy


async def test_a_port_that_nothing_listens_on_is_named_as_the_cause(examined: Callable[..., Any]) -> None:
    findings = await examined()
    assert "The connection is refused" in findings["venue bybit"].remedy
    assert "turnover is used" in findings["CoinGecko"].remedy


async def test_a_certificate_that_nobody_signed_is_named(tmp_path: Path, examined: Callable[..., Any]) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certify(tmp_path))
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    findings = await examined(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()
    assert findings["certificates"].level is Level.FAILURE
    assert "bybit: self-signed certificate" in findings["certificates"].why
    assert "coingecko: self-signed certificate" in findings["certificates"].why
    assert "SSL_CERT_FILE" in findings["certificates"].remedy
    assert findings["venue bybit"].remedy == "See the finding for certificates below"


async def test_a_server_without_tls_is_named(examined: Callable[..., Any]) -> None:
    plain = web.AppRunner(web.Application())
    await plain.setup()
    site = web.TCPSite(plain, "127.0.0.1", 0)
    await site.start()
    findings = await examined(f"https://127.0.0.1:{plain.addresses[0][1]}")
    await plain.cleanup()
    assert "no TLS" in findings["certificates"].why
