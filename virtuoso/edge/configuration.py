"""Envoy's configuration, whole, from a Plan: pure, and valid for anybody's own Envoy too."""

from __future__ import annotations

import json
from typing import Any

from virtuoso.edge.clusters import clusters
from virtuoso.edge.listener import listener
from virtuoso.edge.plan import Plan

MOST_CONNECTIONS = 50_000


def configuration(plan: Plan, secret: str | None = None) -> dict[str, Any]:
    """What Envoy reads at its start (envoy.config.bootstrap.v3.Bootstrap, no admin interface). `secret` is the file that
    `certificate.secret` made; with None the certificate is read once, at the start. ConfigError when the plan's address is
    none that Envoy can listen on."""
    return {
        "node": {"id": "edge", "cluster": "virtuoso"},  # asked for where a file tells of the certificate
        "static_resources": {"listeners": [listener(plan, secret)], "clusters": clusters(plan)},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.resource_monitors"
                        ".downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": MOST_CONNECTIONS,
                    },
                }
            ]
        },
    }


def text(bootstrap: dict[str, Any]) -> str:
    """As a file that Envoy reads; its name must end in .json."""
    return json.dumps(bootstrap, indent=2) + "\n"
