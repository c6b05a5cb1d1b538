"""Checks of PEM files before a server uses them: a certificate and its key, and the certificates of authorities.

`setting` is the beginning of the settings' names, such as TLS for TLS_CERTIFICATE and TLS_KEY."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from virtuoso.domain.errors import ConfigError

Identity = tuple[int, ...] | None


def both_or_none(certificate: str, key: str, setting: str = "TLS") -> None:
    """Raise ConfigError when only one of the two is set."""
    if bool(certificate) != bool(key):
        names = f"{setting}_CERTIFICATE", f"{setting}_KEY"
        given, missing = names if certificate else names[::-1]
        raise ConfigError(f"{given} is set and {missing} is not: expected both or neither")


def check_pair(certificate: str, key: str, setting: str = "TLS") -> None:
    """Raise ConfigError when the two PEM files are not a certificate and its key. The error names the setting."""
    both_or_none(certificate, key, setting)
    _check_readable(f"{setting}_CERTIFICATE", certificate)
    _check_readable(f"{setting}_KEY", key)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        if "KEY_VALUES_MISMATCH" in str(error):
            raise ConfigError(f"{setting}_KEY={key!r} is not the key of {setting}_CERTIFICATE={certificate!r}") from error
        raise ConfigError(
            f"{setting}_CERTIFICATE={certificate!r} and {setting}_KEY={key!r} are not a certificate and its key: expected "
            "PEM files, the key without a password"
        ) from error


def check_authorities(path: str, setting: str) -> None:
    """Raise ConfigError when the file is not a PEM file of certificates. `setting` is the whole name."""
    _check_readable(setting, path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"{setting}={path!r} has no certificate: expected a PEM file of certificates") from error


def identities(*paths: str) -> list[Identity]:
    """Return values that change when the files change, or None for a missing file."""
    found: list[Identity] = []
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            found.append(None)
        else:
            found.append((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
    return found


def _check_readable(setting: str, path: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{setting}={path!r} cannot be read: {error.strerror}. Expected a PEM file") from error
