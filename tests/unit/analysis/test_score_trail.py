"""The scores of the last hour."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.wire.test_snapshots import snapshot
from virtuoso.analysis.score_trail import POINTS, STEP_MS, advance, restore
from virtuoso.domain.model import Confluence
from virtuoso.domain.scores import ScoreTrail
from virtuoso.wire.snapshots import decode_last_snapshot, encode_snapshot

START_MS = 6_000_000 * STEP_MS


def scores(**by_symbol: float | None) -> dict[str, Confluence]:
    return {name: Confluence(symbol=name, dimensions=(), coverage=1.0, score=score) for name, score in by_symbol.items()}


def test_the_first_score_of_each_five_minutes_is_kept_for_an_hour() -> None:
    trail: ScoreTrail | None = None
    for second in range(0, 2 * 3600, 20):
        trail = advance(trail, scores(BTCUSDT=40 + second / 300), START_MS + 1000 * second)
    assert trail is not None
    assert trail.recent("BTCUSDT") == [40 + step for step in range(23, 23 - POINTS, -1)]
    assert trail.recent("ETHUSDT") == []


def test_a_trail_ends_where_a_score_is_not_known() -> None:
    trail = advance(None, scores(A=60.0), START_MS)
    trail = advance(trail, scores(A=None), START_MS + STEP_MS)
    trail = advance(trail, scores(A=55.0, B=50.0), START_MS + 2 * STEP_MS)
    assert (trail.recent("A"), trail.recent("B")) == ([55.0], [50.0])
    trail = advance(trail, scores(A=54.0), START_MS + 4 * STEP_MS)
    assert trail.points == {"A": (54.0, None, 55.0, None, 60.0)}
    assert advance(trail, scores(A=50.0), START_MS).points == {"A": (50.0,)}  # the clock was wrong: it begins again


def test_a_stored_trail_continues_and_an_implausible_one_does_not() -> None:
    trail = ScoreTrail(step=START_MS // STEP_MS, points={"BTCUSDT": (61.0, None, 62.5)})
    stored = decode_last_snapshot(encode_snapshot(snapshot(trail=trail))).trail
    assert stored == trail
    assert restore(trail, START_MS) is trail
    for points in ((101.0,), (-1.0,), (float("inf"),), (50.0,) * (POINTS + 1)):
        assert restore(replace(trail, points={"BTCUSDT": points}), START_MS) is None
    assert restore(trail, START_MS - STEP_MS) is None


@pytest.mark.parametrize("missing", [None, ScoreTrail(step=0, points={})])
def test_a_snapshot_without_a_trail_has_rows_without_one(missing: ScoreTrail | None) -> None:
    assert decode_last_snapshot(encode_snapshot(snapshot(trail=missing))).trail == missing
