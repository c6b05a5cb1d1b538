"""Page tokens: opaque text with the start of the next page and the snapshot id.

A token is valid only for the request that it was created for. Its digest covers the request without the page fields. So a
token of another request is refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from virtuoso.domain.errors import ExpiredPageToken, InvalidPageToken
from virtuoso.service import encoding

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from virtuoso.service.snapshot_cache import SnapshotCache
    from virtuoso.service.view import SnapshotView

# (default, maximum) by request.
PAGE_SIZES: Mapping[str, tuple[int, int]] = {
    "ListConfluenceScoresRequest": (50, 500),
    "ListMoversRequest": (10, 100),
    "ListSymbolsRequest": (100, 1000),
    "ListMarketsRequest": (100, 1000),
    "ListCandlesRequest": (300, 1000),
    "ListBetasRequest": (50, 500),
    "ListOutlooksRequest": (50, 500),
    "ListSignalsRequest": (50, 500),
    "ListOpportunitiesRequest": (50, 500),
    "ListAlertsRequest": (50, 75),
}
_DIGEST_BYTES = 8
_POSITION = struct.Struct(">q")


@dataclass(frozen=True, slots=True)
class PageStart:
    """The start of a page.

    For a list from a snapshot, `position` is the row number and `snapshot_id` is the snapshot's id. For any other list,
    `position` is the time or cursor of a row, and `snapshot_id` has further text that the list needs."""

    position: int
    snapshot_id: str = ""


def page_size(request: Any) -> int:
    """Return the number of rows of a page: the default for 0, and at most the maximum.

    The rules of the .proto already refuse negative sizes."""
    default, maximum = PAGE_SIZES[request.DESCRIPTOR.name]
    return min(request.page_size or default, maximum)


def encode_token(request: Message, start: PageStart) -> str:
    """Return the token for the page of `request` that starts at `start`."""
    payload = _POSITION.pack(start.position) + start.snapshot_id.encode()
    return base64.urlsafe_b64encode(_digest(request, payload) + payload).decode().rstrip("=")


def decode_token(request: Message, token: str) -> PageStart:
    """Return the start of the page for `token`.

    Raise InvalidPageToken for a token that this service did not create for this request."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        digest, payload = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        if digest != _digest(request, payload):
            raise InvalidPageToken("page_token belongs to another request or was changed: send it back unchanged")
        return PageStart(_POSITION.unpack_from(payload)[0], payload[_POSITION.size :].decode())
    except (binascii.Error, struct.error, ValueError) as error:
        raise InvalidPageToken("page_token is not from this service: send back next_page_token unchanged") from error


def first_row(cache: SnapshotCache, request: Any) -> tuple[SnapshotView, int]:
    """Return the view for the requested page, and the number of the first row of the page."""
    if not request.page_token:
        return cache.current().view, 0
    start = list_start(request)
    view = cache.view_of(start.snapshot_id)
    if view is None:
        raise ExpiredPageToken("the snapshot of this list no longer exists: start again without page_token")
    return view, start.position


def list_start(request: Any) -> PageStart:
    """Return the start of the requested page of a list that has an id. Raise InvalidPageToken for any other token."""
    start = decode_token(request, request.page_token)
    if start.position < 0 or not start.snapshot_id:
        raise InvalidPageToken("page_token is not from this list")
    return start


def next_token(cache: SnapshotCache, number: int, request: Message, view: SnapshotView, *, end: int, total: int) -> bytes:
    """Return the token of the page that starts at row `end`, as field `number` of a reply, or b"" after the last row."""
    if end >= total:
        return b""
    cache.retain(view)
    return encoding.text(number, encode_token(request, PageStart(end, view.id)))


def _digest(request: Message, payload: bytes) -> bytes:
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("page_token")
    bare.ClearField("page_size")
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.blake2b(
        payload + bare.SerializeToString(deterministic=True), digest_size=_DIGEST_BYTES, person=name[-16:]
    ).digest()
