"""Handlers for the services of libraries, health and reflection, that decode requests themselves and limit streams.

grpc would log a traceback for each request that it cannot decode, and answer UNKNOWN with the name of a Python class. These
handlers answer INVALID_ARGUMENT with the reason INVALID_FIELD, and log nothing. Each caller has a share of their streams."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from virtuoso.domain.errors import InvalidField, RequestError, TooManyStreams, UnknownRpc
from virtuoso.service import errors

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

    from virtuoso.service.callers import StreamShares
    from virtuoso.service.rpc import Context

    GenericHandler = grpc.GenericRpcHandler[Any, Any]
else:
    GenericHandler = grpc.GenericRpcHandler  # generic only in its published types


def handlers(
    service: ServiceDescriptor, servicer: object, shares: StreamShares, *, name: str = ""
) -> grpc.GenericRpcHandler[Any, Any]:
    """Return the handlers of `service`, whose methods are those of `servicer`. `name` replaces its full name."""
    methods = {method.name: _handler(method, getattr(servicer, method.name), shares) for method in service.methods}
    handler: grpc.GenericRpcHandler[Any, Any] = grpc.method_handlers_generic_handler(name or service.full_name, methods)
    return handler


class UnknownRpcs(GenericHandler):
    """The handlers of all other RPCs. They refuse each with a reason, which grpc itself would not give."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """Return the handler of any RPC."""
        path = handler_call_details.method

        async def refuse(_: AsyncIterator[bytes], context: Any) -> None:
            await _abort(UnknownRpc(f"there is no {path}"), context)

        return grpc.stream_stream_rpc_method_handler(refuse)


def _handler(method: MethodDescriptor, respond: Any, shares: StreamShares) -> grpc.RpcMethodHandler[Any, Any]:
    message = GetMessageClass(method.input_type)

    async def unary(raw: bytes, context: Any) -> Message:
        reply: Message = await respond(await _decode(message, raw, context), context)
        return reply

    async def stream(requests: AsyncIterator[bytes] | bytes, context: Any) -> AsyncIterator[Message]:
        try:
            with shares.one(context):
                decoded = (
                    await _decode(message, requests, context)
                    if isinstance(requests, bytes)
                    else (await _decode(message, raw, context) async for raw in requests)
                )
                async for reply in respond(decoded, context):
                    yield reply
        except TooManyStreams as error:
            await _abort(error, context)

    encode: Any = GetMessageClass(method.output_type).SerializeToString
    if method.client_streaming:
        return grpc.stream_stream_rpc_method_handler(stream, response_serializer=encode)
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(stream, response_serializer=encode)
    return grpc.unary_unary_rpc_method_handler(unary, response_serializer=encode)


async def _decode(message: type[Message], raw: bytes, context: Context) -> Message:
    try:
        request = message.FromString(raw)
        request.DiscardUnknownFields()  # reflection sends the request back, where they could be too deep to be decoded
        return request
    except DecodeError:
        await _abort(InvalidField([("", f"the request is not a {message.DESCRIPTOR.full_name}")]), context)


async def _abort(error: RequestError, context: Context) -> NoReturn:
    await context.abort_with_status(errors.status(error, secrets.token_hex(6)))
