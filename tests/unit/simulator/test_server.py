"""The simulated exchange as a server: its replies, its faults, and its process."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.server import VENUES, SimulatedExchange

NOW = 1_767_225_600_000 + 12_345_678
MARKET = SimulatedMarket(7, now_ms=NOW)
TICKERS = "/v5/market/tickers?category=linear"
KLINES = "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=5&limit=50"
PATHS = {
    "bybit": TICKERS,
    "binance": "/fapi/v1/ticker/24hr",
    "okx": "/api/v5/market/tickers?instType=SWAP",
    "coingecko": "/api/v3/global",
}


class Client:
    """A client of a simulated exchange whose clock is `now`."""

    def __init__(self) -> None:
        self.now = NOW
        self.exchange = SimulatedExchange(MARKET, clock=lambda: self.now)
        self.session = aiohttp.ClientSession()
        self.url = ""

    async def get(self, path: str) -> tuple[int, str, Mapping[str, str]]:
        async with self.session.get(self.url + path) as reply:
            return reply.status, await reply.text(), reply.headers

    async def json(self, path: str) -> Any:
        return json.loads((await self.get(path))[1])

    async def fault(self, mode: str, exchange: str = "all", **more: Any) -> int:
        async with self.session.post(f"{self.url}/__admin", json={"mode": mode, "exchange": exchange, **more}) as reply:
            return reply.status


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    made = Client()
    made.url = f"http://127.0.0.1:{await made.exchange.start('127.0.0.1:0')}"
    yield made
    await made.session.close()
    await made.exchange.close()


@pytest.mark.parametrize("venue", VENUES)
async def test_every_venue_answers_on_one_port(client: Client, venue: str) -> None:
    status, text, headers = await client.get(PATHS[venue])
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert len(json.loads(text))


async def test_bybits_instruments_tickers_bars_trades_and_book_agree(client: Client) -> None:
    listed = (await client.json("/v5/market/instruments-info?category=linear"))["result"]["list"]
    tickers = {row["symbol"]: row for row in (await client.json(TICKERS))["result"]["list"]}
    assert {row["symbol"] for row in listed} == set(tickers)
    assert {"BTCUSDT", "1000PEPEUSDT", "SHIB1000USDT"} <= set(tickers)
    rows = (await client.json(KLINES))["result"]["list"]
    assert len(rows) == 50
    assert [int(row[0]) for row in rows] == sorted((int(row[0]) for row in rows), reverse=True)  # newest first
    assert rows[0][4] == tickers["BTCUSDT"]["lastPrice"]
    trades = (await client.json("/v5/market/recent-trade?category=linear&symbol=BTCUSDT&limit=9"))["result"]["list"]
    assert (len(trades), trades[0]["price"]) == (9, rows[0][4])
    book = (await client.json("/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=50"))["result"]
    assert (book["b"][0][0], book["a"][0][0]) == (tickers["BTCUSDT"]["bid1Price"], tickers["BTCUSDT"]["ask1Price"])


async def test_bybit_returns_the_requested_range_of_bars(client: Client) -> None:
    begin = NOW // 300_000 * 300_000 - 100 * 300_000
    rows = (await client.json(f"{KLINES}&start={begin}"))["result"]["list"]
    assert [int(row[0]) for row in rows] == [begin + n * 300_000 for n in reversed(range(50))]
    rows = (await client.json(f"{KLINES}&end={begin}"))["result"]["list"]
    assert [int(row[0]) for row in rows] == [begin - n * 300_000 for n in range(50)]
    rows = (await client.json(f"{KLINES}&start={begin}&end={begin + 600_000}"))["result"]["list"]
    assert [int(row[0]) for row in rows] == [begin + n * 300_000 for n in (2, 1, 0)]


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("/v5/market/kline?category=linear&symbol=NOPEUSDT&interval=5", 10001, "Not supported symbols"),
        ("/v5/market/kline?category=linear&symbol=BTCUSDT&interval=7", 10001, "Invalid period!"),
        ("/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=many", 10001, "params error"),
        ("/v5/market/tickers?category=stocks", 10001, "Category is invalid"),
        ("/v5/market/open-interest?category=linear&symbol=BTCUSDT&intervalTime=5m", 10001, "intervalTime is invalid"),
        ("/v5/market/account-ratio?category=linear&symbol=BTCUSDT&period=5m", 10001, "period is invalid"),
    ],
)
async def test_bybit_refuses_bad_parameters_with_its_own_messages(
    client: Client, path: str, code: int, message: str
) -> None:
    reply = await client.json(path)
    assert reply["retCode"] == code
    assert message in reply["retMsg"]


async def test_an_unknown_path_is_not_found(client: Client) -> None:
    assert (await client.get("/nothing/here"))[0] == 404
    assert (await client.get("/v5/market/nothing"))[0] == 404


async def test_down_closes_the_connection(client: Client) -> None:
    await client.fault("down", "bybit")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.get(TICKERS)
    assert (await client.get(PATHS["binance"]))[0] == 200


async def test_truncated_sends_half_of_the_body(client: Client) -> None:
    await client.fault("truncated", "bybit")
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.get(TICKERS)


async def test_slow_replies_are_late_but_correct(client: Client) -> None:
    await client.fault("slow", "bybit", latency_ms=150)
    begun = asyncio.get_running_loop().time()
    assert (await client.json(TICKERS))["retCode"] == 0
    assert asyncio.get_running_loop().time() - begun >= 0.15


async def test_each_venue_limits_requests_in_its_own_format(client: Client) -> None:
    await client.fault("429")
    replies = {venue: await client.get(path) for venue, path in PATHS.items()}
    assert {venue: status for venue, (status, _, _) in replies.items()} == dict.fromkeys(PATHS, 429)
    assert (json.loads(replies["bybit"][1])["retCode"], json.loads(replies["binance"][1])["code"]) == (10006, -1003)
    await client.fault("bybit_10006")
    status, text, headers = await client.get(TICKERS)
    assert (status, json.loads(text)["retCode"]) == (200, 10006)
    assert int(headers["X-Bapi-Limit-Reset-Timestamp"]) > NOW
    assert (await client.get(PATHS["binance"]))[0] == 418


@pytest.mark.parametrize(("mode", "status"), [("html_403", 403), ("garbage", 200), ("451", 451)])
async def test_blocked_and_garbage_replies_are_not_the_venues_json(client: Client, mode: str, status: int) -> None:
    await client.fault(mode)
    got, text, headers = await client.get(TICKERS)
    assert got == status
    assert (text[0] == "<") == ("html" in headers["Content-Type"]) == (mode != "451")
    assert ("CloudFront" in text) == (mode == "html_403")


@pytest.mark.parametrize("mode", ["nan", "nulls"])
async def test_a_third_of_the_numbers_and_no_names_are_bad(client: Client, mode: str) -> None:
    good = (await client.json(TICKERS))["result"]["list"]
    await client.fault(mode)
    rows = (await client.json(TICKERS))["result"]["list"]
    assert [row["symbol"] for row in rows] == [row["symbol"] for row in good]
    changed = sum(row["lastPrice"] != fine["lastPrice"] for row, fine in zip(rows, good, strict=True))
    assert 0.15 < changed / len(rows) < 0.55
    bars = (await client.json(KLINES))["result"]["list"]
    assert any(cell in ("", None, "NaN", "0", "-1", "inf", "abc") for row in bars for cell in row[1:])
    assert len((await client.json("/v5/market/instruments-info?category=linear"))["result"]["list"]) == len(rows)


async def test_empty_is_a_valid_reply_without_rows(client: Client) -> None:
    await client.fault("empty")
    assert (await client.json(TICKERS))["result"] == {"category": "linear", "list": []}
    assert await client.json(PATHS["binance"]) == []
    assert await client.json(PATHS["coingecko"]) == {"data": {}}


async def test_stale_stops_clock_and_data_until_the_fault_ends(client: Client) -> None:
    await client.fault("stale", "bybit", stale_s=100)
    first = await client.json(TICKERS)
    client.now += 30_000
    assert await client.json(TICKERS) == first
    assert first["time"] == NOW - 100_000
    await client.fault("ok")
    assert (await client.json(TICKERS))["time"] == client.now


async def test_path_and_prob_restrict_a_fault(client: Client) -> None:
    await client.fault("451", "bybit", path="symbol=BTCUSDT")
    assert ((await client.get(TICKERS))[0], (await client.get(KLINES))[0]) == (200, 451)
    await client.fault("451", "bybit", prob=0.5)
    statuses = {(await client.get("/v5/market/time"))[0] for _ in range(60)}
    assert statuses == {200, 451}
    await client.fault("451", "bybit", prob=0)
    assert (await client.get(TICKERS))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "sleepy"},
        {"mode": "down", "exchange": "mtgox"},
        {"mode": "down", "prob": 2},
        {"mode": "down", "path": "("},
        {"mode": "slow", "latency_ms": -1},
        {"mode": "down", "no_such_field": "2025-10-11"},
    ],
)
async def test_a_bad_fault_request_is_refused_and_changes_nothing(client: Client, body: dict[str, Any]) -> None:
    before = await client.json("/__admin")
    async with client.session.post(f"{client.url}/__admin", json=body) as reply:
        assert reply.status == 400
        message = (await reply.json())["error"]
    assert any(str(value) in message or key in message for key, value in body.items() if value != "down")
    assert await client.json("/__admin") == before


async def test_stats_count_the_requests(client: Client) -> None:
    await client.fault("451", "binance")
    for path in (TICKERS, TICKERS, PATHS["binance"], "/nothing"):
        await client.get(path)
    stats = await client.json("/__stats?recent=2")
    assert stats["by_exchange"] == {"bybit": 2, "binance": 1, "unknown": 1}
    assert stats["by_path"]["/v5/market/tickers"] == 2
    assert stats["by_status"] == {"200": 2, "451": 1, "404": 1}
    assert stats["faulted"] == {"binance:451": 1}
    assert [path for _, _, path in stats["recent"]] == [PATHS["binance"], "/nothing"]
    async with client.session.post(f"{client.url}/__stats/reset") as reply:
        assert reply.status == 200
    assert (await client.json("/__stats"))["total"] == 0


async def test_a_port_in_use_is_an_error(client: Client) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await SimulatedExchange(MARKET).start(client.url.removeprefix("http://"))


async def start(*arguments: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "virtuoso.simulator", *arguments)
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_the_process_prints_its_address_and_ends_with_0_on_sigterm(client: Client) -> None:
    process = await start("--address", "127.0.0.1:0", "--seed", "3")
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith("simulated exchange on http://127.0.0.1:")
    assert line.endswith(", seed 3\n")
    client.url = line.split()[3].rstrip(",")
    assert len((await client.json(TICKERS))["result"]["list"]) > 50
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_the_process_ends_with_its_parent() -> None:
    process = await start("--address", "127.0.0.1:0", "--with-parent")
    assert process.stdout is not None
    assert process.stdin is not None
    assert await process.stdout.readline()
    process.stdin.close()
    assert await process.wait() == 0


@pytest.mark.parametrize("arguments", [("--address", "nowhere"), ("--seed", "-1"), ("--seed", "x")])
async def test_the_process_refuses_bad_arguments(arguments: tuple[str, ...]) -> None:
    process = await start(*arguments)
    _, stderr = await process.communicate()
    assert process.returncode == 2
    assert arguments[1].encode() in stderr


async def test_the_process_refuses_a_port_in_use(client: Client) -> None:
    process = await start("--address", client.url.removeprefix("http://"))
    _, stderr = await process.communicate()
    assert process.returncode == 2
    assert b"cannot be used" in stderr
