"""gRPC server reflection in both versions that clients use. The library has only v1alpha. v1 has the same wire format, and
newer clients use only v1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from virtuoso.service import library_services
from virtuoso.service.callers import StreamShares

V1 = "grpc.reflection.v1.ServerReflection"


def handlers(services: Sequence[str], shares: StreamShares) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
    """Return handlers that describe the services with these full names, and the reflection service itself."""
    servicer = reflection.aio.ReflectionServicer((*services, reflection.SERVICE_NAME))  # type: ignore[attr-defined]  # not in its declared exports
    service = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
    return tuple(library_services.handlers(service, servicer, shares, name=name) for name in (V1, reflection.SERVICE_NAME))
