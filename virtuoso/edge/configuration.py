"""Build Envoy's whole configuration from an EdgeSpec. The result is also valid for an Envoy that is not run by Virtuoso."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from virtuoso.edge.clusters import clusters
from virtuoso.edge.listener import listener
from virtuoso.edge.spec import EdgeSpec


def configuration(spec: EdgeSpec, folder: Path | None = None) -> dict[str, Any]:
    """Return an envoy.config.bootstrap.v3.Bootstrap without an admin interface.

    `folder` has the files of `certificate.write_secrets`. With None, Envoy reads certificates only once, at its start.
    Raise ConfigError when Envoy cannot listen on the address of the spec."""
    return {
        "node": {"id": "edge", "cluster": "virtuoso"},  # Envoy requires it when it reads a secret file
        "static_resources": {"listeners": [listener(spec, folder)], "clusters": clusters(spec, folder)},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.resource_monitors"
                        ".downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": spec.max_connections,
                    },
                }
            ]
        },
    }


def text(bootstrap: dict[str, Any]) -> str:
    """Return a configuration as the text of a file for Envoy. The file name must end in .json."""
    return json.dumps(bootstrap, indent=2) + "\n"
