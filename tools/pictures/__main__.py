"""Draw all pictures or the named ones, and write the numbers of the worked example into virtuoso/analysis/scores.md."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from tools.pictures import candles, context, example, scores
from tools.pictures.style import FOLDER

PICTURES: Mapping[str, Callable[[], None]] = {
    "response": scores.response,
    "breakdown": scores.breakdown,
    "agreement": scores.agreement,
    "beta": scores.betas,
    "signal": scores.signal,
    "indicators": candles.indicators,
    "volume": candles.volume,
    "structure": candles.price_structure,
    "orderflow": context.orderflow,
    "book": context.book,
    "sentiment": context.sentiment,
}


def main() -> int:
    """Draw the pictures and return the exit code. It is 0, or 2 for an unknown picture."""
    names = sys.argv[1:] or [*PICTURES]
    if unknown := [name for name in names if name not in PICTURES]:
        print(f"no picture {', '.join(unknown)}; there are {', '.join(PICTURES)}", file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        PICTURES[name]()
    page = FOLDER.parent / "scores.md"
    page.write_text(example.updated(page.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
