"""`virtuoso record`, and the parts of `virtuoso replay` that play, describe and check a recording."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from pathlib import Path

from virtuoso.app.collect import (
    cost_rules,
    model_weights,
    open_history_recorder,
    running_collector,
    universe_rules,
)
from virtuoso.app.parts import notices, open_repository
from virtuoso.config import LoadedSettings
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.tasks import run_until
from virtuoso.recording import check, contents
from virtuoso.recording import play as player
from virtuoso.recording import record as recording
from virtuoso.recording.file import RecordingFile
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.notices import NotifyingRepository


async def record(loaded: LoadedSettings, options: Namespace, stop: asyncio.Event) -> int:
    """Run a separate collector with a private repository and record its traffic."""
    settings = loaded.settings
    file = RecordingFile(Path(options.file), max_bytes=int(options.max_mb * 1e6))
    recorder = recording.Recorder(
        file,
        venues=settings.exchanges,
        rules=universe_rules(settings),
        opportunities=settings.opportunities,
        weights=model_weights(settings),
        costs=cost_rules(settings),
        clock=SYSTEM_CLOCK,
    )
    exchanges = {
        venue: recording.RecordedExchange(venue, recorder, url=settings.exchange_urls.get(venue))
        for venue in settings.exchanges
    }
    async with running_collector(
        settings, exchanges, MemoryRepository(), observer=recorder, observed_reader=recorder.reader
    ) as collector:
        return await recording.record(recorder, file, collector.run(), stop=stop, minutes=options.minutes)


async def play(loaded: LoadedSettings, options: Namespace, stop: asyncio.Event) -> int:
    """Publish the snapshots of a recording."""
    repository = NotifyingRepository(open_repository(loaded.settings), notices(loaded.settings))
    try:
        async with open_history_recorder(loaded.settings) as history:
            return await player.play(
                Path(options.file),
                repository,
                history=history,
                stop=stop,
                max_stale_s=loaded.settings.max_stale_s,
                once=options.once,
            )
    finally:
        await repository.close()


async def inspect(_: LoadedSettings, options: Namespace, stop: asyncio.Event) -> int:
    """Print the contents of a recording, or check that a replay produces the same snapshots."""
    path = Path(options.file)
    work = check.check(path) if options.check else asyncio.to_thread(lambda: (0, contents.describe(path)))
    code, text = await run_until(stop, work) or (130, "")
    sys.stdout.write(text.rstrip() + "\n")
    return code
