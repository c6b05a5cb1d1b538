"""The limit of open files of a process. Each connection is an open file too.

A process at this limit can neither accept a connection nor open a file. It therefore keeps RESERVED_FILES for itself, and
accepts only as many connections as the others allow."""

from __future__ import annotations

import asyncio
import logging
import os
import resource

from virtuoso.domain.errors import ConfigError

# The files of a process that are not connections of clients: libraries, logs, the repository, connections to servers.
RESERVED_FILES = 128
USEFUL_LIMIT = 65_536
CHECK_PERIOD_S = 2.0
REMEDY = "Raise it: ulimit -n, LimitNOFILE= in a systemd unit, or ulimits of a container"
log = logging.getLogger(__name__)


def limits() -> tuple[int, int]:
    """Return (the limit of this process, the limit to which it may be raised). An unlimited number is USEFUL_LIMIT."""
    soft, hard = (
        USEFUL_LIMIT if limit == resource.RLIM_INFINITY else limit for limit in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    return soft, hard


def usable_limit() -> int:
    """Return the limit after `raise_limit`."""
    soft, hard = limits()
    return max(soft, min(hard, USEFUL_LIMIT))


def raise_limit() -> None:
    """Raise the limit of this process, and of those that it starts, as far as it is useful and permitted.

    Raise ConfigError when that leaves no place for connections."""
    soft, wanted = limits()[0], usable_limit()
    if wanted > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        except (OSError, ValueError) as error:
            log.warning("the limit of open files stays at %d: %s", soft, error)
    if limits()[0] < 2 * RESERVED_FILES:
        raise ConfigError(f"the limit of open files is {limits()[0]}: expected at least {2 * RESERVED_FILES}. {REMEDY}")


def connections() -> int:
    """Return how many connections of clients this process may have."""
    return limits()[0] - RESERVED_FILES


def shortage(needed: int, why: str, limit: int) -> str:
    """Return what is wrong when `limit` open files are too few for `needed` connections, otherwise "". `why`: what needs
    the connections."""
    if needed <= limit - RESERVED_FILES:
        return ""
    allowed = limit - RESERVED_FILES
    return f"the limit of {limit} open files allows {allowed} connections; {why} may need {needed}, and more are refused"


def warn_of_shortage(needed: int, why: str) -> None:
    """Log what is wrong when the limit of this process is too low for `needed` connections."""
    if text := shortage(needed, why, limits()[0]):
        log.warning("%s. %s", text, REMEDY)


async def watch(pid: int, allowed: int, name: str) -> None:
    """Log each time when nearly all of the `allowed` connections of a process are in use. Only Linux says how many are."""
    full = False
    while True:
        await asyncio.sleep(CHECK_PERIOD_S)
        try:
            used = len(await asyncio.to_thread(os.listdir, f"/proc/{pid}/fd"))
        except OSError:
            return
        if used >= allowed and not full:
            log.warning("%s: nearly all of its %d connections are in use; more are refused until some end", name, allowed)
        elif full and used < allowed:
            log.info("%s: there are free connections again", name)
        full = used >= allowed
