"""gRPC server reflection in both versions that clients speak. The library has v1alpha only; v1 is the same on the wire, and
newer clients ask for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

V1 = "grpc.reflection.v1.ServerReflection"


def handlers(services: Sequence[str]) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
    """Handlers that describe these services, by their full names, and the health and reflection services among them."""
    servicer = reflection.aio.ReflectionServicer((*services, reflection.SERVICE_NAME))  # type: ignore[attr-defined]  # not among its declared exports
    call = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    names = (V1, reflection.SERVICE_NAME)
    return tuple(grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": call}) for name in names)
