"""Run passes over the simulated market, or over recorded days, and print the figures."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tools.calmness.figures import LAGS, Shown, break_of, calm_after_confidence, changes, minutes_to_turn, persistence
from tools.calmness.market import VENUE, run
from tools.market_days.sources import RecordedVenue, simulated
from virtuoso.analysis.score_means import MEAN_MINUTES
from virtuoso.domain.model import DimensionKind

SEED = 7  # of the simulator
TAPE_DATE = "2025-10-22"  # the day of the recording that the program begins with


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tools.calmness", description=__doc__)
    parser.add_argument("--recorded", type=Path, metavar="DIR", help="the folder of replay_exchange.py; default: simulate")
    parser.add_argument("--start", nargs="+", default=["2025-10-22T06:00"], help="times UTC; one run for each")
    parser.add_argument("--minutes", type=int, default=110, help="the first 20 are left out")
    parser.add_argument("--symbols", type=int, default=20)
    parser.add_argument("--step", type=int, default=30, metavar="SECONDS", help="between two passes")
    arguments = parser.parse_args()
    answer = RecordedVenue(arguments.recorded, VENUE, tape_date=TAPE_DATE) if arguments.recorded else None
    for text in arguments.start:
        start = datetime.fromisoformat(text).replace(tzinfo=UTC)
        shown = Shown()
        market = answer or simulated(VENUE, round(start.timestamp() * 1000), SEED)
        run(market, start, shown.observe, minutes=arguments.minutes, symbols=arguments.symbols, step_s=arguments.step)
        print(f"\n{'recorded' if answer else 'simulated'}, {text} UTC, {arguments.symbols} symbols")
        report(shown)


def report(shown: Shown) -> None:
    """Print the figures of one run."""
    print("                    change a minute     rank correlation after minutes")
    print(f"                    median   90 %      {''.join(f'{lag:>7}' for lag in LAGS)}")
    for name, column in (("score", "score"), ("instant score", "instant")):
        table = shown.table(column, MEAN_MINUTES)
        _line(name, *(f"{value:6.2f}" for value in changes(table)), table=table)
    for kind in DimensionKind:
        _line(kind.lower_name, " " * 6, " " * 6, table=shown.table(kind.lower_name, MEAN_MINUTES))
    confidence, score = (shown.table(column, MEAN_MINUTES) for column in ("confidence", "instant"))
    print(f"confidence: {np.nanpercentile(confidence, (10, 50, 90)).round(2)} at 10, 50 and 90 %")
    thirds = calm_after_confidence(confidence, score, 15)
    print(f"change of the instant score in 15 minutes: {', '.join(f'{one:.1f}' for one in thirds)} (lowest third first)")
    if (begin := break_of(shown.table("price"))) is None:
        return
    for name, column in (("score", "score"), ("instant score", "instant")):
        minutes, before, lowest = minutes_to_turn(shown.table(column), begin)
        at = datetime.fromtimestamp(60 * shown.minutes[begin], UTC)
        print(f"break at {at:%H:%M}: the {name} had half of its fall ({before:.1f} to {lowest:.1f}) {minutes} minutes later")


def _line(name: str, *cells: str, table: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    ranks = "".join(f"{persistence(table, lag):7.3f}" for lag in LAGS)
    print(f"{name:18}  {'   '.join(cells)}    {ranks}")


if __name__ == "__main__":
    main()
