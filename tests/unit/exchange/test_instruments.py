"""Which markets are used, and their names on each venue."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.test_rows import refused
from virtuoso.exchange.instruments import base_and_multiplier, instruments_of


@pytest.mark.parametrize(
    ("base", "asset", "multiplier"),
    [
        ("BTC", "BTC", 1),
        ("SHIB1000", "SHIB", 1000),
        ("1000SHIB", "SHIB", 1000),
        ("10000SATS", "SATS", 10_000),
        ("1000000BABYDOGE", "BABYDOGE", 1_000_000),
        ("1MBABYDOGE", "BABYDOGE", 1_000_000),
        ("1000X", "X", 1000),
        ("1INCH", "1INCH", 1),
        ("1000", "1000", 1),
        ("100X", "100X", 1),
        ("4", "4", 1),
        ("币安人生", "币安人生", 1),
    ],
)
def test_a_multiplied_market_maps_to_its_asset_on_every_venue(base: str, asset: str, multiplier: int) -> None:
    assert base_and_multiplier(base) == (asset, multiplier)


@given(st.text(st.sampled_from("ABZX"), min_size=3, max_size=8), st.sampled_from([1000, 10_000, 1_000_000]))
def test_prefix_and_suffix_mean_the_same(asset: str, multiplier: int) -> None:
    assert base_and_multiplier(f"{multiplier}{asset}") == base_and_multiplier(f"{asset}{multiplier}") == (asset, multiplier)


NOW = 1_760_000_000_000


def market(name: str, base: str, **other: Any) -> dict[str, Any]:
    swap = {"swap": True, "linear": True, "settle": "USDT", "quote": "USDT", "active": True}
    return {"id": name, "symbol": f"{base}/USDT:USDT", "base": base, "precision": {"price": 0.1}, **swap, **other}


def test_each_active_usdt_perpetual_is_returned_once() -> None:
    instruments = instruments_of(
        [
            market("BTCUSDT", "BTC", created=1585526400000),
            market("BTCUSDT", "BTC", created=1585526400000),
            market("BTCUSDT-26DEC25", "BTC", swap=False, future=True),
            market("BTCPERP", "BTC", settle="USDC", quote="USDC"),
            market("BTCUSD", "BTC", linear=False),
            market("GONEUSDT", "GONE", active=False),
            market("ETH-USDT-SWAP", "ETH"),
            market("币安人生USDT", "币安人生"),
            market("SYSTEM_STATUS", "SYSTEM_STATUS"),
            market("ECOSYSTEMUSDT", "ECOSYSTEM"),
        ],
        NOW,
    )
    assert list(instruments) == ["BTCUSDT", "ETHUSDT", "币安人生USDT", "ECOSYSTEMUSDT"]
    assert instruments["BTCUSDT"].listed_ms == 1585526400000
    assert instruments["BTCUSDT"].tick_size == 0.1
    assert instruments["ETHUSDT"].venue_symbol == "ETH/USDT:USDT"


@pytest.mark.parametrize("order", [1, -1])
def test_contradictory_markets_of_one_symbol_are_all_refused(order: int) -> None:
    before = refused("instrument_contradiction")
    rows = [market("BTCUSDT", "BTC", precision={"price": tick}) for tick in (0.1, 10)] + [market("ETHUSDT", "ETH")]
    assert list(instruments_of(rows[::order], NOW)) == ["ETHUSDT"]
    assert refused("instrument_contradiction") == before + 2


def test_a_precision_in_digits_is_not_a_tick_size() -> None:
    assert instruments_of([market("BTCUSDT", "BTC", precision={"price": 2})], NOW, ticks=False)["BTCUSDT"].tick_size is None


@pytest.mark.parametrize("created", [NOW * 1000, NOW + 86_400_000, NOW // 1000, 0, -1, 10**30, float("nan"), "soon", True])
def test_an_implausible_listing_time_is_absent_and_counted(created: Any) -> None:
    before = refused("instrument_time")
    instruments = instruments_of([market("BTCUSDT", "BTC", created=created), market("ETHUSDT", "ETH", created=NOW - 1)], NOW)
    assert [each.listed_ms for each in instruments.values()] == [None, NOW - 1]
    assert refused("instrument_time") == before + 1
