"""TLS from a client to the servers."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass

import grpc


@dataclass(frozen=True, slots=True)
class ClientTls:
    """PEM texts: the authorities of the servers' certificates (None: those of gRPC), and the client's certificate and key.

    `server_name` is the name in the servers' certificates, if it is not the host of their addresses."""

    authorities: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = None
    server_name: str = ""


def requested_tls(options: Namespace) -> ClientTls | None:
    """Return the TLS that the arguments of a command ask for, or None for clear text."""
    if not options.tls and options.ca is None and options.certificate is None:
        return None
    return ClientTls(options.ca, options.certificate, options.key, options.server_name)


def open_channel(address: str, tls: ClientTls | None) -> grpc.aio.Channel:
    """Return a channel to one server, for health checks. With None it is clear text."""
    options: list[tuple[str, int | str]] = [
        ("grpc.enable_http_proxy", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 500),
    ]
    if tls is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, credentials(tls), options=[*options, *name_options(tls)])


def credentials(tls: ClientTls) -> grpc.ChannelCredentials:
    """Return the credentials of a channel."""
    created: grpc.ChannelCredentials = grpc.ssl_channel_credentials(tls.authorities, tls.key, tls.certificate)
    return created


def name_options(tls: ClientTls) -> list[tuple[str, int | str]]:
    """Return the channel arguments for the name in the servers' certificates."""
    return [("grpc.ssl_target_name_override", tls.server_name)] if tls.server_name else []
