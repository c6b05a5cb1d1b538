"""The web page as browsers request it."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import logging
import re
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from virtuoso.domain.addresses import Address, format_address
from virtuoso.domain.errors import ConfigError
from virtuoso.edge import page

INDEX = b'<!doctype html><title>Ours</title><script src="/assets/main.js"></script>' + b"<p>" * 400
SCRIPT = b"export const answer = 42;\n" * 100
PNG = bytes(range(256))
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Return the folder of a page as Vite builds it. Beside the folder is a file that must never be served."""
    (tmp_path / "secret.txt").write_text("secret")
    root = tmp_path / "web"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_bytes(INDEX)
    (root / "assets" / "main.js").write_bytes(SCRIPT)
    (root / "icon.png").write_bytes(PNG)
    (root / "sw.js").write_bytes(b"const BUILD = `/assets/`;")
    (root / "manifest.webmanifest").write_bytes(b"{}")
    return root


@pytest_asyncio.fixture
async def address(built: Path) -> AsyncIterator[Address]:
    async with page.served(("127.0.0.1", 0), built) as bound:
        yield bound


async def ask(address: Address, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
    """Return (status, body as it was sent, headers)."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding", "Accept"]) as session,
        session.request(method, f"http://{format_address(address)}{path}", headers=given) as reply,
    ):
        return reply.status, await reply.read(), reply.headers


async def version(address: Address) -> str:
    """Return the version in the path of the built files."""
    _, body, _ = await ask(address, "/")
    (digest,) = re.findall(rb"/assets/([0-9a-f]{16})/main\.js", body)
    return bytes(digest).decode()


@pytest.mark.parametrize(
    ("path", "content_type", "cache", "body"),
    [
        ("/", "text/html; charset=utf-8", "no-cache", INDEX),
        ("/index.html", "text/html; charset=utf-8", "no-cache", INDEX),
        ("/assets/main.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", SCRIPT),
        ("/icon.png?v=1", "image/png", "no-cache", PNG),
        ("/sw.js", "text/javascript; charset=utf-8", "no-cache", b"const BUILD = `/assets/`;"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache", b"{}"),
    ],
)
async def test_each_file_has_its_content_type_and_cache_control(
    address: Address, path: str, content_type: str, cache: str, body: bytes
) -> None:
    versioned = f"/assets/{await version(address)}/"
    path, body = path.replace("/assets/", versioned), body.replace(b"/assets/", versioned.encode())
    status, sent, headers = await ask(address, path)
    assert (status, sent) == (200, body)
    assert (headers["Content-Type"], headers["Cache-Control"]) == (content_type, cache)
    status, sent, head = await ask(address, path, "HEAD")
    assert (status, sent, head["Content-Length"], head["ETag"]) == (200, b"", str(len(body)), headers["ETag"])


@pytest.mark.parametrize("changed", ["index.html", "icon.png", "assets/main.js"])
async def test_no_built_file_is_served_below_the_version_of_another_build(
    built: Path, address: Address, changed: str
) -> None:
    before = await version(address)
    async with page.served(("127.0.0.1", 0), built) as same:
        assert await version(same) == before
    (built / changed).write_bytes((built / changed).read_bytes() + b" ")
    async with page.served(("127.0.0.1", 0), built) as other:
        after = await version(other)
        assert after != before
        assert (await ask(other, f"/assets/{after}/main.js"))[0] == 200
        for path in (f"/assets/{before}/main.js", "/assets/main.js"):
            assert (await ask(other, path, **HTML))[0] == 404


async def test_an_unchanged_file_has_the_same_etag_in_two_builds(built: Path, address: Address) -> None:
    _, _, headers = await ask(address, f"/assets/{await version(address)}/main.js")
    (built / "icon.png").write_bytes(b"other")
    async with page.served(("127.0.0.1", 0), built) as other:
        path = f"/assets/{await version(other)}/main.js"
        assert (await ask(other, path, If_None_Match=headers["ETag"]))[0] == 304


async def test_a_cached_file_is_not_sent_again_and_each_encoding_has_its_own_etag(address: Address) -> None:
    _, plain, headers = await ask(address, "/")
    _, small, zipped = await ask(address, "/", Accept_Encoding="br, gzip;q=0.8")
    assert (zipped["Content-Encoding"], gzip.decompress(small)) == ("gzip", plain)
    assert len(small) < len(plain)
    assert headers["Vary"] == zipped["Vary"] == "Accept-Encoding"
    assert headers["ETag"] != zipped["ETag"]
    for encoding, tag in (("identity", headers["ETag"]), ("gzip", zipped["ETag"]), ("gzip", f'"x", W/{zipped["ETag"]}')):
        status, sent, again = await ask(address, "/", Accept_Encoding=encoding, If_None_Match=tag)
        assert (status, sent, again["Cache-Control"]) == (304, b"", "no-cache")
    assert (await ask(address, "/", Accept_Encoding="gzip", If_None_Match=headers["ETag"]))[0] == 200
    assert "Content-Encoding" not in (await ask(address, "/", Accept_Encoding="gzip;q=0"))[2]
    assert "Content-Encoding" not in (await ask(address, "/icon.png", Accept_Encoding="gzip"))[2]  # it would grow


async def test_paths_of_the_page_return_the_page_and_other_paths_return_404(address: Address) -> None:
    index = (await ask(address, "/"))[1]
    for path in ("/signals", "/symbol/BTCUSDT", "/symbol/%E5%B8%81USDT"):
        assert (await ask(address, path, **HTML))[:2] == (200, index)
    for path, headers in (("/signals", {}), ("/assets/old.js", HTML), ("/favicon.ico", HTML)):
        status, body, _ = await ask(address, path, **headers)
        assert (status, b'"code": 5' in body) == (404, True)
    status, _, refused = await ask(address, "/", "POST")
    assert (status, refused["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//"]
)
async def test_no_path_gives_access_to_files_outside_the_folder(address: Address, path: str) -> None:
    reader, writer = await asyncio.open_connection(*address)  # an HTTP client would normalise the path
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
    reply = await reader.read()
    writer.close()
    assert reply.startswith(b"HTTP/1.1 404 ")
    assert not reply.endswith(b"secret")


async def test_every_reply_has_restrictive_security_headers(address: Address) -> None:
    for path in ("/", "/nope.txt"):
        _, _, headers = await ask(address, path)
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "geolocation=()" in headers["Permissions-Policy"]


async def test_only_the_scripts_and_styles_of_the_page_itself_are_allowed_in_it(built: Path) -> None:
    (built / "index.html").write_text("<style>p { color: red }</style><script>start()</script>\n<style>\ni {}\n</style>")
    async with page.served(("127.0.0.1", 0), built) as bound:
        policy = (await ask(bound, "/"))[2]["Content-Security-Policy"]
        for kind, texts in (("script", [b"start()"]), ("style", [b"p { color: red }", b"\ni {}\n"])):
            digests = [base64.b64encode(hashlib.sha256(text).digest()).decode() for text in texts]
            allowed = ["'self'", *(f"'sha256-{digest}'" for digest in digests)]
            assert f"{kind}-src {' '.join(allowed)};" in policy
        assert "unsafe" not in policy
        assert "sha256" not in (await ask(bound, "/sw.js"))[2]["Content-Security-Policy"]


async def test_a_missing_page_is_reported_in_the_log_and_to_browsers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with page.served(("127.0.0.1", 0), tmp_path / "none") as bound:
            status, body, headers = await ask(bound, "/")
            assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
            assert b"is not part of this installation" in body
            assert (await ask(bound, "/signals", **HTML))[:2] == (status, body)
    (message,) = [record.getMessage() for record in caplog.records]
    assert str(tmp_path / "none") in message


async def test_the_error_for_a_port_in_use_has_its_address(built: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"PAGE_ADDRESS 127\.0\.0\.1:{port} cannot be used"):
            async with page.served(("127.0.0.1", port), built):
                pass
