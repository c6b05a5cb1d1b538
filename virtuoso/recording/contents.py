"""Describe the contents of a recording."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from virtuoso.domain.errors import CorruptValue
from virtuoso.recording import file

if TYPE_CHECKING:
    from pathlib import Path

    from virtuoso.recording.file import Event


def describe(path: Path) -> str:
    """Return a description of the sessions of a recording. Raise ConfigError when the file is not a recording."""
    sessions: list[_SessionContents] = []
    damage = ""
    try:
        for event in file.read(path):
            if file.RECORDING_KEY in event:
                sessions.append(_SessionContents(event))
            else:
                sessions[-1].add(event)
    except CorruptValue as error:
        damage = f"\n{error}"
    size = path.stat().st_size
    count = f"{len(sessions)} session{'s' if len(sessions) != 1 else ''}"
    return "\n".join([f"{path}: {count}, {size / 1e6:.1f} MB", *map(str, sessions)]) + damage


def utc(ms: int) -> str:
    """Return a time in epoch ms as text, with whole seconds."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class _SessionContents:
    """The contents of one session."""

    def __init__(self, header: Event) -> None:
        self._header = header
        self._end_ms = header["at"]
        self._symbols: set[str] = set()
        self._snapshots: Counter[str] = Counter()  # published, by venue
        self._replies = self._frames = 0

    def add(self, event: Event) -> None:
        self._end_ms = event["at"]
        self._replies += len(event.get("replies", ()))
        self._frames += len(event.get("frames", ()))
        if "symbol" in event:
            self._symbols.add(event["symbol"])
        if "published" in event:
            self._snapshots[event["venue"]] += 1

    def __str__(self) -> str:
        header = self._header
        minutes = (self._end_ms - header["at"]) / 60_000
        snapshots = ", ".join(f"{count} of {venue}" for venue, count in self._snapshots.items()) or "none"
        return (
            f"  {utc(header['at'])} to {utc(self._end_ms)} ({minutes:.1f} minutes)  venues {', '.join(header['venues'])}\n"
            f"    {len(self._symbols)} symbols, {self._replies} replies, {self._frames} frames of streams, "
            f"snapshots: {snapshots}; model {header['model']}"
        )
