"""`virtuoso record`, the part of `virtuoso replay` that plays, and what a recording holds."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from pathlib import Path

from virtuoso.app.collect import collector_of, journal_of, rules_of, weights_of
from virtuoso.app.parts import repository
from virtuoso.config import Loaded
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.lifetime import unless
from virtuoso.recording import play as player
from virtuoso.recording import record as recorder
from virtuoso.recording.recording import RecordingFile
from virtuoso.repository.memory import MemoryRepository


async def record(loaded: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """A collector of its own, with a tape and a repository that nobody else sees."""
    settings = loaded.settings
    tape = RecordingFile(Path(options.file), max_bytes=int(options.max_mb * 1e6))
    venues, wanted, weights = settings.exchanges, settings.opportunities, weights_of(settings)
    recording = recorder.Recorder(
        tape, venues=venues, rules=rules_of(settings), opportunities=wanted, weights=weights, clock=SYSTEM_CLOCK
    )
    exchanges = {
        venue: recorder.RecordedExchange(venue, recording, url=settings.exchange_urls.get(venue))
        for venue in settings.exchanges
    }
    async with collector_of(settings, exchanges, MemoryRepository(), observer=recording) as collector:
        return await recorder.record(recording, tape, collector.run(), stop=stop, minutes=options.minutes)


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
    work = player.check(path) if options.check else asyncio.to_thread(lambda: (0, player.info(path)))
    code, words = await unless(stop, work) or (130, "")
    sys.stdout.write(words.rstrip() + "\n")
    return code
