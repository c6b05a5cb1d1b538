"""The page that explains the scores is compared with the code, because wrong tables are worse than missing ones."""

from __future__ import annotations

import json
import re
from types import ModuleType
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from tests.programs import ROOT
from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape
from tests.unit.wire.test_snapshots import decoded, snapshot
from virtuoso.analysis import candle_readings, market_sentiment, opportunities, signal_plans
from virtuoso.analysis.alert_groups import COOLDOWNS_S
from virtuoso.analysis.confluence import CONTEXT_COMPONENTS, score_symbol
from virtuoso.analysis.orderflow import TAKER_VOLUME
from virtuoso.analysis.signal_rules import DEFAULT_RULES
from virtuoso.analysis.weights import DIMENSION_WEIGHTS, TIMEFRAME_WEIGHTS
from virtuoso.domain.model import DimensionKind
from virtuoso.domain.records import AlertKind, SignalStatus

PAGE = (ROOT / "virtuoso" / "analysis" / "scores.md").read_text()
HEADINGS = {"orderflow": "Order flow", "orderbook": "Order book", "price_structure": "Price structure"}


def section(heading: str) -> str:
    match = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert match is not None, heading
    return match[1]


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of table rows that begin with a name in code, by that name."""
    cells = ([c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `"))
    return {row[0].strip("`"): row[1:] for row in cells}


@pytest.mark.parametrize("kind", DIMENSION_WEIGHTS, ids=lambda k: k.name)
def test_the_page_lists_every_component_with_its_weight_and_scale(kind: Any) -> None:
    specs = {**candle_readings.CANDLE_COMPONENTS, **CONTEXT_COMPONENTS}[kind]
    if kind is DimensionKind.ORDERFLOW:
        specs = (*specs, TAKER_VOLUME)  # where the venue states it
    name = kind.name.lower()
    table_rows = rows(section(HEADINGS.get(name, name.capitalize())))
    assert list(table_rows) == [g.name for g in specs]
    for spec in specs:
        weight, at, *_ = table_rows[spec.name]
        assert float(weight) == spec.weight
        number = re.match(r"-?[\d.]+", at)
        assert number is not None
        assert float(number[0]) == pytest.approx(spec.centre + spec.scale)
        assert (f"centre {spec.centre:g}" in at) == (spec.centre != 0)
    words = HEADINGS.get(name, name).lower()
    assert f"| {words} | {DIMENSION_WEIGHTS[kind]:.0%} |".replace("%", " %") in PAGE


def test_the_other_numbers_of_the_page_equal_those_of_the_code() -> None:
    for timeframe, weight in TIMEFRAME_WEIGHTS.items():
        assert re.search(rf"{timeframe.value} \({weight:.0%}".replace("%", " %"), PAGE), timeframe
    table_rows = rows(section("Market sentiment"))
    assert {n: float(cells[0]) for n, cells in table_rows.items()} == {g.name: g.weight for g in market_sentiment.PARTS}
    assert (signal_plans.TARGETS_R, signal_plans.SIZES) == ((1.5, 3, 5), (0.5, 0.3, 0.2))
    assert (signal_plans.STOP_RANGES, signal_plans.RANGE_BARS, signal_plans.MIN_CHANCE) == (2.4, 96, 0.05)
    rules = DEFAULT_RULES
    assert (rules.entry_points, rules.rearm_points, rules.min_confidence) == (22, 16, 0.35)
    assert (rules.market_points, rules.market_rearm_points, rules.calls_per_hour) == (14, 9, 3)
    assert (rules.stand_ms / 60_000, rules.settle_ms / 60_000) == (5, 18)
    caps = (opportunities.COOLDOWN_MS / 3_600_000, opportunities.MAX_PER_HOUR, opportunities.MAX_PER_DAY)
    assert "after {:g} hours at the earliest, at most {} in an hour and {} in a day".format(*caps) in PAGE.replace("\n", " ")
    hours = {kind: seconds / 3600 for kind, seconds in COOLDOWNS_S.items()}
    assert (hours[AlertKind.FUNDING_EXTREME], hours[AlertKind.PRICE_MOVE], hours[AlertKind.VOLUME_SPIKE]) == (8, 0.5, 1)


def test_the_pictures_of_the_page_exist() -> None:
    named = re.findall(r"\]\((pictures/\w+\.png)\)", PAGE)
    stored = {f"pictures/{path.name}" for path in (ROOT / "virtuoso" / "analysis" / "pictures").glob("*.png")}
    assert len(named) >= 10
    assert set(named) <= stored


@pytest.mark.parametrize("without", [(), ("order_book",), ("trades", "candles_4h")], ids="-".join)
def test_the_code_on_the_page_recomputes_a_score_from_a_reply(without: tuple[str, ...]) -> None:
    market = markets.inputs(Shape("walk", 61, 27.1))
    for name in without:
        market = markets.starved(market, name)
    result = score_symbol(market, NOW_MS)
    encoded = decoded(snapshot(tickers={"BTCUSDT": market.ticker}, confluences={"BTCUSDT": result}))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  the test executes the lines of the page
    score, confidence = names["recompute"](MessageToDict(encoded.confluences[0]))
    assert score == pytest.approx(result.score, abs=1e-9)
    assert confidence == pytest.approx(result.confidence, abs=1e-9)


def expected(shown: Any, whole: Any) -> Any:
    """Return the part of a reply that is shown, with its numbers within the rounding of the page."""
    match shown:
        case dict():
            return {key: expected(value, whole.get(key, 0)) for key, value in shown.items()}
        case list():
            names = [[one.get("kind", one.get("name")) for one in items] for items in (shown, whole)]
            return [expected(one, whole[names[1].index(name)]) for one, name in zip(shown, names[0], strict=True)]
        case float() | int():
            return pytest.approx(whole, abs=5.1e-4)
    return whole


def test_the_signals_of_the_picture_open_and_end_as_its_caption_says() -> None:
    from tools.pictures import market, scores  # noqa: PLC0415 - as below

    ended = [scores.signal_and_bars(*one)[0] for one in (("WLD", market.NOW_MS), ("DOGE", market.LOSING_SIGNAL_MS))]
    assert [one.status for one in ended] == [SignalStatus.TARGETS_REACHED, SignalStatus.STOPPED]


@pytest.fixture(scope="module")
def example() -> ModuleType:
    from tools.pictures import example  # noqa: PLC0415 - takes a second; only these tests need it

    return example


def test_the_worked_example_equals_the_computation_of_the_pictures(example: ModuleType) -> None:
    assert [row for row in example.rows() if row not in PAGE] == []
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    encoded = decoded(snapshot(tickers={"UNIUSDT": example.TICKER}, confluences={"UNIUSDT": example.SCORE}))
    assert json.loads(shown) == expected(json.loads(shown), MessageToDict(encoded.confluences[0]))


def test_the_text_of_the_worked_example_has_the_numbers_of_its_tables(example: ModuleType) -> None:
    text = " ".join(section("A score by hand").split())
    assert [phrase for phrase in example.phrases() if phrase not in text] == []
    assert example.updated(re.sub(r"= \*\*-?\d+\.\d+\*\*", "= **1.5**", PAGE)) == PAGE
