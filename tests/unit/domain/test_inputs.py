"""The names of inputs."""

from __future__ import annotations

import json

from virtuoso.domain.inputs import InputKind, ScoreInput
from virtuoso.domain.model import Timeframe


def test_every_timeframe_has_an_input_of_bars() -> None:
    names = {ScoreInput.candles(timeframe) for timeframe in Timeframe}
    assert names == {each for each in ScoreInput if each.startswith("candles_")}


def test_an_input_kind_is_formatted_as_its_value() -> None:
    assert json.dumps({"op": InputKind.ORDER_BOOK}) == '{"op": "book"}'
    assert f"{InputKind.FUNDING}" == "funding"
