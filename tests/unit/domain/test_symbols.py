"""Markets keep their identity across the spellings of the venues."""

from __future__ import annotations

import pytest

from virtuoso.domain.symbols import split_symbol


@pytest.mark.parametrize(
    ("symbol", "base", "multiplier"),
    [
        ("BTCUSDT", "BTC", 1),
        ("SHIB1000USDT", "SHIB", 1000),
        ("1000SHIBUSDT", "SHIB", 1000),
        ("10000SATSUSDT", "SATS", 10_000),
        ("1MBABYDOGEUSDT", "BABYDOGE", 1_000_000),
        ("1000000BABYDOGEUSDT", "BABYDOGE", 1_000_000),
        ("10000000AIDOGEUSDT", "AIDOGE", 10_000_000),
        ("1INCHUSDT", "1INCH", 1),
        ("1000XUSDT", "X", 1000),
        ("C98USDT", "C98", 1),
        ("A2ZUSDT", "A2Z", 1),
        ("1000USDT", "1000", 1),
        ("1MUSDT", "1M", 1),
        ("100XUSDT", "100X", 1),
        ("币安人生USDT", "币安人生", 1),
        ("USDT", "USDT", 1),
        ("USDTUSDT", "USDT", 1),
    ],
)
def test_a_name_splits_into_asset_and_multiplier(symbol: str, base: str, multiplier: int) -> None:
    assert split_symbol(symbol) == (base, multiplier)
