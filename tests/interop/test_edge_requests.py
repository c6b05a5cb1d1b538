"""Requests that the edge refuses: headers or paths that are too large, bytes and numbers that are not valid."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Mapping
from functools import partial

import aiohttp
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2

from tests.interop.edges import RunningEdge, details, running_edge
from tests.programs import Edge
from tests.service.snapshots import snapshot
from virtuoso.edge.contract import SERVICE

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
    error = json.loads(text)
    assert (status, details(error)["ErrorInfo"]["reason"]) == (431, "TOO_LARGE")
    assert error["message"] == "the path and the headers of the request are larger than 16 KiB, or too many"


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


BAD_TIMEOUTS = ["x", "", "1", "S", "-1S", "1.5S", "123456789S", "1 S", "1Sx"]


@pytest.mark.parametrize("timeout", BAD_TIMEOUTS)
async def test_a_grpc_timeout_that_is_not_valid_is_400_in_json(filled_edge: RunningEdge, timeout: str) -> None:
    status, text = await asyncio.to_thread(sent, filled_edge.edge, "/v1/overview", f"grpc-timeout: {timeout}")
    error = json.loads(text)
    assert (status, error["code"], details(error)["ErrorInfo"]["reason"]) == (400, 3, "INVALID_FIELD")
    assert "grpc-timeout" in error["message"]
    # the connection from the edge to the server still takes valid ones of other clients
    status, text = await asyncio.to_thread(sent, filled_edge.edge, "/v1/overview", "grpc-timeout: 5S")
    assert status == 200, text


async def posted(edge: Edge, path: str, **headers: str) -> Mapping[str, str]:
    """Send an empty gRPC-Web request. Return the headers of the reply, which are its trailers too when it has no body."""
    sent_headers = {"content-type": "application/grpc-web+proto"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(edge.url + path, data=bytes(5), headers=sent_headers) as reply,
    ):
        await reply.read()
        assert reply.status == 200
        return dict(reply.headers)


@pytest.mark.parametrize(
    ("path", "headers", "code", "reason"),
    [
        (f"/{SERVICE}/GetOverview", {"grpc_timeout": "x"}, 3, "INVALID_FIELD"),
        (f"/{SERVICE}/GetOverview", {"content_type": "application/grpc-web-text"}, 3, "INVALID_FIELD"),
        (f"/{SERVICE}/GetNothing", {}, 12, "UNKNOWN_RPC"),
        ("/another.v1.Service/Get", {}, 12, "UNKNOWN_RPC"),
    ],
)
async def test_every_error_of_an_rpc_has_a_reason_and_its_own_code(
    filled_edge: RunningEdge, path: str, headers: dict[str, str], code: int, reason: str
) -> None:
    answer = await posted(filled_edge.edge, path, **headers)
    binary = answer["grpc-status-details-bin"]
    rich = status_pb2.Status.FromString(base64.b64decode(binary + "=" * (-len(binary) % 4)))
    info = error_details_pb2.ErrorInfo()
    assert rich.details[0].Unpack(info)
    assert (int(answer["grpc-status"]), rich.code) == (code, code)
    assert (info.reason, info.domain) == (reason, "virtuoso.market")
    assert "x-local-reply-code" not in {name.lower() for name in answer}


@pytest.mark.parametrize(
    ("target", "headers", "status", "reason"),
    [
        ("/v1/nothing", [], 404, "UNKNOWN_RPC"),
        ("/nothing", [], 404, "UNKNOWN_RPC"),
        ("/v1/overview?nothing=1", [], 400, "INVALID_FIELD"),
        ("/v1/overview", ["bad header: 1"], 400, "INVALID_FIELD"),
        ("/v1/overview", ["Transfer-Encoding: nothing"], 501, "INVALID_FIELD"),
        ("/v1/overview", ["Content-Length: -1"], 400, "INVALID_FIELD"),
    ],
)
async def test_every_error_in_json_has_a_reason(
    filled_edge: RunningEdge, target: str, headers: list[str], status: int, reason: str
) -> None:
    found, text = await asyncio.to_thread(sent, filled_edge.edge, target, *headers)
    assert found == status
    assert details(json.loads(text))["ErrorInfo"]["reason"] == reason
