"""Envoy's whole configuration from an EdgeSpec. It is pure, and valid for an Envoy of somebody else's too."""

from __future__ import annotations

import json
from typing import Any

from virtuoso.edge.clusters import clusters
from virtuoso.edge.listener import listener
from virtuoso.edge.spec import EdgeSpec

MAX_CONNECTIONS = 50_000


def configuration(spec: EdgeSpec, secret: str | None = None) -> dict[str, Any]:
    """Return what Envoy reads at its start (envoy.config.bootstrap.v3.Bootstrap, without an admin interface). `secret` is
    the file that `certificate.write_secret` made; with None Envoy reads the certificate once, at its start. Raise
    ConfigError when Envoy cannot listen on the address of the spec."""
    return {
        "node": {"id": "edge", "cluster": "virtuoso"},  # Envoy requires it where a file names the certificate
        "static_resources": {"listeners": [listener(spec, secret)], "clusters": clusters(spec)},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.resource_monitors"
                        ".downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": MAX_CONNECTIONS,
                    },
                }
            ]
        },
    }


def text(bootstrap: dict[str, Any]) -> str:
    """Return a configuration as a file for Envoy; the file's name must end in .json."""
    return json.dumps(bootstrap, indent=2) + "\n"
