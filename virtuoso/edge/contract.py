"""The parts of the public contract that the edge needs. They come from the stubs, so they always match the contract."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from virtuoso.market.v1 import market_service_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor

_FILE = market_service_pb2.DESCRIPTOR
_SERVICE = _FILE.services_by_name["MarketService"]
# The prefix of the path in every google.api.http rule.
JSON_PREFIX = "/v1/"
SERVICE: str = _SERVICE.full_name
STREAMS: tuple[str, ...] = tuple(method.name for method in _SERVICE.methods if method.server_streaming)


def descriptors() -> str:
    """Return a serialised FileDescriptorSet in base64. It has the file of the service after the imports of that file."""
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
