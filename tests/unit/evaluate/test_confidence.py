"""Smaller changes after higher confidence are found. Where there is no relation, none is told."""

from __future__ import annotations

import numpy as np
import pytest

from virtuoso.evaluate.confidence import confidence_results
from virtuoso.evaluate.panel import FIVE_MINUTES
from virtuoso.evaluate.results import confidence_sentence

SHAPE = (1500, 30)


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        (0.8, "Higher confidence was followed by smaller changes of the score over 15 m"),
        (-0.8, "Higher confidence was followed by larger changes of the score over 15 m"),
        (
            0.0,
            "Higher confidence was not shown to be followed by smaller changes of the score over 15 m",
        ),
    ],
)
def test_what_followed_confidence_is_told(effect: float, text: str) -> None:
    random = np.random.default_rng(4)
    confidence = random.uniform(0.2, 0.9, SHAPE)
    moves = random.normal(0, 0.02, SHAPE) * (1 - effect * (confidence - 0.55))
    score = np.zeros(SHAPE)
    for step in range(3, len(score)):  # a change of 15 minutes has the size that confidence said
        score[step] = 0.5 * score[step - 3] + moves[step - 3]
    results = confidence_results(
        FIVE_MINUTES, confidence.astype(np.float32), score.astype(np.float32), np.ones(SHAPE, dtype=bool)
    )
    assert confidence_sentence(results).startswith(text)
    low, middle, high = results[0].thirds
    assert not effect or (low > middle > high) == (effect > 0)
    assert middle == pytest.approx(0.8, abs=0.2)  # points


def test_without_confidence_nothing_is_told() -> None:
    nothing, score = np.full(SHAPE, np.nan, dtype=np.float32), np.zeros(SHAPE, dtype=np.float32)
    results = confidence_results(FIVE_MINUTES, nothing, score, np.ones(SHAPE, dtype=bool))
    assert confidence_sentence(results).startswith("What followed confidence could not be evaluated")
    assert np.isnan(results[0].thirds).all()
