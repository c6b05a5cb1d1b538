"""Keys are valid for memcached and file systems, and each value has its own key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from virtuoso.repository import keys

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts, texts, texts)
def test_any_part_gives_a_key_that_memcached_takes_with_room_for_chunks(venue: str, symbol: str, timeframe: str) -> None:
    for key in (keys.candles(venue, symbol, timeframe), keys.snapshot(symbol)):
        assert len(key.encode()) <= 250 - len(":0123456789abcdef:65535")
        assert all("!" <= c <= "~" for c in key)
        assert "/" not in key


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
def test_different_candles_have_different_keys(a: tuple[str, str, str], b: tuple[str, str, str]) -> None:
    assert (keys.candles(*a) == keys.candles(*b)) == (a == b)


def test_the_kinds_of_key_are_apart_and_as_the_design_names_them() -> None:
    assert keys.HEAD == "virtuoso:v1:head"
    assert keys.snapshot("01ABC") == "virtuoso:v1:snapshot:01ABC"
    assert keys.candles("bybit", "BTCUSDT", "5m") == "virtuoso:v1:candles:bybit:BTCUSDT:5m"
    assert keys.lease() == "virtuoso:v1:lease"
