"""The short, seeded form of `tools/mutate`: one altered value in a reply changes nothing but its own row."""

from __future__ import annotations

import random

import pytest

from tools.mutation.__main__ import Totals, run
from tools.mutation.mutations import MUTATIONS, choose, mutate
from tools.mutation.venues import SYMBOLS

CASES = 60  # tools/mutate runs thousands


@pytest.mark.timeout(300)
@pytest.mark.parametrize("venue", SYMBOLS)
async def test_an_altered_value_changes_only_its_row(venue: str) -> None:
    totals = Totals()
    await run(venue, CASES, random.Random(f"gate {venue}"), totals)
    assert totals.wrong == []
    assert totals.cases == CASES
    assert totals.rows_refused > 0
    assert totals.replies_refused > 0


def test_each_mutation_is_chosen_and_changes_at_most_one_value() -> None:
    rows = [{"symbol": "BTCUSDT", "last": "1.5"}, {"symbol": "ETHUSDT", "last": "2.5"}]
    reply = {"time": 1, "list": rows}
    rng = random.Random(1)
    names = set()
    for _ in range(1_000):
        mutation = choose(reply, rng, preferred=frozenset({"ETHUSDT"}))
        names.add(mutation.name)
        changed = mutate(reply, mutation)
        altered = [row["symbol"] for row, other in zip(rows, changed["list"], strict=True) if row != other]
        assert altered in ([], [mutation.symbol])
    assert names == set(MUTATIONS)
