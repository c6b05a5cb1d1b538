"""How far it has come, for who waits."""

from __future__ import annotations

from typing import TextIO


class Progress:
    """Lines on a stream: of each task one for every tenth that is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told: dict[str, int] = {}

    def say(self, text: str) -> None:
        """A line."""
        self._stream.write(f"evaluate: {text}\n")
        self._stream.flush()

    def step(self, task: str, done: int, whole: int) -> None:
        """So much of a task is done."""
        tenth = 10 * done // max(1, whole)
        if tenth > self._told.get(task, -1):
            self._told[task] = tenth
            self.say(f"{task}: {done} of {whole}")
