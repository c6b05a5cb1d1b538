"""`virtuoso edge`: Envoy in front of the servers and the web page."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from dataclasses import replace

from virtuoso.config import LoadedSettings
from virtuoso.domain import open_files
from virtuoso.domain.addresses import Address, format_address
from virtuoso.domain.certificates import both_or_none
from virtuoso.domain.errors import ConfigError
from virtuoso.edge import page
from virtuoso.edge.configuration import configuration, text
from virtuoso.edge.envoy import find_envoy, run_edge
from virtuoso.edge.spec import MAX_CONNECTIONS, EdgeSpec


async def edge(loaded: LoadedSettings, options: Namespace, stop: asyncio.Event) -> int:
    """Run Envoy and the page until `stop`, run only the page, or print the configuration for a separate Envoy."""
    spec, page_address = _spec(loaded, part=options.with_parent), loaded.settings.page_address
    if options.print_config:
        sys.stdout.write(text(configuration(replace(spec, page=page_address) if page_address[1] else spec)))
        if not page_address[1]:
            sys.stderr.write(
                "The web page is left out. To serve it: set PAGE_ADDRESS to a port and run virtuoso edge --page\n"
            )
        return 0
    if options.page:
        if not page_address[1]:
            raise ConfigError(
                f"PAGE_ADDRESS={format_address(page_address)}: Envoy must know the port of the page: expected a port above 0"
            )
        async with page.served(page_address):
            await stop.wait()
        return 0
    open_files.warn_of_shortage(loaded.settings.max_streams * len(spec.servers), "MAX_STREAMS of all servers")
    spec = replace(spec, max_connections=min(MAX_CONNECTIONS, open_files.connections()))
    program = find_envoy()
    if program is None:
        return await run_edge(spec, stop, program=None)
    async with page.served(page_address) as bound:
        return await run_edge(replace(spec, page=bound), stop, program=program)


def _spec(loaded: LoadedSettings, *, part: bool) -> EdgeSpec:
    """Return the specification of the edge without its page. `part`: the edge runs as part of a node."""
    settings = loaded.settings
    both_or_none(settings.tls_certificate, settings.tls_key)
    if settings.grpc_tls_certificate and not settings.grpc_tls_ca:
        raise ConfigError(
            "GRPC_TLS_CERTIFICATE is set and GRPC_TLS_CA is not: the edge cannot verify the servers. Set "
            "VIRTUOSO_GRPC_TLS_CA to the authority of their certificate, or to the certificate itself if it is self-signed"
        )
    servers = settings.servers or (settings.grpc_address,)
    monitors: list[Address] = []
    if settings.monitor_address is not None:
        own_host, port = settings.monitor_address
        monitors = [(host, port) for host in dict.fromkeys(host for host, _ in settings.servers) or [own_host]]
    quiet = part and loaded.texts["access_log"][1] == "default"  # people read the standard output of a node
    return EdgeSpec(
        address=settings.edge_address,
        servers=servers,
        monitors=monitors,
        origins=settings.cors_origins,
        rate_limit=settings.rate_limit,
        burst=settings.rate_limit_burst,
        trusted_proxies=settings.trusted_proxies,
        connection_age_s=settings.connection_age_s,
        access_log="" if quiet else settings.access_log,
        certificate=settings.tls_certificate,
        key=settings.tls_key,
        server_ca=settings.grpc_tls_ca,
        client_certificate=settings.grpc_tls_client_certificate,
        client_key=settings.grpc_tls_client_key,
        server_name=settings.grpc_tls_server_name,
    )
