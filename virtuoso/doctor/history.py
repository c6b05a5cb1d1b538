"""Checks of the history: its availability and the disk of a SQLite file."""

from __future__ import annotations

import time
from dataclasses import replace

from virtuoso.doctor.daemon_call import daemon_call
from virtuoso.doctor.directories import check_directory
from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain.errors import HistoryError
from virtuoso.history.factory import open_history_reader, sqlite_path

TIMEOUT_S = 3.0
_WITHOUT = "Until then, past scores, signals and alerts are not stored, but everything else works"


async def check_history(url: str | None) -> list[Finding]:
    """Check the history at `url`, or None without one. The check only reads and creates nothing.

    Problems are warnings, because the product works without a history. Raise ConfigError if `url` is invalid.
    """
    if url is None:
        why = "not set: past scores, closed signals and past alerts are not available"
        return [Finding("HISTORY", Level.WARNING, why, "Set VIRTUOSO_HISTORY to store them")]
    findings: list[Finding] = []
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        path = await daemon_call(lambda: sqlite_path(rest))
        findings = [_as_warning(each) for each in await check_directory("VIRTUOSO_HISTORY", path.parent)]
        if findings[0].level is not Level.OK or not await daemon_call(path.exists):
            return findings
    return [await _answer(url), *findings]


async def _answer(url: str) -> Finding:
    history = open_history_reader(url, timeout_s=TIMEOUT_S)
    start = time.monotonic()
    try:
        await history.newest_cursor()
    except HistoryError as error:
        return Finding("HISTORY", Level.WARNING, str(error), _WITHOUT)
    finally:
        await history.close()
    answer_ms = (time.monotonic() - start) * 1000
    return Finding("HISTORY", Level.OK, f"{history.name} answers", figures={"answer_ms": round(answer_ms, 1)})


def _as_warning(finding: Finding) -> Finding:
    if finding.level is not Level.FAILURE:
        return finding
    return replace(finding, level=Level.WARNING, remedy=f"{finding.remedy}. {_WITHOUT}")
