"""gRPC server reflection in both versions that clients use. The library has only v1alpha. v1 has the same wire format, and
newer clients use only v1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

V1 = "grpc.reflection.v1.ServerReflection"


def handlers(services: Sequence[str]) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
    """Return handlers that describe the services with these full names, and the reflection service itself."""
    servicer = reflection.aio.ReflectionServicer((*services, reflection.SERVICE_NAME))  # type: ignore[attr-defined]  # not in its declared exports
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    names = (V1, reflection.SERVICE_NAME)
    return tuple(grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": handler}) for name in names)
