"""`virtuoso record`, the part of `virtuoso replay` that plays, and what a recording holds."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from pathlib import Path

from virtuoso.app.collect import collector_of, journal_of, rules_of, weights_of
from virtuoso.app.parts import repository
from virtuoso.config import Loaded
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.lifetime import unless
from virtuoso.recording import check, contents
from virtuoso.recording import play as player
from virtuoso.recording import record as recording
from virtuoso.recording.file import RecordingFile
from virtuoso.repository.memory import MemoryRepository


async def record(loaded: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """Run a collector of its own with a repository that nobody else sees, and record it."""
    settings = loaded.settings
    file = RecordingFile(Path(options.file), max_bytes=int(options.max_mb * 1e6))
    venues, wanted, weights = settings.exchanges, settings.opportunities, weights_of(settings)
    recorder = recording.Recorder(
        file, venues=venues, rules=rules_of(settings), opportunities=wanted, weights=weights, clock=epoch_ms
    )
    exchanges = {
        venue: recording.RecordedExchange(venue, recorder, url=settings.exchange_urls.get(venue))
        for venue in settings.exchanges
    }
    async with collector_of(settings, exchanges, MemoryRepository(), tap=recorder) as collector:
        return await recording.record(recorder, file, collector.run(), stop=stop, minutes=options.minutes)


async def play(loaded: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """The part of `replay` that publishes what is on the recording."""
    store = repository(loaded.settings)
    try:
        how = {"max_stale_s": loaded.settings.max_stale_s, "once": options.once}
        async with journal_of(loaded.settings) as journal:
            return await player.play(Path(options.file), store, journal=journal, stop=stop, **how)
    finally:
        await store.close()


async def inspect(_: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """Print what is on a recording, or prove that it plays the same."""
    path = Path(options.file)
    work = check.check(path) if options.check else asyncio.to_thread(lambda: (0, contents.describe(path)))
    code, words = await unless(stop, work) or (130, "")
    sys.stdout.write(words.rstrip() + "\n")
    return code
