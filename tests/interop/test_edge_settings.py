"""The settings of the edge with a real Envoy: compression, limits, access log, TLS, the page."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.certificates import certify
from tests.interop.edges import RunningEdge, details, running_edge
from tests.programs import Edge
from tests.service.servers import refusal, running_server
from tests.service.snapshots import T0, snapshot
from virtuoso.doctor import listeners
from virtuoso.edge import page
from virtuoso.edge.contract import SERVICE
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import market_service_pb2_grpc

WEB = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
ORIGIN = {"Origin": "https://app.example"}


async def fetch(one: RunningEdge, path: str, encoding: str) -> tuple[bytes, list[str], str]:
    """Return (body as it was sent, encodings, Vary header)."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        headers = {"Accept-Encoding": encoding}
        if path.startswith("/v1/"):
            call = session.get(one.edge.url + path, headers=headers)
        else:
            call = session.post(one.edge.url + path, data=bytes(5), headers=headers | WEB)
        async with call as reply:
            return await reply.read(), reply.headers.getall("content-encoding", []), reply.headers.get("vary", "")


async def test_json_and_grpc_web_are_compressed_once_for_clients_that_accept_it() -> None:
    async with running_edge() as one:
        await one.market.show(snapshot())
        for path in ("/v1/dashboard", f"/{SERVICE}/GetDashboard"):
            plain, none, varies = await fetch(one, path, "identity")
            small, encodings, _ = await fetch(one, path, "gzip, br")
            assert (none, encodings) == ([], ["gzip"])
            length = len(plain) if path.startswith("/v1/") else 5 + int.from_bytes(plain[1:5], "big")  # trailers follow
            assert gzip.decompress(small)[:length] == plain[:length]
            assert len(small) < 0.8 * len(plain)
            assert "Accept-Encoding" in varies


async def test_each_message_of_a_compressed_stream_is_sent_immediately() -> None:
    async with running_edge() as one, aiohttp.ClientSession(auto_decompress=False) as session:
        await one.market.show(snapshot())
        url, headers = f"{one.edge.url}/{SERVICE}/WatchDashboard", {**WEB, "Accept-Encoding": "gzip"}
        async with session.post(url, data=bytes(5), headers=headers) as stream, asyncio.timeout(10):
            assert stream.headers["content-encoding"] == "gzip"
            unzip, held = zlib.decompressobj(wbits=31), b""
            for step in range(4):  # each message is sent only after the previous one was read
                while len(held) < 5 or len(held) < 5 + int.from_bytes(held[1:5], "big"):
                    held += unzip.decompress(await stream.content.readany())
                length = 5 + int.from_bytes(held[1:5], "big")
                message = api.WatchDashboardResponse.FromString(held[5:length])
                held = held[length:]
                assert message.provenance.snapshot_id == f"s{step + 1}"
                await one.market.show(snapshot(f"s{step + 2}", observed_ms=T0 + 1000 * (step + 1)))


