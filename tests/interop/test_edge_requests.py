"""Requests that the edge refuses: headers or paths that are too large, bytes and numbers that are not valid."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from tests.interop.edges import RunningEdge, details, running_edge
from tests.programs import Edge
from tests.service.snapshots import snapshot

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled_edge() -> AsyncIterator[RunningEdge]:
    """Return an edge whose server has a snapshot."""
    async with running_edge() as one:
        await one.market.show(snapshot())
        yield one


def sent(edge: Edge, target: str, *headers: str) -> tuple[int, str]:
    """Send a GET request whose target and headers no client library changes. Return (status, body)."""
    lines = [f"GET {target} HTTP/1.1", "Host: edge", *headers, "Connection: close", "", ""]
    host, _, port = edge.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        reply = b"".join(iter(partial(connection.recv, 65536), b""))
    head, _, body = reply.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


LONG = "a" * 20_000


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/v1/overview", [f"X-Long: {LONG}"]),
        ("/v1/overview", [f"Authorization: Bearer {LONG}"]),
        ("/v1/overview", [f"X-Request-Id: {LONG}"]),
        ("/v1/overview", [f"User-Agent: {LONG}"]),
        ("/v1/overview", [f"X-{number}: {'a' * 500}" for number in range(40)]),
        (f"/v1/confluence?symbols={LONG}", []),
        (f"/v1/confluence/{LONG}", []),
        (f"/{LONG}", []),
    ],
)
async def test_headers_or_a_path_that_are_too_large_are_431(
    filled_edge: RunningEdge, target: str, headers: list[str]
) -> None:
    status, text = await asyncio.to_thread(sent, filled_edge.edge, target, *headers)
    assert (status, json.loads(text)["message"]) == (431, "Request Header Fields Too Large")


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/v1/overview", [f"Authorization: Bearer {'a' * 15_000}"]),
        ("/v1/overview", [f"X-{number}: {'a' * 100}" for number in range(80)]),
        ("/v1/confluence?" + "&".join(f"symbols=SYMBOL{number}USDT" for number in range(500)), []),
    ],
)
async def test_large_headers_and_the_longest_list_of_symbols_are_accepted(
    filled_edge: RunningEdge, target: str, headers: list[str]
) -> None:
    for _ in range(5):  # gRPC refuses headers between its soft and its hard limit at random
        status, text = await asyncio.to_thread(sent, filled_edge.edge, target, *headers)
        assert status == 200, text


@pytest.mark.parametrize("target", ["/v1/confluence/%00USDT", "/v1/confluence/BTC%00", "/v1/symbols/%00/candles", "/%00"])
async def test_a_zero_byte_in_the_path_is_refused_with_the_reason(filled_edge: RunningEdge, target: str) -> None:
    status, text = await asyncio.to_thread(sent, filled_edge.edge, target)
    body = json.loads(text)
    assert (status, body["code"], details(body)["ErrorInfo"]["reason"]) == (400, 3, "INVALID_FIELD")
    assert "%00" in body["message"]


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("/v1/confluence/%0aUSDT", "'\\nUSDT'"),
        ("/v1/confluence/%1b%5b31mUSDT", "'\\x1b[31mUSDT'"),
        ("/v1/confluence/%7fUSDT", "'\\x7fUSDT'"),
        ("/v1/confluence?symbols=%00USDT", "'\\x00USDT'"),
        ("/v1/confluence/%ffUSDT", "the request is not a virtuoso.market.v1.GetConfluenceRequest"),
        ("/v1/confluence/" + "A" * 9000, "the request has 9003 bytes; expected at most"),
        ("/v1/confluence?page_size=1_000", '"1_000"'),
        ("/v1/confluence?min_score=1_0", '"1_0"'),
        ("/v1/confluence?page_size=%201%20", '" 1 "'),
    ],
)
async def test_the_error_for_a_bad_request_says_what_is_wrong_without_control_characters(
    filled_edge: RunningEdge, target: str, named: str
) -> None:
    status, text = await asyncio.to_thread(sent, filled_edge.edge, target)
    message = json.loads(text)["message"]
    assert status == 400
    assert named in message
    assert not message.startswith(":")
    assert message.isprintable()
