"""The protocols of the simulated streams: requests, refusals, limits, and the counts of what a client did wrong."""

from __future__ import annotations

import pytest

from tests.unit.simulator.stream_clients import MARKET, Client, binance_client, bybit_client, frames
from virtuoso.simulator.binance.streams import BinanceStreams
from virtuoso.simulator.bybit.streams import BybitStreams
from virtuoso.simulator.streams.frames import PING, frame


@pytest.mark.parametrize(
    ("request_", "error", "breach"),
    [
        ({"op": "subscribe", "args": ["orderbook.50.NOPEUSDT"]}, "handler not found", "unknown_topic"),
        ({"op": "subscribe", "args": ["orderbook.7.BTCUSDT"]}, "handler not found", "unknown_topic"),
        ({"op": "subscribe", "args": ["tickers.BTCUSDT", "tickers.BTCUSDT"]}, "already subscribed", "already_subscribed"),
        ({"op": "subscribe", "args": ["publicTrade.ETHUSDT"]}, "already subscribed", "already_subscribed"),
        ({"op": "subscribe", "args": ["x" * 21_000]}, "args length", "args_over_21000"),
        ({"op": "subscribe", "args": []}, "invalid args", "malformed"),
        ({"op": "sing"}, "invalid op", "malformed"),
        ("{", "Failed to decode", "malformed"),
    ],
)
def test_bybit_refuses_a_whole_request_and_counts_why(request_: object, error: str, breach: str) -> None:
    client = bybit_client("publicTrade.ETHUSDT")
    client.messages()
    assert client.send(request_)
    (reply,) = client.messages()
    assert not reply["success"]
    assert error in reply["ret_msg"]
    assert client.venue.breaches == {breach: 1}
    assert set(client.connection.topics) == {"publicTrade.ETHUSDT"}


def test_bybit_answers_a_ping_and_misses_it_after_a_minute() -> None:
    client = bybit_client("publicTrade.ETHUSDT")
    client.run(40, 1_000)
    client.send({"op": "ping", "req_id": "9"})
    assert [reply["ret_msg"] for reply in client.messages() if reply.get("op") == "ping"] == ["pong"]
    client.run(50, 1_000)
    assert not client.venue.breaches
    client.run(20, 1_000)
    assert client.venue.breaches == {"no_ping_for_60_s": 1}
    assert not client.aborted


def test_bybit_ends_a_connection_without_topics_after_a_silent_minute() -> None:
    client = Client(BybitStreams(MARKET))
    client.run(62, 1_000)
    assert client.aborted
    assert client.venue.breaches["idle"] == 1


@pytest.mark.parametrize(
    ("request_", "code", "going_on"),
    [
        ("{", 3, True),
        ({"id": 1}, 2, True),
        ({"method": "SING", "id": 1}, 2, True),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"]}, 2, True),
        ({"method": "SUBSCRIBE", "params": ["btc usdt"], "id": 1}, 2, False),
        ({"method": "GET_PROPERTY", "params": ["colour"], "id": 1}, 0, True),
    ],
)
def test_binance_answers_malformed_requests_with_its_errors(request_: object, code: int, going_on: bool) -> None:
    client = binance_client()
    assert client.send(request_) is going_on
    assert client.messages()[0]["error"]["code"] == code
    assert client.venue.breaches == {"malformed": 1}


def test_binance_accepts_200_streams_on_a_connection() -> None:
    client = binance_client(*(f"s{number}@trade" for number in range(200)))
    client.send({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 3})
    assert client.messages()[0]["error"]["code"] == 4
    assert client.venue.breaches == {"unknown_stream": 200, "over_200_streams": 1}


@pytest.mark.parametrize(
    ("route", "stream", "breach"),
    [
        ("market", "btcusdt@depth@100ms", "stream_on_wrong_route"),
        ("market", "btcusdt@trade", "stream_on_wrong_route"),
        ("public", "btcusdt@aggTrade", "stream_on_wrong_route"),
        ("public", "!ticker@arr", "stream_on_wrong_route"),
        ("", "!ticker@arr", "market_stream_without_route"),
        ("public", "BTCUSDT@trade", "unknown_stream"),
    ],
)
def test_binance_accepts_streams_that_never_tell_anything(route: str, stream: str, breach: str) -> None:
    client = binance_client(stream, route=route)
    assert client.run(10) == []
    assert client.venue.breaches == {breach: 1}
    client.send({"method": "LIST_SUBSCRIPTIONS", "id": 4})
    assert client.messages() == [{"result": [stream], "id": 4}]


def test_binance_wraps_messages_with_the_names_of_their_streams_on_demand() -> None:
    client = Client(BinanceStreams(MARKET), route="public", combined=True, names=["btcusdt@depth@100ms", "btcusdt@trade"])
    messages = client.run(5)
    assert {message["stream"] for message in messages} == {"btcusdt@depth@100ms", "btcusdt@trade"}
    assert all(message["data"]["s"] == "BTCUSDT" for message in messages)
    client.send({"method": "SET_PROPERTY", "params": ["combined", False], "id": 2})
    assert client.messages() == [{"result": None, "id": 2}]
    assert all("stream" not in message for message in client.run(2))


def test_binance_allows_ten_messages_in_any_second() -> None:
    client = binance_client()
    allowed = [client.venue.allowed(client.connection, client.now + 90 * number) for number in range(12)]
    assert allowed == [True] * 10 + [False, False]
    assert client.venue.breaches["over_10_messages_per_s"] == 2
    assert client.venue.allowed(client.connection, client.now + 3_000)


def test_binance_sends_pings_and_ends_a_connection_that_does_not_answer() -> None:
    client = Client(BinanceStreams(MARKET, ping_ms=3_000), route="public")
    received = client.connection.sink
    client.venue.tick(client.now + 3_000)
    assert [kind for kind, _ in frames(bytes(received.data))] == [PING]  # type: ignore[attr-defined]
    client.connection.ponged_ms = client.now + 3_000
    ended = []
    for later_ms in (13_000, 13_001):
        client.venue.tick(client.now + later_ms)
        ended.append(client.aborted)
    assert ended == [False, True]
    assert client.venue.breaches == {"no_pong": 1}


def test_connections_above_the_venues_budget_are_counted() -> None:
    venue = BinanceStreams(MARKET)
    for _ in range(302):
        Client(venue)
    assert venue.breaches == {"connects_in_5_min": 2}


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_has_the_length_of_its_payload(size: int) -> None:
    assert list(frames(frame(bytes(size), 2) + frame(b"next"))) == [(2, bytes(size)), (1, b"next")]


def test_the_counts_say_what_is_open_subscribed_and_sent() -> None:
    client = bybit_client("orderbook.50.BTCUSDT", "publicTrade.BTCUSDT")
    client.run(5)
    counts = client.venue.to_json(client.now)
    assert counts["connections"] == {"open": 1, "opened": 1}
    assert counts["subscriptions"] == {"orderbook": 1, "publicTrade": 1}
    assert set(client.venue.sent) == {"orderbook", "publicTrade"}
    client.venue.close(client.connection)
    client.venue.close(client.connection)
    assert client.venue.to_json(client.now)["connections"] == {"open": 0, "opened": 1, "closed": 1}
    assert not client.venue.topics
