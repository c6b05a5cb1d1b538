"""The history: whether it answers, and where it is a file, the disk beneath it."""

from __future__ import annotations

import time
from pathlib import Path

from virtuoso.doctor import storage
from virtuoso.doctor.daemon_call import aside
from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain.errors import HistoryError
from virtuoso.history.factory import open_history_reader

TIMEOUT_S = 3.0
_WITHOUT = "Until then everything else goes on: scores, signals and alerts are only not remembered"


async def history(url: str | None) -> list[Finding]:
    """What HISTORY names (None: none), read only; nothing is made. That it fails is a warning: all else goes on without it.
    ConfigError when `url` is none of a history."""
    if url is None:
        why = "none: scores of the past, closed signals and alerts cannot be asked for"
        return [Finding("HISTORY", Level.WARNING, why, "Let VIRTUOSO_HISTORY name one, should they be wanted")]
    found: list[Finding] = []
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        path = await aside(lambda: _file(rest))
        found = [_milder(each) for each in await storage.directory("VIRTUOSO_HISTORY", path.parent)]
        if any(each.level is not Level.WELL for each in found[:1]) or not await aside(path.exists):
            return found
    return [await _answer(url), *found]


def _file(rest: str) -> Path:
    name = rest.lstrip("/")  # as `virtuoso.history.factory` reads it
    return Path(name).expanduser() if name.startswith("~") else Path("/", name)


async def _answer(url: str) -> Finding:
    opened = open_history_reader(url, timeout_s=TIMEOUT_S)
    began = time.monotonic()
    try:
        await opened.newest_cursor()
    except HistoryError as error:
        return Finding("HISTORY", Level.WARNING, str(error), _WITHOUT)
    finally:
        await opened.close()
    took_ms = (time.monotonic() - began) * 1000
    return Finding("HISTORY", Level.WELL, f"{opened.name} answers", figures={"answer_ms": round(took_ms, 1)})


def _milder(found: Finding) -> Finding:
    if found.level is not Level.FAILURE:
        return found
    return Finding(found.subject, Level.WARNING, found.why, f"{found.cure}. {_WITHOUT}", found.figures)
