"""Progress output of a long-running command."""

from __future__ import annotations

from typing import TextIO


class Progress:
    """Progress lines of `command` on a stream. Each task writes one line per tenth."""

    def __init__(self, stream: TextIO, command: str) -> None:
        self._stream = stream
        self._command = command
        self._tenths: dict[str, int] = {}

    def write(self, text: str) -> None:
        """Write a line."""
        self._stream.write(f"{self._command}: {text}\n")
        self._stream.flush()

    def advance(self, task: str, finished: int, total: int) -> None:
        """Record that `finished` of `total` parts of a task are finished."""
        tenth = 10 * finished // max(1, total)
        if tenth > self._tenths.get(task, -1):
            self._tenths[task] = tenth
            self.write(f"{task}: {finished} of {total}")
