"""The input line for a search or a minimum score."""

from __future__ import annotations

from textual.widgets import Input

from virtuoso.domain.numbers import parse_number
from virtuoso.top.words import PROMPTS

SEARCH, MINIMUM = "search", "minimum"


class Prompt(Input):
    """The input line at the bottom. It is shown only while it is in use."""

    def __init__(self) -> None:
        super().__init__(compact=True)
        self.question = SEARCH

    @property
    def is_open(self) -> bool:
        """Whether the line is shown."""
        return self.has_class("open")

    def ask(self, question: str, value: str) -> None:
        """Show the line for SEARCH or MINIMUM, with `value` in it."""
        self.question = question
        self.placeholder = PROMPTS[question]
        self.value = value
        self.add_class("open")
        self.focus()

    def close(self) -> None:
        """Hide the line."""
        self.remove_class("open")


def minimum_score(text: str) -> float | None:
    """Return the minimum score in the input; None for no input. Raise ValueError with a text for the user."""
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        score = parse_number(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 100:
        raise ValueError(f"Minimum score {text!r}: expected a number from 0 to 100, or nothing")
    return score
