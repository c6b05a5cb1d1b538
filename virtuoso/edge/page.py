"""Serve the built files of the web page from memory to Envoy. Envoy cannot serve files."""

from __future__ import annotations

import base64
import contextlib
import errno
import gzip
import hashlib
import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ETag, web

from virtuoso.domain.addresses import Address, address_in_use, format_address
from virtuoso.domain.errors import ConfigError

log = logging.getLogger(__name__)

# The folder of the page in a wheel.
PACKAGED = Path(__file__).with_name("site")
# The folder of the page in a checkout.
BUILT = Path(__file__).resolve().parents[2] / "gen" / "web"
INDEX = "/index.html"
# The folder of the files that Vite builds.
ASSETS = "/assets/"
VERSIONED = re.compile(rf"{ASSETS}[0-9a-f]{{16}}/.+")
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self'{styles}; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY.format(scripts="", styles=""),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Virtuoso</title>
<h1>Virtuoso</h1>
<p>The web page is not part of this installation. To build it, run tools/generate. Available here:
<a href="/v1/dashboard">the dashboard as JSON</a>, <a href="/healthz">health</a>, gRPC-Web and gRPC.
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in the form that is sent. `gzipped` is the compressed body; None when compression saves 10 % or less.
    `policy` is the Content-Security-Policy of a page."""

    body: bytes
    gzipped: bytes | None
    etag: str
    content_type: str
    cache_control: str
    policy: str


def folder() -> Path:
    """Return the folder of the built page in this package, or else in this checkout. The folder may not exist."""
    return PACKAGED if PACKAGED.is_dir() else BUILT


def assets(root: Path) -> dict[str, Asset]:
    """Return every file below `root` by its URL path, which starts with "/". Return an empty dict without that folder.

    The names of built files have no version. They are served below the version of the whole build, for example
    /assets/0123456789abcdef/main.js. HTML and JavaScript files outside assets/ are sent with that path in their text. So a
    page never mixes the files of two builds, and browsers can cache a built file without a time limit."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    bodies = {f"/{path.relative_to(root).as_posix()}": path.read_bytes() for path in files}
    versioned = f"{ASSETS}{_version(bodies)}/"
    served: dict[str, Asset] = {}
    for path, body in bodies.items():
        if path.startswith(ASSETS):
            served_path, sent = versioned + path.removeprefix(ASSETS), body
        else:
            served_path = path
            sent = body.replace(ASSETS.encode(), versioned.encode()) if path.endswith((".html", ".js")) else body
        served[served_path] = _asset(served_path, sent)
    return served


def _version(bodies: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path, body in bodies.items():
        digest.update(b"%b\0%d\0%b" % (path.encode(), len(body), body))
    return digest.hexdigest()[:16]


def _asset(path: str, body: bytes) -> Asset:
    gzipped = gzip.compress(body, 9, mtime=0)
    return Asset(
        body,
        gzipped if len(gzipped) < 0.9 * len(body) else None,
        hashlib.sha256(body).hexdigest()[:32],
        CONTENT_TYPES.get(Path(path).suffix, "application/octet-stream"),
        "public, max-age=31536000, immutable" if VERSIONED.fullmatch(path) else "no-cache",  # no-cache: revalidate
        POLICY.format(scripts=_hashes("script", body), styles=_hashes("style", body)) if path.endswith(".html") else "",
    )


def _hashes(tag: str, html: bytes) -> str:
    """Return the sources that allow the scripts or styles inside a page, each by its hash."""
    inside = re.findall(rb"<%b>(.*?)</%b>" % (tag.encode(), tag.encode()), html, re.DOTALL)
    return "".join(f" 'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'" for text in inside)


class Page:
    """A server of `files` (see `assets`). No path gives access to other files."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files = files

    async def handle(self, request: web.Request) -> web.Response:
        """Return one of the files.

        The page has its own paths, such as /symbol/BTCUSDT. A browser that opens such a path gets index.html."""
        if request.method not in ("GET", "HEAD"):
            return _error(405, f"{request.method} is not supported for files: expected GET or HEAD", {"Allow": "GET, HEAD"})
        path = INDEX if request.path == "/" else request.path
        asset = self._files.get(path)
        if asset is None and (path == INDEX or _wants_html(request)):
            asset = self._files.get(INDEX)
            if asset is None:
                headers = {**HEADERS, "Cache-Control": "no-store", "Content-Type": CONTENT_TYPES[".html"]}
                return web.Response(status=404, text=NOT_BUILT, headers=headers)
        if asset is None:
            return _error(404, f"there is no {request.path}", {})
        return _file(request, asset)


def _file(request: web.Request, asset: Asset) -> web.Response:
    gzipped = asset.gzipped if _accepts_gzip(request.headers.get("Accept-Encoding", "")) else None
    etag = asset.etag if gzipped is None else f"{asset.etag}-gzip"  # a strong ETag identifies the exact bytes
    headers = {**HEADERS, "Cache-Control": asset.cache_control, "ETag": f'"{etag}"'}
    if asset.policy:
        headers["Content-Security-Policy"] = asset.policy
    if asset.gzipped is not None:
        headers["Vary"] = "Accept-Encoding"
    cached = request.if_none_match or ()
    if any(tag.value in (etag, "*") for tag in cached if isinstance(tag, ETag)):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = asset.content_type
    if gzipped is None:
        return web.Response(body=asset.body, headers=headers)
    return web.Response(body=gzipped, headers={**headers, "Content-Encoding": "gzip"})


def _wants_html(request: web.Request) -> bool:
    return "." not in request.path and "text/html" in request.headers.get("Accept", "")


def _accepts_gzip(accepted: str) -> bool:
    for item in accepted.lower().split(","):
        name, _, weight = item.partition(";")
        if name.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False


def _error(status: int, message: str, headers: Mapping[str, str]) -> web.Response:
    """Return an error in the format of the other errors of the edge."""
    body = json.dumps({"code": 5 if status == 404 else 12, "message": message, "details": []}, ensure_ascii=False)
    all_headers = {**HEADERS, **headers, "Cache-Control": "no-store", "Content-Type": "application/json"}
    return web.Response(status=status, body=body.encode(), headers=all_headers)


@contextlib.asynccontextmanager
async def served(address: Address, root: Path | None = None) -> AsyncIterator[Address]:
    """Serve the page of `root` (default: `folder()`) on `address` while the body runs. Yield the bound address.

    Port 0 means any free port. Raise ConfigError when the address cannot be used."""
    files = assets(root or folder())
    if INDEX not in files:
        log.warning("the web page is not built: %s does not exist. Run tools/generate to build it", root or folder())
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", Page(files).handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, address[0] if address[0] != "*" else None, address[1], reuse_port=False).start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ConfigError(address_in_use("PAGE_ADDRESS", address)) from error
            remedy = "Choose an address of this machine and a port above 1023, or 0 for any"
            raise ConfigError(
                f"PAGE_ADDRESS {format_address(address)} cannot be used: {error.strerror}. {remedy}"
            ) from error
        bound = address[0], int(runner.addresses[0][1])
        log.debug("the web page is served to Envoy on %s", format_address(bound))
        yield bound
    finally:
        await runner.cleanup()
