"""The certificates of the edge. They are checked before Envoy starts, and whenever their files change."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from pathlib import Path

from virtuoso.domain.certificates import Identity, check_authorities, check_pair, identities
from virtuoso.domain.errors import ConfigError
from virtuoso.edge.spec import EdgeSpec
from virtuoso.edge.tls import AUTHORITIES, TLS, secret_file, secrets

log = logging.getLogger(__name__)

CHECK_PERIOD_S = 2.0


def check(spec: EdgeSpec) -> None:
    """Raise ConfigError when Envoy could not use the PEM files of the spec. The error names the setting."""
    if spec.certificate or spec.key:
        check_pair(spec.certificate, spec.key)
    if spec.client_certificate or spec.client_key:
        check_pair(spec.client_certificate, spec.client_key, "GRPC_TLS_CLIENT")
    if spec.server_ca:
        check_authorities(spec.server_ca, "GRPC_TLS_CA")


def write_secrets(folder: Path, spec: EdgeSpec) -> None:
    """Write files with the paths of the PEM files into `folder`. They contain no key."""
    watched = {"watched_directory": {"path": str(folder)}}
    for name, content in secrets(spec).items():
        parts = {part: {"filename": os.path.abspath(source["filename"])} for part, source in content.items()}
        kind = "validation_context" if name == AUTHORITIES else "tls_certificate"
        secret = {"@type": f"{TLS}.Secret", "name": name, kind: parts | watched}
        secret_file(folder, name).write_text(json.dumps({"resources": [secret]}))


def state(spec: EdgeSpec) -> list[Identity]:
    """Return values that change when the PEM files of the spec change."""
    return identities(*(source["filename"] for content in secrets(spec).values() for source in content.values()))


async def announce_renewals(folder: Path, spec: EdgeSpec, announced: list[Identity]) -> None:
    """Make the Envoy that watches `folder` read the files again after each change. Return only when that is impossible.

    `announced` is the state of the files before Envoy started.
    A changed link, a moved file and an overwritten file are changes. Files that Envoy could not use are logged once, and the
    old certificates stay in use."""
    while True:
        await asyncio.sleep(CHECK_PERIOD_S)
        current = state(spec)
        try:
            os.utime(folder)  # so that no clean-up of old temporary files removes it
            if current == announced:
                continue
            await asyncio.to_thread(check, spec)
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
