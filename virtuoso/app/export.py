"""`virtuoso export`: write what the history stores into a file."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from pathlib import Path

from virtuoso.config import LoadedSettings
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.progress import Progress
from virtuoso.export.export import FORMATS, ExportRequest, run_export
from virtuoso.history.factory import open_history_reader

TIMEOUT_S = 30.0
"""The timeout of one query. It is long, because no client waits for it."""


async def export(loaded: LoadedSettings, options: Namespace, stop: asyncio.Event) -> int:
    """Write one table into a file, and return the exit code. Raise ConfigError when there is no history, or when the format
    of the file is not known."""
    url, path = loaded.settings.effective_history, Path(options.file)
    form = options.format or path.suffix.removeprefix(".")
    if form not in FORMATS:
        raise ConfigError(
            f"{options.file!r}: expected a name that ends in {' or '.join(f'.{name}' for name in FORMATS)}, or --format"
        )
    if url is None:
        raise ConfigError("VIRTUOSO_HISTORY='none': there is nothing to export without the history of a collector that ran")
    request = ExportRequest(
        table=options.table,
        form=form,
        path=path,
        start_ms=options.start,
        end_ms=epoch_ms() if options.end is None else options.end,
        symbols=options.only,
        venue=options.venue,
    )
    history = open_history_reader(url, timeout_s=TIMEOUT_S)
    try:
        return await run_export(history, request, Progress(sys.stderr, "export"), stop)
    finally:
        await history.close()
