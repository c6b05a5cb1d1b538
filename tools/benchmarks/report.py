"""Figures with their targets: as a table for people, and as JSON for programs."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.benchmarks.machine import Machine

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {">=": operator.ge, "<=": operator.le, "<": operator.lt}


@dataclass(frozen=True)
class Aim:
    """The target of a figure, such as >= 0.9."""

    comparison: str
    bound: float


@dataclass(frozen=True)
class Figure:
    """One measured value. `low` and `high` are its extremes over the rounds."""

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    aim: Aim | None = None

    @property
    def reached(self) -> bool | None:
        """Return whether the target was reached, or None without a target."""
        return _COMPARISONS[self.aim.comparison](self.value, self.aim.bound) if self.aim else None


@dataclass
class Report:
    """The output, in order."""

    machine: Machine
    market: str
    figures: list[Figure]
    notes: list[str]

    def add(self, *figures: Figure) -> None:
        """Add figures and print them at once."""
        for figure in figures:
            self.figures.append(figure)
            print(_line(figure), flush=True)

    def head(self) -> str:
        """Return the lines above the figures, about the machine and the market."""
        here = self.machine
        shared = (
            ""
            if here.server not in here.rest
            else "; there is only one core, which servers and load share: the figures are not reliable"
        )
        return (
            f"{here.cpu}, {here.cores} cores, {here.memory_gib:.1f} GiB; {self.market}\n"
            f"servers on core {here.server}, load and all else on {', '.join(map(str, here.rest))}{shared}\n\n"
            f"{'':48}{'value':>10} {'unit':<8} {'spread':<17} {'target':<9} reached"
        )

    def foot(self) -> str:
        """Return the lines below the figures, with the missed targets and the notes."""
        missed = [figure.name for figure in self.figures if figure.reached is False]
        verdict = f"not reached: {'; '.join(missed)}" if missed else "every target is reached"
        return "\n".join(("", verdict, *(f"- {note}" for note in self.notes)))

    def write(self, path: Path) -> None:
        """Write everything as JSON. Raise OSError when the file cannot be written."""
        figures = [{**asdict(figure), "reached": figure.reached} for figure in self.figures]
        whole = {"machine": asdict(self.machine), "market": self.market, "figures": figures, "notes": self.notes}
        path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")


def _line(figure: Figure) -> str:
    spread = f"{_number(figure.low)} - {_number(figure.high)}" if figure.low is not None and figure.high is not None else ""
    aim = f"{figure.aim.comparison} {figure.aim.bound:g}" if figure.aim else ""
    reached = {True: "yes", False: "NO", None: ""}[figure.reached]
    return f"{figure.name:<48}{_number(figure.value):>10} {figure.unit:<8} {spread:<17} {aim:<9} {reached}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(name: str, unit: str, values: Sequence[float], middle: float, aim: Aim | None = None) -> Figure:
    """Return a figure over several rounds, with its extremes."""
    return Figure(name, middle, unit, min(values), max(values), aim)
