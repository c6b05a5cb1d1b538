"""A recording leaves out what the reader never reads, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.exchange.streams.binance_messages import T0, opened, tell, ticker


def long_message(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"stream": "!ticker@arr", "data": rows}, separators=(",", ":"))


@pytest.mark.parametrize("rest", [{"n": 7, "w": "1.5", "x": None}, {"n": -1e-7, "st": True}])
def test_a_shortened_message_has_the_same_effect(rest: dict[str, Any]) -> None:
    mark = {"e": "markPriceUpdate", "E": T0, "s": "BTCUSDT", "p": "100", "i": "100.1", "r": "0.0001", "T": T0}
    filler = [{**ticker(f"A{i}USDT"), **rest} for i in range(200)]
    for messages in ([{**mark, "P": "99"}], [{**ticker(), **rest}, *filler]):
        whole = long_message([*messages, *({**one, "e": messages[0]["e"]} for one in filler[: 200 * (len(messages) == 1)])])
        short = opened().shortened(whole)
        assert len(short) < len(whole)
        results = []
        for text in (whole, short):
            reader = opened()
            tell(reader, {**mark, "e": "markPriceUpdate"})
            results.append((reader.frame(1, text, T0 + 20), tell(reader, ticker(at_ms=50), at_ms=60)))
        assert results[0] == results[1]


@pytest.mark.parametrize(
    "text",
    [
        long_message([{**ticker(f"A{i}USDT"), "n": 1} for i in range(200)])[:-3],
        long_message([{**ticker(f"A{i}USDT"), "n": 1} for i in range(200)]).replace('"n":1', '"n":NaN', 1),
        long_message([{**ticker("BTCUSDT"), "n": i} for i in range(200)]),
        long_message([{**ticker(f"A{i}USDT"), "n": 1, "e": "x" if i else "24hrTicker"} for i in range(200)]),
    ],
    ids=["cut", "nan", "one symbol twice", "two kinds"],
)
def test_a_message_that_may_be_refused_is_not_shortened(text: str) -> None:
    assert opened().shortened(text) == text
