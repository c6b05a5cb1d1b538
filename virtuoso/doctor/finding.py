"""What a check found, and how it is told."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

WIDTH = 118
_WORD = 11
_SUBJECT = 24


class Level(Enum):
    """How bad it is."""

    WELL = "well"
    WARNING = "warning"  # it works, or something stands in for it
    FAILURE = "failure"  # something that is needed does not work
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` was looked at, such as "venue bybit"; `why` it is judged so; `cure` is what to do, "" for nothing.
    `figures` are what was measured, for scripts; their names end in the unit."""

    subject: str
    level: Level
    why: str
    cure: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


def exit_code(findings: Sequence[Finding]) -> int:
    """1 when something that is needed fails, else 0."""
    return 1 if any(finding.level is Level.FAILURE for finding in findings) else 0


def render(findings: Sequence[Finding]) -> str:
    """A table for people: one finding a line or more, its cure beneath. No colours, at most 118 columns."""
    lines: list[str] = []
    for finding in findings:
        word = finding.level.value
        if finding.level in (Level.WARNING, Level.FAILURE):
            word = word.upper()
        lines += _wrapped(finding.why, f"{word:{_WORD}}  {finding.subject:{_SUBJECT}}  ")
        if finding.cure:
            lines += _wrapped(f"-> {finding.cure}", " " * (_WORD + _SUBJECT + 4))
    return "\n".join([*lines, "", _summary(findings), ""])


def to_json(findings: Sequence[Finding]) -> str:
    """The same for scripts: {"exit_code", "findings": [{"subject", "level", "why", "cure", "figures"}]}."""
    rows = [
        {
            "subject": finding.subject,
            "level": finding.level.value,
            "why": finding.why,
            "cure": finding.cure,
            "figures": dict(finding.figures),
        }
        for finding in findings
    ]
    return json.dumps({"exit_code": exit_code(findings), "findings": rows}, indent=2, ensure_ascii=False) + "\n"


def _wrapped(text: str, start: str) -> list[str]:
    indent = " " * (_WORD + _SUBJECT + 4)
    return textwrap.wrap(
        text, WIDTH, initial_indent=start, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )


def _summary(findings: Sequence[Finding]) -> str:
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    failures, warnings = counts[Level.FAILURE], counts[Level.WARNING]
    if failures:
        verdict = f"{failures} of {len(findings)} checks failed: virtuoso cannot do its work until they are mended"
    else:
        verdict = "all that is needed works"
    return verdict + (f"; {warnings} warning{'s' if warnings > 1 else ''}" if warnings else "")
