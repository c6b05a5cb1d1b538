"""The TLS of the edge with its callers, and with the servers behind it.

Envoy reads the PEM files again when `certificate.announce_renewals` triggers it. Without a folder for that, it reads them
once, at its start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from virtuoso.domain.addresses import reachable
from virtuoso.edge.spec import EdgeSpec

TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"
EDGE, CLIENT, AUTHORITIES = "edge", "client", "authorities"  # what each secret is for
PARAMETERS = {"tls_minimum_protocol_version": "TLSv1_2"}


def secrets(spec: EdgeSpec) -> dict[str, dict[str, Any]]:
    """Return the content of each secret by its name. It has paths of files, and no key."""
    found: dict[str, dict[str, Any]] = {}
    if spec.certificate:
        found[EDGE] = _pair(spec.certificate, spec.key)
    if spec.client_certificate:
        found[CLIENT] = _pair(spec.client_certificate, spec.client_key)
    if spec.server_ca:
        found[AUTHORITIES] = {"trusted_ca": {"filename": spec.server_ca}}
    return found


def secret_file(folder: Path, name: str) -> Path:
    """Return the file that announces the secret to Envoy."""
    return folder / f"{name}.json"


def downstream(spec: EdgeSpec, folder: Path | None) -> dict[str, Any]:
    """Return the transport socket for callers."""
    context = {"alpn_protocols": ["h2", "http/1.1"], "tls_params": PARAMETERS, **_certificate(spec, EDGE, folder)}
    return _socket({"@type": f"{TLS}.DownstreamTlsContext", "common_tls_context": context})


def upstream(spec: EdgeSpec, folder: Path | None) -> dict[str, Any]:
    """Return the transport socket for the servers. A server's certificate must have the host of one of the servers, or
    `spec.server_name`."""
    names = [spec.server_name] if spec.server_name else [reachable(server)[0] for server in spec.servers]
    expected = [
        {"san_type": kind, "matcher": {"exact": name}} for name in dict.fromkeys(names) for kind in ("DNS", "IP_ADDRESS")
    ]
    validation: dict[str, Any] = {"match_typed_subject_alt_names": expected}
    if folder is None:
        authorities = {"validation_context": secrets(spec)[AUTHORITIES] | validation}
    else:
        watched = {
            "default_validation_context": validation,
            "validation_context_sds_secret_config": _watched(AUTHORITIES, folder),
        }
        authorities = {"combined_validation_context": watched}
    pair = _certificate(spec, CLIENT, folder) if spec.client_certificate else {}
    context = {"alpn_protocols": ["h2"], "tls_params": PARAMETERS, **authorities, **pair}
    name = {"sni": spec.server_name} if spec.server_name else {"auto_host_sni": True}
    return _socket({"@type": f"{TLS}.UpstreamTlsContext", **name, "common_tls_context": context})


def _certificate(spec: EdgeSpec, name: str, folder: Path | None) -> dict[str, Any]:
    if folder is None:
        return {"tls_certificates": [secrets(spec)[name]]}
    return {"tls_certificate_sds_secret_configs": [_watched(name, folder)]}


def _watched(name: str, folder: Path) -> dict[str, Any]:
    source = {"path_config_source": {"path": str(secret_file(folder, name))}, "resource_api_version": "V3"}
    return {"name": name, "sds_config": source}


def _pair(certificate: str, key: str) -> dict[str, Any]:
    return {"certificate_chain": {"filename": certificate}, "private_key": {"filename": key}}


def _socket(context: dict[str, Any]) -> dict[str, Any]:
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}
