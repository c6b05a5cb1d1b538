"""The metrics behind the alerts are counted where the events happen. Values that were not measured are absent."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from google.protobuf.message import Message
from prometheus_client import REGISTRY

from tests.programs import ROOT
from tests.service.servers import refusal, running_server
from tests.service.snapshots import T0, row, snapshot
from virtuoso.domain.errors import BadData
from virtuoso.domain.model import Stamp
from virtuoso.exchange.rows import read_book, read_trades
from virtuoso.exchange.venues import venue_facts
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.service.encoding import chunk, field, is_single_field

NOW = 1_760_000_000_000
Key = tuple[str, dict[str, str]]


def sample(key: Key) -> float:
    """Return a value as a scrape would return it, or 0 for a counter that does not exist yet."""
    return REGISTRY.get_sample_value(*key) or 0.0


@contextmanager
def counted(*expected: tuple[str, dict[str, str], float]) -> Iterator[None]:
    """Assert that the body raises the samples by these amounts."""
    before = [sample((name, labels)) for name, labels, _ in expected]
    yield
    rises = [sample((name, labels)) - start for (name, labels, _), start in zip(expected, before, strict=True)]
    assert rises == [rise for _, _, rise in expected]


def rows(kind: str, *, ok: float, refused: float) -> list[tuple[str, dict[str, str], float]]:
    name = "virtuoso_rows_total"
    return [(name, {"kind": kind, "result": "ok"}, ok), (name, {"kind": kind, "result": "refused"}, refused)]


def test_rows_of_exchanges_are_counted_by_kind_and_by_result() -> None:
    good = {"time": str(NOW - 1000), "price": "100.5", "size": "2", "side": "Buy"}
    names = venue_facts("bybit").names.trade
    with counted(*rows("trade", ok=2, refused=3)):
        read_trades(
            [
                {**good, "execId": "a"},
                {**good, "execId": "b"},
                {**good, "execId": "a"},
                {**good, "execId": "c", "price": "NaN"},
                {**good, "execId": "d", "time": str(NOW + 60_000)},
            ],
            names,
            "BTCUSDT",
            Stamp(observed_ms=NOW, received_ms=NOW),
        )
    with counted(*rows("trade", ok=0, refused=1)), pytest.raises(BadData):  # also when the whole reply is refused
        read_trades([{**good, "execId": "a", "size": "0"}], names, "BTCUSDT", Stamp(observed_ms=NOW, received_ms=NOW))
    with counted(*rows("book", ok=3, refused=1)):
        book = read_book(
            {"bids": [[9, 1], [8, "x"]], "asks": [[10, 1], [11, 1]]}, "BTCUSDT", Stamp(observed_ms=NOW, received_ms=NOW)
        )
        assert np.isfinite(book.bids).all()


async def test_rows_of_a_snapshot_are_counted_when_it_arrives_and_placeholders_separately() -> None:
    sound = snapshot("sound", rows=[row("BTCUSDT"), row("ETHUSDT")], observed_ms=T0 - 5000)
    bad = snapshot("bad", rows=[row("BTCUSDT"), row("ETHUSDT")])
    bad.gainers[3].symbol = bad.losers[4].symbol = "SYSTEM_STATUS"
    bad.gainers[5].price = float("nan")
    no_rows = ("provenance", "venue_symbols")
    parts = [part for field, part in sound.ListFields() if field.name not in no_rows]
    whole = sum(1 if isinstance(part, Message) else len(part) for part in parts)
    contaminated = "virtuoso_contaminated_rows_total"
    async with running_server() as server:
        with counted((contaminated, {}, 0), *rows("snapshot", ok=1, refused=0), *rows("row", ok=whole, refused=0)):
            await server.show(sound)
        with counted((contaminated, {}, 2), *rows("snapshot", ok=1, refused=0), *rows("row", ok=whole - 3, refused=3)):
            await server.show(bad)


async def test_an_empty_reply_is_counted_unless_the_request_has_a_filter() -> None:
    name = "virtuoso_empty_replies_total"
    without_movers = snapshot()
    del without_movers.gainers[:], without_movers.losers[:]
    async with running_server() as server:
        await server.show(without_movers)
        with counted((name, {"rpc": "ListMovers"}, 2), (name, {"rpc": "ListConfluenceScores"}, 0)):
            await server.stub.ListMovers(api.ListMoversRequest())
            await server.stub.ListMovers(api.ListMoversRequest(page_size=5))
            await server.stub.ListMovers(api.ListMoversRequest(min_turnover_usd=1e12))
            await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest())
            reply = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(min_score=99))
            assert not reply.rows


async def test_replies_are_counted_by_the_age_of_their_snapshot_and_errors_are_not() -> None:
    def under(seconds: str) -> Key:
        return "virtuoso_reply_age_seconds_bucket", {"le": seconds}

    count: Key = ("virtuoso_reply_age_seconds_count", {})
    async with running_server(max_stale_s=120) as server:
        with counted((*count, 0)):
            assert (await refusal(server.stub.GetOverview(api.GetOverviewRequest()))).reason == "NOT_READY"
        await server.show(snapshot(observed_ms=server.clock.now_ms() - 3000))
        with counted((*under("5.0"), 1), (*under("60.0"), 1), (*count, 1)):
            await server.stub.GetOverview(api.GetOverviewRequest())
        server.after(60)
        with counted((*under("60.0"), 0), (*under("120.0"), 1), (*count, 1)):
            await server.stub.GetOverview(api.GetOverviewRequest())
        server.after(60)
        with counted((*count, 0)):
            assert (await refusal(server.stub.GetOverview(api.GetOverviewRequest()))).reason == "DATA_UNAVAILABLE"


async def test_health_and_the_limit_of_streams_are_metrics() -> None:
    readiness = ("virtuoso_serving", {"service": "readiness"})
    async with running_server(max_stale_s=120) as server:
        assert sample(readiness) == 0
        assert sample(("virtuoso_serving", {"service": "liveness"})) == 1
        assert sample(("virtuoso_streams_limit", {})) == 2000
        await server.show(snapshot())
        await asyncio.sleep(0.05)  # the health status follows the ticks of the cache
        assert sample(readiness) == 1
        server.after(121)
        await asyncio.sleep(0.05)
        assert sample(readiness) == 0


def test_the_snapshot_age_is_nan_without_a_snapshot() -> None:
    age = "REGISTRY.get_sample_value('virtuoso_snapshot_age_seconds')"
    script = f"from prometheus_client import REGISTRY; import virtuoso.metrics; print({age})"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert output.strip() == "nan"


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 70_000])
def test_a_message_with_one_field_is_recognised_by_its_length(size: int) -> None:
    whole = field(1, (chunk(b"x" * size),))
    assert is_single_field(whole)
    assert not is_single_field(whole + field(2, (chunk(b""),)))
