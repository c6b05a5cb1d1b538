"""TLS on the gRPC port. Renewed files are used from the next connection on, without a restart."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from virtuoso.domain.certificates import check_authorities, check_pair, identities
from virtuoso.domain.errors import ConfigError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate chain, its key, and the authorities of client certificates ("": clients need none)."""

    certificate: str
    key: str
    client_ca: str = ""


def credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Return credentials for a port that serves only TLS. With `client_ca`, a client needs a certificate.

    Broken new files are logged once, and the old ones stay in use. Raise ConfigError when the files cannot be used now."""
    reader = _Reader(files)
    created: grpc.ServerCredentials = grpc.dynamic_ssl_server_credentials(
        reader.read(), reader.renewed, require_client_authentication=bool(files.client_ca)
    )
    return created


class _Reader:
    """Reads the files when they have changed. gRPC asks in its own threads, once for each handshake."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._paths = [files.certificate, files.key, *([files.client_ca] if files.client_ca else [])]
        self._read = identities(*self._paths)

    def read(self) -> grpc.ServerCertificateConfiguration:
        """Return the configuration of the files. Raise ConfigError when they cannot be used."""
        files = self._files
        check_pair(files.certificate, files.key, "GRPC_TLS")
        if files.client_ca:
            check_authorities(files.client_ca, "GRPC_TLS_CLIENT_CA")
        certificate, key, *authorities = (Path(path).read_bytes() for path in self._paths)
        return grpc.ssl_server_certificate_configuration([(key, certificate)], authorities[0] if authorities else None)

    def renewed(self) -> Any:
        """Return the configuration of changed files, or None to keep the current one."""
        current = identities(*self._paths)
        if current == self._read:
            return None
        self._read = current
        try:
            configuration = self.read()
        except (ConfigError, OSError) as error:
            log.error("the old certificate of the gRPC port stays in use: %s", error)  # noqa: TRY400 - it has all details
            return None
        log.info("the certificate of the gRPC port has been renewed")
        return configuration