async def test_each_address_has_its_own_rate_limit_and_probes_have_none() -> None:
    async with running_edge(spec={"rate_limit": 1, "burst": 5}) as one:
        await one.market.show(snapshot())

        async def calls(path: str, of: str = "127.0.0.1", number: int = 20) -> list[tuple[int, Any, Any]]:
            connector = aiohttp.TCPConnector(local_addr=(of, 0))
            async with aiohttp.ClientSession(connector=connector) as session:

                async def call(index: int) -> tuple[int, Any, Any]:
                    pretended = {"X-Forwarded-For": f"198.51.100.{index}"}
                    async with session.get(one.edge.url + path, headers=ORIGIN | pretended) as reply:
                        return reply.status, await reply.json(), reply.headers

                return await asyncio.gather(*(call(index) for index in range(number)))

        answers = await calls("/v1/overview")
        assert {status for status, _, _ in answers} == {200, 429}
        _, body, headers = next(answer for answer in answers if answer[0] == 429)
        found = details(body)
        assert (body["code"], found["ErrorInfo"]["reason"], found["ErrorInfo"]["domain"]) == (
            8,
            "RATE_LIMITED",
            "virtuoso.market",
        )
        assert (found["RetryInfo"]["retryDelay"], headers["retry-after"]) == ("1s", "1")
        assert headers["access-control-allow-origin"] == ORIGIN["Origin"]  # so the page can read the error
        assert {status for status, _, _ in await calls("/v1/overview", of="127.0.0.2", number=5)} == {200}
        assert {status for status, _, _ in await calls("/healthz")} == {200}

        async with one.stub() as stub:
            for _ in range(20):  # until the tokens that were added in the meantime are used up
                call = stub.GetOverview(api.GetOverviewRequest(), timeout=5)
                if await call.code() is not grpc.StatusCode.OK:
                    break
            refused = await refusal(call)
        assert (refused.code, refused.reason, refused.retry_s) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", 1)
        async with aiohttp.ClientSession() as session:
            for _ in range(20):
                async with session.post(f"{one.edge.url}/{SERVICE}/GetOverview", data=bytes(5), headers=WEB) as reply:
                    web = (reply.status, reply.headers.get("grpc-status"), "grpc-status-details-bin" in reply.headers)
                if web[1] is not None:
                    break
        assert web == (200, "8", True)
        async with grpc.aio.insecure_channel(one.edge.address) as channel:
            for _ in range(20):
                checked = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
                assert checked.status == health_pb2.HealthCheckResponse.SERVING
            for _ in range(20):  # streams are limited too
                watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=5)
                with suppress(grpc.aio.AioRpcError):
                    await watch.read()
                if watch.done():
                    break
            assert await watch.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_behind_a_trusted_proxy_the_callers_address_is_the_forwarded_one() -> None:
    async with running_edge(spec={"rate_limit": 1, "burst": 5, "trusted_proxies": 1}) as one:
        await one.market.show(snapshot())
        first = [await one.http("/v1/overview", headers={"X-Forwarded-For": "198.51.100.1"}) for _ in range(20)]
        assert 429 in {status for status, _, _ in first}
        assert (await one.http("/v1/overview", headers={"X-Forwarded-For": "198.51.100.2"}))[0] == 200


