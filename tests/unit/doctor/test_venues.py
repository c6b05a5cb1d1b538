"""Exchanges that are recorded and broken in every way that they break; certificates that nobody signed; clocks."""

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


async def test_all_is_well_where_it_is(replay: Market, look: Callable[..., Any], tmp_path: Path) -> None:
    found = await look(replay.url)
    assert {name: each.level for name, each in found.items() if each.level is not Level.WELL} == {
        "certificates": Level.NOT_CHECKED,  # nothing here is asked by https
        "envoy": Level.WARNING,  # none was given
    }
    assert found["venue bybit"].figures["markets"] > 30
    assert found["venue binance"].figures["prices_ms"] > 0
    assert abs(found["clock"].figures["skew_s"]) < 2
    assert "REPLAY" in found["environment"].why
    assert exit_code(list(found.values())) == 0
    assert list(tmp_path.iterdir()) == []  # it has changed nothing


BROKEN = {
    "down": ("VenueUnavailable", "VIRTUOSO_EXCHANGE_URLS"),
    "html_403": ("blocked by CloudFront, its front end", "VIRTUOSO_EXCHANGES"),
    "451": ("blocked by the venue", "VIRTUOSO_EXCHANGES"),
    "429": ("limited by the venue until", "pause"),
    "garbage": ("not JSON", "asked again"),
    "truncated": ("BadData", "asked again"),
    "empty": ("EmptyData", "asked again"),
}


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_venue_that_fails_is_a_warning_while_another_works(
    fault: str, replay: Market, look: Callable[..., Any]
) -> None:
    replay.fault(fault, "bybit")
    found = await look(replay.url)
    why, cure = BROKEN[fault]
    assert found["venue bybit"].level is Level.WARNING
    assert why in found["venue bybit"].why
    assert cure in found["venue bybit"].cure
    assert "Until then binance is used" in found["venue bybit"].cure
    assert found["venue binance"].level is Level.WELL
    assert exit_code(list(found.values())) == 0


async def test_no_venue_at_all_is_a_failure(replay: Market, look: Callable[..., Any]) -> None:
    replay.fault("451")
    found = await look(replay.url)
    assert [found[f"venue {name}"].level for name in ("bybit", "binance")] == [Level.FAILURE, Level.FAILURE]
    assert exit_code(list(found.values())) == 1


async def test_prices_that_stand_still_are_the_venues_fault_not_this_clocks(
    replay: Market, look: Callable[..., Any]
) -> None:
    replay.fault("stale", stale_s=600)
    found = await look(replay.url)
    assert "VenueStale" in found["venue bybit"].why
    assert found["venue bybit"].level is Level.FAILURE
    assert found["clock"].level is Level.WELL


@pytest.mark.parametrize(
    ("ahead_s", "words"), [(300, "s ahead of the venues' clocks"), (-300, "s behind the venues' clocks")]
)
async def test_a_clock_of_ours_that_is_off_is_found_by_the_venues(
    ahead_s: int, words: str, replay: Market, look: Callable[..., Any]
) -> None:
    found = await look(replay.url, clock=OffsetClock(ahead_s * 1000))
    assert found["clock"].level is Level.FAILURE
    assert abs(found["clock"].figures["skew_s"] - ahead_s) < 2
    assert words in found["clock"].why
    assert "timedatectl" in found["clock"].cure


async def test_a_venue_that_ccxt_does_not_have_is_a_bad_setting(look: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="notanexchange"):
        await look({"notanexchange": "http://127.0.0.1:1"})


async def test_a_name_that_nobody_knows_is_told_as_that(look: Callable[..., Any]) -> None:
    found = await look("http://no.such.host.invalid:1")
    assert "name resolution" in found["venue bybit"].cure
    assert "name resolution" in found["CoinGecko"].cure


async def test_a_port_that_nobody_listens_on_is_told_as_that(look: Callable[..., Any]) -> None:
    found = await look()
    assert "Nothing listens there" in found["venue bybit"].cure
    assert "turnover stands in" in found["CoinGecko"].cure


async def test_a_certificate_that_nobody_signed_is_named(tmp_path: Path, look: Callable[..., Any]) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certify(tmp_path))
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    found = await look(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()
    assert found["certificates"].level is Level.FAILURE
    assert "bybit: self-signed certificate" in found["certificates"].why
    assert "coingecko: self-signed certificate" in found["certificates"].why
    assert "SSL_CERT_FILE" in found["certificates"].cure
    assert found["venue bybit"].cure == "See certificates, below"


async def test_a_server_without_tls_is_named(look: Callable[..., Any]) -> None:
    plain = web.AppRunner(web.Application())
    await plain.setup()
    site = web.TCPSite(plain, "127.0.0.1", 0)
    await site.start()
    found = await look(f"https://127.0.0.1:{plain.addresses[0][1]}")
    await plain.cleanup()
    assert "no TLS" in found["certificates"].why
