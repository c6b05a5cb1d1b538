"""Page tokens: opaque text that says where the next page begins, and in which snapshot. A token holds for the request that
it came from: its digest covers the request without its page fields, so that another request's token is told apart."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.errors import InvalidPageToken

if TYPE_CHECKING:
    from google.protobuf.message import Message

_DIGEST = 8
_POSITION = struct.Struct(">q")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: a row's number in a snapshot, or for bars (no snapshot) a time in epoch milliseconds."""

    position: int
    snapshot_id: str = ""


def page_size(asked: int, default: int, most: int) -> int:
    """0 is the default; what is above the maximum is the maximum. Negative sizes are refused by the rules before."""
    return min(asked or default, most)


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


def _digest(request: Message, payload: bytes) -> bytes:
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("page_token")
    bare.ClearField("page_size")
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.blake2b(
        payload + bare.SerializeToString(deterministic=True), digest_size=_DIGEST, person=name[-16:]
    ).digest()
