"""Handlers for the services of libraries, health and reflection, that decode requests themselves.

grpc would log a traceback for each request that it cannot decode, and answer UNKNOWN with the name of a Python class. These
handlers answer INVALID_ARGUMENT with the reason INVALID_FIELD, and log nothing."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from virtuoso.domain.errors import InvalidField
from virtuoso.service import errors

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

    from virtuoso.service.rpc import Context


def handlers(service: ServiceDescriptor, servicer: object, *, name: str = "") -> grpc.GenericRpcHandler[Any, Any]:
    """Return the handlers of `service`, whose methods are those of `servicer`. `name` replaces its full name."""
    methods = {method.name: _handler(method, getattr(servicer, method.name)) for method in service.methods}
    handler: grpc.GenericRpcHandler[Any, Any] = grpc.method_handlers_generic_handler(name or service.full_name, methods)
    return handler


def _handler(method: MethodDescriptor, respond: Any) -> grpc.RpcMethodHandler[Any, Any]:
    message = GetMessageClass(method.input_type)

    async def unary(raw: bytes, context: Any) -> Message:
        reply: Message = await respond(await _decode(message, raw, context), context)
        return reply

    async def server_stream(raw: bytes, context: Any) -> AsyncIterator[Message]:
        async for reply in respond(await _decode(message, raw, context), context):
            yield reply

    async def stream(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[Message]:
        async for reply in respond((await _decode(message, raw, context) async for raw in requests), context):
            yield reply

    encode: Any = GetMessageClass(method.output_type).SerializeToString
    if method.client_streaming:
        return grpc.stream_stream_rpc_method_handler(stream, response_serializer=encode)
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(server_stream, response_serializer=encode)
    return grpc.unary_unary_rpc_method_handler(unary, response_serializer=encode)


async def _decode(message: type[Message], raw: bytes, context: Context) -> Message:
    try:
        return message.FromString(raw)
    except DecodeError:
        error = InvalidField([("", f"the request is not a {message.DESCRIPTOR.full_name}")])
        await context.abort_with_status(errors.status(error, secrets.token_hex(6)))
