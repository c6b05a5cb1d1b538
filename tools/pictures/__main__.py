"""Draw all pictures or the named ones, and print the numbers of the worked example in virtuoso/analysis/scores.md."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from tools.pictures import candles, context, scores
from tools.pictures.market import SCORES, dimension
from tools.pictures.style import DIMENSION_NAMES, FOLDER
from virtuoso.domain.model import DimensionKind

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


def example() -> None:
    """Print the tables of the worked example as they are on the page."""
    result, book = SCORES["UNI"], dimension("UNI", DimensionKind.ORDERBOOK)
    print(
        f"\nUNIUSDT {result.score}, agreement {result.agreement}, coverage {result.coverage}, confidence {result.confidence}"
    )
    for d in result.dimensions:
        numbers = f"{d.weight:.2f} | {d.confidence:.3f} | {d.direction:+.4f} | {d.contribution:+.3f}"
        print(f"| {DIMENSION_NAMES[d.kind]} | {numbers} |  {d.sentence}")
    print(f"order book {book.score}, confidence {book.confidence}")
    for c in book.components:
        numbers = f"{c.reading:+.3f} | {c.direction:+.4f} | {c.weight:.2f} | {c.confidence:.3f} | {c.contribution:+.3f}"
        print(f"| {c.name} | {numbers} |")


def main() -> int:
    """Draw the pictures and return the exit code. It is 0, or 2 for an unknown picture."""
    names = sys.argv[1:] or [*PICTURES]
    if unknown := [name for name in names if name not in PICTURES]:
        print(f"no picture {', '.join(unknown)}; there are {', '.join(PICTURES)}", file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        PICTURES[name]()
    example()
    return 0


if __name__ == "__main__":
    sys.exit(main())
