"""Checks of each memcached server by itself."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain.addresses import format_address
from virtuoso.domain.errors import RepositoryError, RepositoryTimedOut
from virtuoso.repository import keys
from virtuoso.repository.memcached import MemcachedRepository
from virtuoso.repository.memcached_client import CHUNK_BYTES

TRIAL_TTL_S = 10.0  # after a crash of the doctor its trial values expire by themselves


async def check_memcached(host: str, port: int) -> Finding:
    """Check whether the server stores a small value and one of the largest size. Both are removed again."""
    subject, server = f"memcached {format_address((host, port))}", MemcachedRepository(host, port)
    key, value = f"{keys.trial()}:{secrets.token_hex(8)}", secrets.token_bytes(64)
    try:
        start = time.monotonic()
        await server.set(key, value, ttl_s=TRIAL_TTL_S)
        returned = await server.get(key)
        round_trip_ms = (time.monotonic() - start) * 1000
        if returned != value:
            why = "the server does not return a value that was just stored"
            remedy = "Check whether the server is a proxy or out of memory; start memcached with -m 64 or more"
            return Finding(subject, Level.FAILURE, why, remedy)
        await server.set(key, bytes(CHUNK_BYTES - 1), ttl_s=TRIAL_TTL_S)  # as large as a chunk of a snapshot
        await server.remove(key)
    except RepositoryTimedOut as error:
        why = f"{error}: the port is open but does not answer, or packets are lost"
        return Finding(subject, Level.FAILURE, why, "Restart it, or remove it from VIRTUOSO_CACHE")
    except RepositoryError as error:
        with suppress(RepositoryError):
            await server.remove(key)
        return Finding(subject, Level.FAILURE, str(error), "Start memcached there, or set VIRTUOSO_CACHE to another server")
    finally:
        await server.close()
    why = f"stored and returned a value in {round_trip_ms:.1f} ms, and accepts values of 1 MB"
    return Finding(subject, Level.OK, why, figures={"round_trip_ms": round(round_trip_ms, 2)})


def downgrade_failures(findings: Sequence[Finding]) -> list[Finding]:
    """Change failures to warnings while at least one server works, because its keys move to the next server."""
    if all(finding.level is Level.FAILURE for finding in findings):
        return [replace(each, remedy=f"{each.remedy}. Until then each node uses its own directory") for each in findings]
    return [
        replace(each, level=Level.WARNING, remedy=f"{each.remedy}. Until then the other servers hold its keys")
        if each.level is Level.FAILURE
        else each
        for each in findings
    ]
