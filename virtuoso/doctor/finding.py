"""The findings of checks, and their output as a table or as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum

WIDTH = 118
_LEVEL_WIDTH = 11
_SUBJECT_WIDTH = 24


class Level(Enum):
    """The severity of a finding."""

    OK = "ok"
    WARNING = "warning"  # the product works without it or has a substitute
    FAILURE = "failure"  # a required part does not work
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check."""

    subject: str  # what was checked, such as "venue bybit"
    level: Level
    why: str  # the reason for the level
    remedy: str = ""  # the recommended action; "" for none
    # Measurements for scripts. The name of each ends with its unit.
    figures: Mapping[str, float] = field(default_factory=dict)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 1 if a finding is a failure, otherwise 0."""
    return 1 if any(finding.level is Level.FAILURE for finding in findings) else 0


def render(findings: Sequence[Finding]) -> str:
    """Return a table of the findings, each with its remedy below. It has no colours and at most 118 columns."""
    lines: list[str] = []
    for finding in findings:
        level = finding.level.value
        if finding.level in (Level.WARNING, Level.FAILURE):
            level = level.upper()
        lines += _wrapped(finding.why, f"{level:{_LEVEL_WIDTH}}  {finding.subject:{_SUBJECT_WIDTH}}  ")
        if finding.remedy:
            lines += _wrapped(f"-> {finding.remedy}", " " * (_LEVEL_WIDTH + _SUBJECT_WIDTH + 4))
    return "\n".join([*lines, "", _summary(findings), ""])


def to_json(findings: Sequence[Finding]) -> str:
    """Return JSON for scripts: {"exit_code", "findings": [{"subject", "level", "why", "remedy", "figures"}]}."""
    rows = [{**asdict(finding), "level": finding.level.value} for finding in findings]
    return json.dumps({"exit_code": exit_code(findings), "findings": rows}, indent=2, ensure_ascii=False) + "\n"


def _wrapped(text: str, start: str) -> list[str]:
    indent = " " * (_LEVEL_WIDTH + _SUBJECT_WIDTH + 4)
    return textwrap.wrap(
        text, WIDTH, initial_indent=start, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )


def _summary(findings: Sequence[Finding]) -> str:
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    failures, warnings = counts[Level.FAILURE], counts[Level.WARNING]
    if failures:
        summary = f"{failures} of {len(findings)} checks failed: virtuoso cannot work until they are fixed"
    else:
        summary = "everything that is needed works"
    return summary + (f"; {warnings} warning{'s' if warnings > 1 else ''}" if warnings else "")
