"""Tests of the proxy that alters replies of exchanges."""

from __future__ import annotations

import urllib.error
from collections.abc import Mapping
from typing import Any

import pytest

from tests.altered_exchange import AlteredExchange, Answer, unaltered
from tests.programs import Market

TICKERS = "/v5/market/tickers?category=linear"


def test_a_reply_is_altered_and_the_next_one_is_not(replay: Market) -> None:
    def late(path: str, query: Mapping[str, str], body: Any) -> Any:
        return {**body, "time": 1} if path.endswith("/tickers") and query["category"] == "linear" else body

    with AlteredExchange(replay.url, late) as exchange:
        altered = exchange.get(TICKERS)
        assert altered["time"] == 1
        assert altered["result"]["list"]
        exchange.alter = unaltered
        assert exchange.get(TICKERS)["time"] > 1


def test_a_reply_gets_another_status(replay: Market) -> None:
    with AlteredExchange(replay.url, lambda *_: Answer(500, "<html>")) as exchange:
        with pytest.raises(urllib.error.HTTPError) as error:
            exchange.get(TICKERS)
        assert (error.value.code, error.value.read()) == (500, b"<html>")
        error.value.close()


def test_a_fault_reaches_the_exchange_behind(replay: Market) -> None:
    with AlteredExchange(replay.url) as exchange:
        exchange.fault("empty", "bybit")
        assert not exchange.get(TICKERS)["result"]["list"]
