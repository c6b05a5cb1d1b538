"""Each fault disturbs the streams as it says, and nothing else."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.unit.simulator.stream_clients import (
    MARKET,
    NOW,
    Book,
    Client,
    binance_client,
    binance_rest,
    bybit_book,
    bybit_client,
    bybit_rest,
)
from virtuoso.simulator.faults import Faults

BOOK, TRADES = "orderbook.50.BTCUSDT", "publicTrade.BTCUSDT"


def updates(messages: list[Any]) -> list[int]:
    return [message["data"]["u"] for message in messages if str(message.get("topic", "")).startswith("orderbook")]


def holes(numbers: list[int]) -> int:
    return sum(after != before + 1 for before, after in pairwise(numbers))


def breaks(events: list[Any]) -> int:
    return sum(after["pu"] != before["u"] for before, after in pairwise(events))


@pytest.mark.parametrize("mode", ["ws_drop", "down", "html_403", "451"])
def test_connections_are_reset_when_the_fault_begins(mode: str) -> None:
    client = bybit_client(BOOK)
    client.run(1)
    client.fault(mode)
    assert client.aborted
    assert client.venue.counts["aborted"] == 1


def test_flapping_resets_connections_again_and_again() -> None:
    client = bybit_client(BOOK)
    client.fault("ws_flap", every_s=2)
    assert client.aborted
    client.run(4.1)
    assert client.venue.counts["aborted"] == 3


def test_a_silent_connection_is_open_and_gets_nothing() -> None:
    client = bybit_client(BOOK)
    before = updates(client.messages() + client.run(1))
    client.fault("ws_silent")
    assert client.run(5) == []
    assert not client.aborted
    client.fault("ok")
    assert updates(client.run(1))[0] > before[-1] + 1  # what was not told is missing


def test_a_gap_omits_one_message_of_each_book() -> None:
    client = bybit_client(BOOK, TRADES)
    numbers = updates(client.messages())
    client.fault("ws_gap")
    numbers += updates(client.run(5))
    assert holes(numbers) == 1
    assert client.venue.disturbed == {"ws_gap": 1}
    client.fault("ws_gap", every_s=1)
    assert 4 <= holes(numbers[-1:] + updates(client.run(5))) <= 6


def test_a_gap_breaks_binances_chain() -> None:
    client = binance_client("btcusdt@depth@100ms")
    events = client.run(1)
    client.fault("ws_gap")
    assert breaks(events + client.run(3)) == 1
    events = client.run(1)
    client.fault("ws_gap", every_s=1)
    assert breaks(events + client.run(3)) == 3


def test_a_crossed_book_is_crossed_until_the_fault_ends() -> None:
    client = bybit_client(BOOK)
    book = bybit_book(client.messages()[1])
    client.fault("ws_crossed")
    for message in client.run(5):
        book.apply(message["data"]["b"], message["data"]["a"])
        assert book.crossed
    client.send({"op": "unsubscribe", "args": [BOOK]})
    client.fault("ok")
    client.send({"op": "subscribe", "args": [BOOK]})
    assert not bybit_book(client.messages()[2]).crossed


def test_a_crossed_book_is_right_again_when_the_fault_ends() -> None:
    client = bybit_client(BOOK)
    book = bybit_book(client.messages()[1])
    client.fault("ws_crossed")
    messages = client.run(2)
    client.fault("ok")
    for message in messages + client.run(2):
        book.apply(message["data"]["b"], message["data"]["a"])
    reply = bybit_rest("orderbook", client.now, symbol="BTCUSDT", limit="50")
    assert book == Book(reply["b"], reply["a"])


@pytest.mark.parametrize("mode", ["ws_garbage", "garbage", "truncated"])
def test_garbage_is_told_instead_of_some_messages(mode: str) -> None:
    client = bybit_client(BOOK, TRADES)
    client.messages()
    client.fault(mode, prob=0.3)
    before = client.now
    while client.now < before + 6_000:
        client.now += 25
        client.venue.tick(client.now)
    texts = client.texts()
    bad = [text for text in texts if not is_json(text)]
    assert 0.1 < len(bad) / len(texts) < 0.6
    assert client.venue.disturbed["ws_garbage"] == len(bad)


def is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("mode", ["ws_nan", "nan", "nulls"])
def test_numbers_are_bad_and_names_and_update_ids_are_not(mode: str) -> None:
    client = bybit_client("tickers.BTCUSDT", BOOK)
    client.messages()
    client.fault(mode, prob=1)
    messages = client.run(5)
    cells = [cell for message in messages if message["topic"] == BOOK for row in message["data"]["b"] for cell in row]
    bad = [cell for cell in cells if cell in ("NaN", "", None, "-1", "-0.5", "Infinity", "abc")]
    assert 0.15 < len(bad) / len(cells) < 0.5
    assert not holes(updates(messages))
    assert all(message["data"].get("symbol", "BTCUSDT") == "BTCUSDT" for message in messages)


@pytest.mark.parametrize(("mode", "more"), [("ws_stale", {}), ("stale", {"stale_s": 0})])
def test_stale_messages_go_on_with_the_data_and_the_time_of_the_begin(mode: str, more: dict[str, Any]) -> None:
    client = bybit_client(BOOK, "tickers.BTCUSDT", TRADES)
    client.run(1)
    client.fault(mode, **more)
    began = client.now
    messages = client.run(5)
    assert {message["ts"] for message in messages} == {began}
    assert {message["topic"] for message in messages} == {BOOK, "tickers.BTCUSDT"}
    assert not holes(updates(messages))
    client.fault("ok")
    assert client.run(1)[-1]["ts"] == client.now


def test_late_messages_have_their_old_times() -> None:
    client = bybit_client(BOOK)
    client.messages()
    client.fault("ws_late", latency_ms=2_000)
    assert client.run(1.9) == []
    messages = client.run(3)
    assert messages
    assert max(message["ts"] for message in messages) <= client.now - 2_000
    client.fault("ok")
    assert not holes(updates(messages + client.run(3)))


def test_doubled_messages_are_told_twice_or_change_places_and_none_is_lost() -> None:
    client = bybit_client(TRADES)
    client.messages()
    client.fault("ws_dup", prob=0.4)
    messages = client.run(60)
    client.fault("ok")
    messages += client.run(2)
    numbers = [row["seq"] for message in messages for row in message["data"]]
    truth = [number for number, time_ms, *_ in MARKET.trades("BTC", client.now, 3_000) if time_ms > NOW]
    assert sorted(set(numbers)) == truth
    assert len(numbers) > len(truth)
    assert numbers != sorted(numbers)


def test_a_subscription_is_refused_in_each_venues_format() -> None:
    client = bybit_client()
    client.fault("ws_reject")
    client.send({"op": "subscribe", "args": [BOOK]})
    assert client.messages()[0]["ret_msg"] == f"error:handler not found,topic:{BOOK}"
    other = binance_client("btcusdt@trade")
    other.fault("ws_reject")
    other.send({"method": "SUBSCRIBE", "params": ["ethusdt@trade"], "id": 5})
    assert other.messages()[0]["error"]["code"] == 2
    assert set(other.connection.topics) == {"btcusdt@trade"}


def test_a_restart_begins_bybits_books_anew_and_breaks_binances_chains() -> None:
    client = bybit_client(BOOK)
    client.run(1)
    client.fault("ws_restart")
    snapshot, *deltas = client.run(3)
    assert (snapshot["type"], snapshot["data"]["u"]) == ("snapshot", 1)
    assert updates(deltas)[0] == 2
    book = bybit_book(snapshot)
    for message in deltas:
        book.apply(message["data"]["b"], message["data"]["a"])
    reply = bybit_rest("orderbook", client.now, symbol="BTCUSDT", limit="50")
    assert book == Book(reply["b"], reply["a"])
    other = binance_client("btcusdt@depth@100ms")
    before = other.run(1)[-1]
    other.fault("ws_restart")
    after = other.run(1)[0]
    assert after["pu"] != before["u"]
    reply = binance_rest("depth", other.now, symbol="BTCUSDT", limit="1000")
    assert any(event["U"] <= reply["lastUpdateId"] + 1 <= event["u"] for event in other.run(1))


def test_under_empty_a_subscription_is_confirmed_and_nothing_comes() -> None:
    client = bybit_client()
    client.fault("empty")
    client.send({"op": "subscribe", "args": [BOOK, TRADES]})
    client.send({"op": "ping"})
    assert [message["op"] for message in client.messages() + client.run(3)] == ["subscribe", "ping"]


def test_a_fault_with_a_path_disturbs_only_these_topics() -> None:
    client = bybit_client(BOOK, "orderbook.50.ETHUSDT")
    numbers = {
        name: [m["data"]["u"] for m in client.messages()[1:] if m["topic"] == name] for name in client.connection.topics
    }
    client.fault("ws_gap", path="ETHUSDT")
    messages = client.run(5)
    by_topic = {name: [m["data"]["u"] for m in messages if m["topic"] == name] for name in client.connection.topics}
    assert holes(by_topic[BOOK]) == 0
    assert by_topic["orderbook.50.ETHUSDT"]
    assert client.venue.disturbed == {"ws_gap": 1}
    assert set(numbers) == set(by_topic)


def test_the_transport_says_what_a_fault_is_for() -> None:
    faults = Faults(["bybit", "binance"])
    assert faults.set({"mode": "stale", "exchange": "bybit", "transport": "rest"}, NOW) == ()
    assert faults.set({"mode": "ws_silent", "exchange": "bybit"}, NOW) == ("bybit",)
    assert (faults.current["bybit"].mode, faults.streams["bybit"].mode) == ("stale", "ws_silent")
    assert faults.set({"mode": "ok", "exchange": "bybit", "transport": "ws"}, NOW) == ("bybit",)
    assert (faults.current["bybit"].mode, faults.streams["bybit"].mode) == ("stale", "ok")
    assert faults.set({"mode": "down"}, NOW) == ("bybit", "binance")
    assert {fault.mode for fault in (*faults.current.values(), *faults.streams.values())} == {"down"}
    with pytest.raises(ValueError, match="transport 'rest'"):
        faults.set({"mode": "ws_gap", "transport": "rest"}, NOW)


def test_a_client_that_reads_nothing_is_reset() -> None:
    client: Client = bybit_client(BOOK)
    client.connection.sink.get_write_buffer_size = lambda: 1 << 30  # type: ignore[method-assign]
    client.run(1)
    assert client.aborted
    assert client.venue.breaches["slow_consumer"]
