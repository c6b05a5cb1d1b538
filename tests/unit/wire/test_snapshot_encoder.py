"""An encoder that reuses the parts of the snapshot before gives the same bytes as one that encodes everything."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wire.test_snapshots import dimensions, snapshot
from virtuoso.domain.model import Component, Confluence, Dimension
from virtuoso.domain.snapshot import Snapshot
from virtuoso.wire import snapshots

SHAPES = st.lists(st.integers(0, 3), min_size=6, max_size=6)
# Parts that several snapshots share. The same object may also be in several dimensions and symbols.
PARTS = [
    (),
    (Component(name="a", weight=0.5, unit="ratio", direction=0.5, confidence=1.0, contribution=2.0, reading=3.0),),
    (Component(name="a", weight=0.5, unit="ratio", missing="no trades"),),
    (Component(name="b", weight=0.25, unit=""), Component(name="c", weight=0.25, unit="", direction=-0.0)),
]


def with_parts(numbers: list[int], score: float) -> Snapshot:
    base = snapshot()
    kinds: tuple[Dimension, ...] = tuple(
        replace(one, components=PARTS[number], contribution=score)
        for one, number in zip(dimensions(60.0), numbers, strict=True)
    )
    changed: dict[str, Confluence] = {symbol: replace(one, dimensions=kinds) for symbol, one in base.confluences.items()}
    return replace(base, confluences=changed)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(SHAPES, st.floats(-50, 50)), min_size=2, max_size=4))
def test_each_snapshot_of_a_sequence_is_encoded_as_if_it_were_alone(sequence: list[tuple[list[int], float]]) -> None:
    encoder = snapshots.SnapshotEncoder()
    for numbers, score in sequence:
        one = with_parts(numbers, score)
        assert encoder.encode(one) == snapshots.encode_snapshot(one)
