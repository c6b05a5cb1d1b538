"""The public contract as the edge needs it. It is taken from the stubs, so the two cannot disagree."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from virtuoso.market.v1 import market_service_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor

_FILE = market_service_pb2.DESCRIPTOR
_SERVICE = _FILE.services_by_name["MarketService"]
JSON_PREFIX = "/v1/"  # the start of the path in every google.api.http rule
SERVICE: str = _SERVICE.full_name
STREAMS: tuple[str, ...] = tuple(method.name for method in _SERVICE.methods if method.server_streaming)


def descriptors() -> str:
    """Return the service's file and its imports, imports first: a serialised FileDescriptorSet in base64."""
    files = FileDescriptorSet()
    seen: set[str] = set()

    def add(file: FileDescriptor) -> None:
        if file.name not in seen:
            seen.add(file.name)
            for imported in file.dependencies:
                add(imported)
            file.CopyToProto(files.file.add())

    add(_FILE)
    return base64.b64encode(files.SerializeToString(deterministic=True)).decode()
