"""The edge's certificate: looked at before Envoy is started, and again whenever its files change."""

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

PERIOD_S = 2.0  # between two looks at the files


def both_or_none(certificate: str, key: str) -> None:
    """ConfigError when only one of the two is named."""
    if bool(certificate) != bool(key):
        given, missing = ("TLS_CERTIFICATE", "TLS_KEY") if certificate else ("TLS_KEY", "TLS_CERTIFICATE")
        raise ConfigError(f"{given} is set and {missing} is not: allowed are both or none")


def check(certificate: str, key: str) -> None:
    """ConfigError, naming the setting, when the two PEM files are not a certificate and its key."""
    both_or_none(certificate, key)
    for name, path in (("TLS_CERTIFICATE", certificate), ("TLS_KEY", key)):
        try:
            Path(path).read_bytes()
        except OSError as error:
            raise ConfigError(f"{name}={path!r} cannot be read: {error.strerror}. Allowed is a PEM file") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        if "KEY_VALUES_MISMATCH" in str(error):
            raise ConfigError(f"TLS_KEY={key!r} is not the key of TLS_CERTIFICATE={certificate!r}") from error
        raise ConfigError(
            f"TLS_CERTIFICATE={certificate!r} and TLS_KEY={key!r} are not a certificate and its key: allowed are PEM files, "
            "the key without a password"
        ) from error


def secret(folder: Path, certificate: str, key: str) -> str:
    """Write into `folder` the file by which Envoy knows of the pair and reads it again when `Renewal` says so; its path. No
    key is in it."""
    pair = {
        "certificate_chain": {"filename": os.path.abspath(certificate)},
        "private_key": {"filename": os.path.abspath(key)},
        "watched_directory": {"path": str(folder)},
    }
    kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    file = folder / "certificate.json"
    file.write_text(json.dumps({"resources": [{"@type": kind, "name": SECRET, "tls_certificate": pair}]}))
    return str(file)


async def renewals(folder: Path, certificate: str, key: str) -> None:
    """For ever: whenever the files have changed and are a pair again, tell the Envoy that watches `folder`. Links that lead
    elsewhere, files that were moved there and files that were written over all count. A pair that is none is complained of
    once; the one that was read before stays in use."""
    known = _looks(certificate, key)
    while True:
        await asyncio.sleep(PERIOD_S)
        seen = _looks(certificate, key)
        try:
            os.utime(folder)  # else it is old one day, and cleared away with what else is old among temporary files
            if seen == known:
                continue
            await asyncio.to_thread(check, certificate, key)
            (folder / "new").touch()
            (folder / "new").replace(folder / "renewed")  # Envoy heeds what is moved there
        except ConfigError as error:
            log.error("the old certificate stays in use: %s", error)  # noqa: TRY400 - it says all
        except OSError as error:
            log.error("Envoy cannot be told of another certificate until it is started again: %s", error)  # noqa: TRY400
            return
        else:
            log.info("the certificate has been renewed")
        known = seen


def _looks(*paths: str) -> list[tuple[int, ...] | None]:
    """What changes with a file; None for one that is not there."""
    found: list[tuple[int, ...] | None] = []
    for path in paths:
        try:
            is_ = os.stat(path)
        except OSError:
            found.append(None)
        else:
            found.append((is_.st_dev, is_.st_ino, is_.st_size, is_.st_mtime_ns))
    return found
