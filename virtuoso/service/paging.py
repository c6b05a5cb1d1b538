"""Page tokens: opaque text that says where the next page begins, and in which snapshot. A token holds for the request that
it came from: its digest covers the request without its page fields, so that another request's token is told apart."""

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

PAGE_SIZES: Mapping[str, tuple[int, int]] = {  # (default, maximum) by request
    "ListConfluenceScoresRequest": (50, 500),
    "ListMoversRequest": (10, 100),
    "ListSymbolsRequest": (100, 1000),
    "ListCandlesRequest": (300, 1000),
    "ListBetasRequest": (50, 500),
    "ListSignalsRequest": (50, 500),
    "ListOpportunitiesRequest": (50, 500),
    "ListAlertsRequest": (50, 500),
}
_DIGEST = 8
_POSITION = struct.Struct(">q")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: a row's number in a snapshot; or, for what no snapshot holds, the time or cursor of a row in
    `position`, and in the place of the snapshot's id what else tells the row."""

    position: int
    snapshot_id: str = ""


def page_size(request: Any) -> int:
    """Return how many rows a page of `request` has: the default for 0, the maximum for more. The rules of the .proto have
    refused negative sizes before."""
    default, maximum = PAGE_SIZES[request.DESCRIPTOR.name]
    return min(request.page_size or default, maximum)


def write(request: Message, place: Place) -> str:
    """The token for the page of `request` that begins at `place`."""
    payload = _POSITION.pack(place.position) + place.snapshot_id.encode()
    return base64.urlsafe_b64encode(_digest(request, payload) + payload).decode().rstrip("=")


def read(request: Message, token: str) -> Place:
    """The place that `token` names. InvalidPageToken when it was not given for this request by this service."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        digest, payload = raw[:_DIGEST], raw[_DIGEST:]
        if digest != _digest(request, payload):
            raise InvalidPageToken("page_token was given for another request, or changed: pass it on as it came")
        return Place(_POSITION.unpack_from(payload)[0], payload[_POSITION.size :].decode())
    except (binascii.Error, struct.error, ValueError) as error:
        raise InvalidPageToken("page_token is not one of this service: pass on next_page_token as it came") from error


def begin(keeper: SnapshotCache, request: Any) -> tuple[SnapshotView, int]:
    """The view that the asked page is cut from, and the row at which it begins."""
    if not request.page_token:
        return keeper.present().view, 0
    place = read(request, request.page_token)
    if place.position < 0 or not place.snapshot_id:
        raise InvalidPageToken("page_token is not one of this list")
    view = keeper.kept(place.snapshot_id)
    if view is None:
        raise ExpiredPageToken("the snapshot of this list is gone: begin again without page_token")
    return view, place.position


def following(number: int, request: Message, view: SnapshotView, end: int, total: int) -> bytes:
    """The token of the page that begins at row `end` of `total`, as field `number` of a reply; nothing at the end."""
    return encoding.text(number, write(request, Place(end, view.id)) if end < total else "")


def _digest(request: Message, payload: bytes) -> bytes:
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("page_token")
    bare.ClearField("page_size")
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.blake2b(
        payload + bare.SerializeToString(deterministic=True), digest_size=_DIGEST, person=name[-16:]
    ).digest()