async def test_each_call_is_a_line_of_json_in_the_log_even_after_a_truncation(tmp_path: Path) -> None:
    log = tmp_path / "access.log"

    async def lines(number: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(10):
            while log.read_text().count("\n") < number:
                await asyncio.sleep(0.05)
        return [json.loads(line) for line in log.read_text().splitlines()]

    async with running_edge(spec={"access_log": str(log)}) as one:
        await one.market.show(snapshot())
        await one.http("/v1/confluence?min_score=60", headers={"x-request-id": "ours", "user-agent": "a phone"})
        await one.http("/v1/confluence/SYSTEM_STATUS")
        await one.http("/healthz", headers={"x-envoy-original-method": "FAKED", "x-envoy-original-path": "/v1/faked"})
        async with one.stub() as stub:
            await stub.GetOverview(api.GetOverviewRequest())
            await refusal(stub.GetConfluence(api.GetConfluenceRequest(symbol="NOSUCHUSDT")))
        await one.call("grpcweb", "GetConfluence", {"symbol": "NOSUCHUSDT"})
        as_json, refused, health, as_grpc, *later = await lines(7)
        assert (as_json["method"], as_json["path"], as_json["rpc"]) == (
            "GET",
            "/v1/confluence?min_score=60",
            f"/{SERVICE}/ListConfluenceScores",
        )
        assert (as_json["request_id"], as_json["client"], as_json["user_agent"]) == ("ours", "127.0.0.1", "a phone")
        assert (as_json["status"], as_json["upstream"]) == (200, one.market.address)
        assert as_json["bytes"] > 1000
        assert as_json["duration_ms"] >= 0
        assert as_json["time"].endswith("Z")
        assert (refused["status"], refused["path"]) == (400, "/v1/confluence/SYSTEM_STATUS")
        assert (health["status"], health["method"], health["path"], "rpc" in health) == (200, "GET", "/healthz", False)
        assert (as_grpc["protocol"], as_grpc["grpc_status"], as_grpc["rpc"]) == (
            "HTTP/2",
            "OK",
            f"/{SERVICE}/GetOverview",
        )
        assert "grpc_status" not in refused  # only its HTTP status is known
        assert [each["grpc_status"] for each in later if each["rpc"] == f"/{SERVICE}/GetConfluence"] == ["NotFound"] * 2
        log.write_text("")  # as logrotate's copytruncate does
        await one.http("/healthz")
        assert [line["path"] for line in await lines(1)] == ["/healthz"]


async def test_without_a_monitor_healthz_is_not_found_with_a_reason() -> None:
    async with running_server() as market:
        edge = await asyncio.to_thread(Edge, [market.address], [], 0.0)
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{edge.url}/healthz") as reply:
                assert (reply.status, reply.content_type) == (404, "application/json")
                assert "MONITOR_ADDRESS is none" in (await reply.json())["message"]
        finally:
            await asyncio.to_thread(edge.end)


async def test_all_protocols_work_over_tls_and_a_renewed_certificate_is_loaded(tmp_path: Path) -> None:
    certificate, key = certify(tmp_path)
    async with running_edge(spec={"certificate": certificate, "key": key}) as one:
        await one.market.show(snapshot())
        known = Path(certificate).read_bytes()
        trusted = ssl.create_default_context(cadata=known.decode())
        status, _, headers = await one.http("/v1/overview", ssl=trusted)
        assert (status, headers["strict-transport-security"]) == (200, "max-age=31536000")
        assert "strict-transport-security" in (await one.http("/v1/nope", ssl=trusted))[2]
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{one.edge.url}/{SERVICE}/GetOverview", data=bytes(5), headers=WEB, ssl=trusted) as reply,
        ):
            assert b"grpc-status:0" in await reply.read()
        with pytest.raises(aiohttp.ClientConnectionError):
            await one.http("/v1/overview", ssl=ssl.create_default_context())
        credentials = grpc.ssl_channel_credentials(known)
        async with grpc.aio.secure_channel(one.edge.address, credentials) as channel:
            stub: Any = market_service_pb2_grpc.MarketServiceStub(channel)
            stream = stub.WatchDashboard(api.WatchDashboardRequest())
            assert (await stream.read()).WhichOneof("event") == "snapshot"

            where = ("127.0.0.1", one.edge.port)
            looked = await listeners.check_port("VIRTUOSO_EDGE_ADDRESS", where, listeners.https_status)
            assert "a Virtuoso server answers with the status SERVING" in looked.why
            certify(tmp_path)
            async with asyncio.timeout(20):
                while (await asyncio.to_thread(ssl.get_server_certificate, where)).encode() == known:
                    await asyncio.sleep(0.2)
            assert (await asyncio.to_thread(ssl.get_server_certificate, where)).encode() == Path(certificate).read_bytes()
            await one.market.show(snapshot("s2", observed_ms=T0 + 5000))
            assert (await stream.read()).provenance.snapshot_id == "s2"  # a stream that is open continues

            Path(key).write_text("no key")
            async with asyncio.timeout(10):
                while "the old certificate stays in use: " not in one.edge.output():
                    await asyncio.sleep(0.1)
            assert await asyncio.to_thread(ssl.get_server_certificate, where)


async def test_the_page_json_and_rpcs_share_the_port(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>" + "ours " * 400)
    async with page.served(("127.0.0.1", 0), tmp_path) as at, running_edge(spec={"page": at}) as one:
        await one.market.show(snapshot())
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            asks = {"Accept": "text/html", "Accept-Encoding": "gzip"}
            for path in ("/", "/symbol/BTCUSDT"):
                async with session.get(one.edge.url + path, headers=asks) as reply:
                    assert b"ours" in gzip.decompress(await reply.read())
                    assert reply.headers.getall("content-encoding") == ["gzip"]
                    assert "default-src 'none'" in reply.headers["content-security-policy"]
                    tag = reply.headers["etag"]
            async with session.get(one.edge.url, headers={**asks, "If-None-Match": tag}) as again:
                assert again.status == 304
        for path in ("/v1/nope", "/no.such.Service/Call", f"/{SERVICE}/GetOverview", "/old.js"):
            status, body, headers = await one.http(path, headers=ORIGIN)
            assert (status, body["code"], headers["content-type"]) == (404, 5, "application/json")
        assert (await one.http("/v1/overview"))[0] == (await one.http("/healthz"))[0] == 200
        for protocol in ("grpc", "grpcweb"):
            out, error_output = await one.call(
                protocol, "GetOverview", {}
            )  # by reflection, which also works through the edge
            assert (json.loads(out)["provenance"]["snapshotId"], error_output) == ("s1", "")
        async with grpc.aio.insecure_channel(one.edge.address) as channel:
            call: Any = channel.unary_unary
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call("/no.such.Service/Call")(b"", timeout=5)
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
