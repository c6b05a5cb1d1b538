"""`virtuoso doctor`: check everything that the settings refer to, and report what to do."""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import Namespace

from virtuoso.app.parts import client_tls
from virtuoso.config import LoadedSettings
from virtuoso.doctor.examination import Targets, examine
from virtuoso.doctor.finding import exit_code, render, to_json
from virtuoso.edge.access_log import STDOUT
from virtuoso.edge.envoy import find_envoy


async def doctor(loaded: LoadedSettings, options: Namespace, _: asyncio.Event) -> int:
    """Check everything that the settings refer to, and report what to do."""
    settings = loaded.settings
    logs = {"ACCESS_LOG": settings.access_log, "GRPC_ACCESS_LOG": settings.grpc_access_log}
    targets = Targets(
        exchanges=settings.exchanges,
        exchange_urls=settings.exchange_urls,
        streaming=[venue for venue in settings.exchanges if settings.stream_mode(venue) != "off"],
        connections={
            "MAX_STREAMS and MAX_REQUESTS": settings.max_streams + settings.max_requests,
            "MAX_STREAMS of all servers": settings.max_streams * max(1, len(settings.servers)),
        },
        coingecko_url=settings.coingecko_url,
        cache=settings.cache,
        node_directory=settings.node_directory,
        grpc_address=settings.grpc_address,
        edge_address=settings.edge_address,
        servers=settings.servers,
        tls=(settings.tls_certificate, settings.tls_key),
        grpc_tls=(settings.grpc_tls_certificate, settings.grpc_tls_key, settings.grpc_tls_client_ca),
        client_tls=client_tls(settings),
        access_logs={name: path for name, path in logs.items() if path not in ("", STDOUT)},
        secret_files=loaded.secret_files,
        monitor_address=settings.monitor_address,
        environment=settings.effective_environment,
        history=settings.effective_history,
        envoy=find_envoy(),
    )
    findings = await examine(targets)
    sys.stdout.write(to_json(findings) if options.json else render(findings))
    sys.stdout.flush()
    os._exit(exit_code(findings))  # a normal exit would wait for threads that hang in DNS or disk calls
