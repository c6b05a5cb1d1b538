"""The certificate of the edge. It is checked before Envoy starts, and whenever its files change."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import ssl
from pathlib import Path

from virtuoso.domain.errors import ConfigError
from virtuoso.edge.listener import SECRET

log = logging.getLogger(__name__)

CHECK_PERIOD_S = 2.0


def both_or_none(certificate: str, key: str) -> None:
    """Raise ConfigError when only one of the two is set."""
    if bool(certificate) != bool(key):
        given, missing = ("TLS_CERTIFICATE", "TLS_KEY") if certificate else ("TLS_KEY", "TLS_CERTIFICATE")
        raise ConfigError(f"{given} is set and {missing} is not: expected both or neither")


def check(certificate: str, key: str) -> None:
    """Raise ConfigError when the two PEM files are not a certificate and its key. The error names the setting."""
    both_or_none(certificate, key)
    for name, path in (("TLS_CERTIFICATE", certificate), ("TLS_KEY", key)):
        try:
            Path(path).read_bytes()
        except OSError as error:
            raise ConfigError(f"{name}={path!r} cannot be read: {error.strerror}. Expected a PEM file") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        if "KEY_VALUES_MISMATCH" in str(error):
            raise ConfigError(f"TLS_KEY={key!r} is not the key of TLS_CERTIFICATE={certificate!r}") from error
        raise ConfigError(
            f"TLS_CERTIFICATE={certificate!r} and TLS_KEY={key!r} are not a certificate and its key: expected PEM files, "
            "the key without a password"
        ) from error


def write_secret(folder: Path, certificate: str, key: str) -> str:
    """Write a file with the paths of certificate and key into `folder`, and return the path of the file.

    Envoy reads certificate and key again when `announce_renewals` triggers it. The file contains no key."""
    pair = {
        "certificate_chain": {"filename": os.path.abspath(certificate)},
        "private_key": {"filename": os.path.abspath(key)},
        "watched_directory": {"path": str(folder)},
    }
    kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    file = folder / "certificate.json"
    file.write_text(json.dumps({"resources": [{"@type": kind, "name": SECRET, "tls_certificate": pair}]}))
    return str(file)


async def announce_renewals(folder: Path, certificate: str, key: str) -> None:
    """Make the Envoy that watches `folder` read the files again after each change. Return only when that is impossible.

    A changed link, a moved file and an overwritten file are changes. Files that are not a certificate and its key are logged
    once, and the old certificate stays in use."""
    announced = _identities(certificate, key)
    while True:
        await asyncio.sleep(CHECK_PERIOD_S)
        current = _identities(certificate, key)
        try:
            os.utime(folder)  # so that no clean-up of old temporary files removes it
            if current == announced:
                continue
            await asyncio.to_thread(check, certificate, key)
            (folder / "new").touch()
            (folder / "new").replace(folder / "renewed")  # Envoy detects only moves into the folder
        except ConfigError as error:
            log.error("the old certificate stays in use: %s", error)  # noqa: TRY400 - the error has all details
        except OSError as error:
            log.error("Envoy cannot load a new certificate until it is restarted: %s", error)  # noqa: TRY400
            return
        else:
            log.info("the certificate has been renewed")
        announced = current


def _identities(*paths: str) -> list[tuple[int, ...] | None]:
    """Return values that change when the files change, or None for a missing file."""
    identities: list[tuple[int, ...] | None] = []
    for path in paths:
        try:
            stat = os.stat(path)
        except OSError:
            identities.append(None)
        else:
            identities.append((stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return identities
