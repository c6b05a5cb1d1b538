"""Compute the scores of a recording again and compare each snapshot with its recorded digest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from virtuoso.analysis.weights import Weights
from virtuoso.domain.errors import CorruptValue
from virtuoso.recording import file
from virtuoso.recording.contents import utc
from virtuoso.recording.record import digest, made_by
from virtuoso.recording.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from virtuoso.recording.file import Event


async def check(path: Path) -> tuple[int, str]:
    """Return (exit code, message). The code is 0 when every snapshot is identical, byte for byte.

    It is 1 when a snapshot differs, the file is damaged, the recording has another model, or there is nothing to compare.
    Raise ConfigError when the file is not a recording.
    """
    session: Session | None = None
    header: Event = {}
    same, spans, venues = 0, [[0, 0]], dict[str, None]()
    try:
        for event in file.read(path):
            await asyncio.sleep(0)  # lets Ctrl-C stop the loop
            if file.RECORDING_KEY in event:
                if event["model"] != (ours := Weights.with_overrides(**event["weights"]).version):
                    return 1, f"{path}: recorded with model {event['model']}, this is model {ours}: not comparable"
                if session is not None:
                    await session.close()
                header, session = event, Session(event)
                spans.append([event["at"], event["at"]])
            elif session is not None and (snapshot := await session.replay(event)) is not None:
                if digest(snapshot) != event["digest"]:
                    which = f"snapshot {snapshot.id} of {utc(event['at'])} differs from what was recorded"
                    return 1, f"{path}: {which}, after {same} that are the same{_version_differences(header['made_by'])}"
                same += 1
                venues[snapshot.venue] = None
                spans[-1][1] = event["at"]
    except CorruptValue as error:
        return 1, f"{error}; the {same} snapshots before it are the same"
    finally:
        if session is not None:
            await session.close()
    if not same:
        return 1, f"{path}: it holds no snapshot, so there is nothing to compare"
    seconds = sum(end - begin for begin, end in spans) / 1000
    duration = f"{seconds / 60:.0f} minutes" if seconds > 90 else f"{seconds:.0f} seconds"
    return 0, f"{same} snapshots of {duration}, {', '.join(venues)}: all are the same, byte for byte"


def _version_differences(recorded: Mapping[str, str]) -> str:
    """Return the versions that differ between the recording machine and this machine, as text."""
    ours = made_by()
    differing = [
        f"{name} was {recorded.get(name, 'absent')}, is {version}"
        for name, version in ours.items()
        if recorded.get(name) != version
    ]
    return f" ({'; '.join(differing)})" if differing else ""
