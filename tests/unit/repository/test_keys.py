"""Keys are valid for memcached and file systems, and each value has its own key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from virtuoso.repository import keys

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts, texts, texts)
def test_every_key_is_short_enough_for_memcached_and_a_chunk_suffix(venue: str, symbol: str, timeframe: str) -> None:
    for key in (keys.candles(venue, symbol, timeframe), keys.snapshot(symbol)):
        assert len(key.encode()) <= 250 - len(":0123456789abcdef:65535")
        assert all("!" <= c <= "~" for c in key)
        assert "/" not in key


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
def test_different_candles_have_different_keys(a: tuple[str, str, str], b: tuple[str, str, str]) -> None:
    assert (keys.candles(*a) == keys.candles(*b)) == (a == b)


def test_each_kind_of_key_has_its_documented_form() -> None:
    assert keys.HEAD == "virtuoso:v1:head"
    assert keys.snapshot("01ABC") == "virtuoso:v1:snapshot:01ABC"
    assert keys.candles("bybit", "BTCUSDT", "5m") == "virtuoso:v1:candles:bybit:BTCUSDT:5m"
    assert keys.lease() == "virtuoso:v1:lease"
