"""Alter one value of a venue's reply at a time. Check that only the touched row changes, and that nothing lasting happens.

Each case mutates one value of one recorded or simulated reply, reads it with the real adapter, runs a pass, and sends the
snapshot through the servers' checks and to JSON. More passes follow, with new tickers and with the true reply, which must
restore everything.

A case is wrong when
- an error other than an ExchangeError is raised, or a part of the analysis fails;
- a score of another symbol changes, or the venue's totals change by more than the touched row can explain;
- a price is shown that differs from the true one by more than a fifth, or BTC's share by a point;
- it leads to a signal, an opportunity or an alert, or a point is stored with another time;
- the servers or JSON refuse the whole snapshot;
- the true reply does not restore what was shown before.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.mutation.market import DOMINANCE, OfflineMarket, Reading, Shown
from tools.mutation.mutations import Mutation, choose, mutate
from tools.mutation.venues import NOW_MS, SYMBOLS
from virtuoso import metrics
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.plausibility import MAX_PRICE_DISTANCE

EXAMPLES = 12
TOLERANCE = 1e-9


@dataclass(slots=True)
class Totals:
    """The counts of a run. `wrong`: descriptions of wrong cases."""

    cases: int = 0
    replies_refused: int = 0
    rows_refused: int = 0
    unchanged: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Run the command line. Return 0 when no case is wrong."""
    parser = argparse.ArgumentParser(prog="tools/mutate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=2_000, help="cases of all venues together (default 2000; long: 100000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--venues", default=",".join(SYMBOLS), help="default: %(default)s")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    totals = Totals()
    began = time.monotonic()
    for venue in options.venues.split(","):
        cases = options.cases // len(options.venues.split(","))
        asyncio.run(run(venue, cases, random.Random(f"{options.seed} {venue}"), totals))  # noqa: S311 - not a secret
    sys.stdout.write(
        f"cases {totals.cases}\nrows refused {totals.rows_refused}\nreplies refused {totals.replies_refused}\n"
        f"no effect {totals.unchanged}\nwrong {len(totals.wrong)}\n"
    )
    for kind, count in Counter(each.split(" | ")[0] for each in totals.wrong).most_common(EXAMPLES):
        example = next(each for each in totals.wrong if each.startswith(kind))
        sys.stdout.write(f"  {count:5}  {example}\n")
    sys.stdout.write(f"{time.monotonic() - began:.0f} s, seed {options.seed}\n")
    return 1 if totals.wrong else 0


async def run(venue: str, cases: int, rng: random.Random, totals: Totals) -> None:
    """Run `cases` cases on one venue, and add the results to `totals`."""
    market, baseline = await _market(venue)
    readings: dict[str, list[Reading]] = {}
    for reading in market.readings:
        readings.setdefault(reading.kind, []).append(reading)
    for _ in range(cases):
        reading = rng.choice(readings[rng.choice(sorted(readings))])
        wrong = await _case(market, baseline, reading, rng, totals)
        totals.cases += 1
        if wrong:
            totals.wrong += wrong
            await market.exchange.close()
            market, baseline = await _market(venue)
    await market.exchange.close()


async def _market(venue: str) -> tuple[OfflineMarket, Shown]:
    market = OfflineMarket(venue)
    return market, await market.begin()


async def _case(market: OfflineMarket, baseline: Shown, reading: Reading, rng: random.Random, totals: Totals) -> list[str]:
    """Run one case. Return the descriptions of what is wrong."""
    chosen: list[tuple[str, Mutation]] = []
    preferred = frozenset(market.symbols) | {f"{name.removesuffix('USDT')}-USDT-SWAP" for name in market.symbols}

    def alter(path: str, body: Any) -> Any:
        wanted = reading.kind is not InputKind.PREMIUMS or "ticker" not in path.rsplit("/", 1)[-1]
        if chosen or not wanted or (rng.random() < 0.3 and reading.kind is InputKind.PREMIUMS):
            return body
        chosen.append((path, choose(body, rng, preferred=preferred)))
        return mutate(body, chosen[0][1])

    refused_before, failed_before = _refused(), _failed()
    wrong: list[str] = []
    replies = (market.coingecko if reading.kind == DOMINANCE else market.exchange).replies
    replies.alter = alter
    try:
        await market.read(reading)
    except ExchangeError:
        totals.replies_refused += 1
    except Exception as error:  # noqa: BLE001 - the fault that this tool looks for
        wrong.append(f"{type(error).__name__}: {error}")
    finally:
        replies.alter = None
    if not chosen:
        return wrong
    touched = _touched(market, reading, chosen[0][1])
    totals.rows_refused += _refused() > refused_before
    after = market.shown()
    wrong += _wrong(baseline, after, touched)
    lasting = after.lasting
    if after != baseline:
        try:
            lasting |= await market.lasting_later(reading)
        except ExchangeError as error:
            wrong.append(f"the true reply is refused afterwards: {type(error).__name__} {error}")
    if lasting := lasting - baseline.lasting:
        wrong.append(f"lasting: {min(lasting).split(' signal-')[0].split()[0]} {' '.join(min(lasting).split()[2:])}")
    if _failed() > failed_before:
        wrong.append("a part of the analysis failed")
    try:
        await market.restore(reading)
    except ExchangeError as error:
        wrong.append(f"the true reply is refused afterwards: {type(error).__name__} {error}")
    totals.unchanged += after == baseline
    if after != baseline and market.shown() != baseline:
        wrong.append("the true reply does not restore what was shown")
    path, mutation = chosen[0]
    return [f"{each} | {market.feed.venue} {path} {mutation.field} {mutation.name} {mutation.symbol}" for each in wrong]


def _touched(market: OfflineMarket, reading: Reading, mutation: Mutation) -> str | None:
    """Return the symbol that a mutation touches. Return None when it touches none, or the whole reply."""
    if reading.job is not None:
        return reading.job.symbol
    name = mutation.symbol.replace("-USDT-SWAP", "USDT")
    return name if name in market.feed.tickers or name in market.symbols else None


def _wrong(before: Shown, after: Shown, touched: str | None) -> Iterator[str]:
    for symbol, score in before.scores.items():
        if symbol != touched and not _same(score, after.scores.get(symbol)):
            yield "another symbol's score changed"
            break
    for symbol, price in (*before.prices.items(), *before.movers.items()):
        for shown in (after.prices.get(symbol), after.movers.get(symbol)):
            if price is not None and shown is not None and abs(shown / price - 1) > MAX_PRICE_DISTANCE:
                yield "a wrong price is shown"
                break
    if any(symbol not in before.movers and symbol == touched for symbol in after.movers):
        yield "the touched row is a mover"
    if after.turnover is not None and before.turnover is not None and not 0.5 < after.turnover / before.turnover < 1.5:
        yield "the venue's turnover changed"
    if after.sentiment is not None and before.sentiment is not None and abs(after.sentiment - before.sentiment) > 10:
        yield "the venue's sentiment changed"
    if missing := before.universe - after.universe - {touched}:
        yield f"{len(missing)} other symbols left the universe"
    if None not in (before.dominance, after.dominance) and abs((before.dominance or 0) - (after.dominance or 0)) > 1:
        yield "BTC's share changed"
    if any(abs(time_ms - NOW_MS) > 60_000 for time_ms in after.point_times_ms):
        yield "a point is stored with a wrong time"
    for error in after.invalid[:1]:
        yield f"invalid: {error.split(':')[0]}"


def _same(one: float | None, other: float | None) -> bool:
    return one == other or (one is not None and other is not None and abs(one - other) < TOLERANCE)


def _refused() -> float:
    samples = [sample for metric in metrics.INVALID_ROWS.collect() for sample in metric.samples]
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


def _failed() -> float:
    return float(metrics.INVALID_ROWS.labels("analysis")._value.get())  # noqa: SLF001 - no public reader


if __name__ == "__main__":
    sys.exit(main())
