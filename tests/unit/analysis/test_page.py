"""The page that explains the scores is compared with the code, because wrong tables are worse than missing ones."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from tests.programs import ROOT
from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape
from tests.unit.wire.test_snapshots import decoded, snapshot
from virtuoso.analysis import candle_readings, market_sentiment, opportunities, signals
from virtuoso.analysis.alert_rules import COOLDOWNS_S
from virtuoso.analysis.confluence import CONTEXT_COMPONENTS, score_symbol
from virtuoso.analysis.weights import DIMENSION_WEIGHTS, TIMEFRAME_WEIGHTS
from virtuoso.domain.records import AlertKind

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
def test_every_component_stands_on_the_page_with_its_weight_and_its_curve(kind: Any) -> None:
    specs = {**candle_readings.CANDLE_COMPONENTS, **CONTEXT_COMPONENTS}[kind]
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


def test_the_other_numbers_of_the_page_are_those_of_the_code() -> None:
    for timeframe, weight in TIMEFRAME_WEIGHTS.items():
        assert re.search(rf"{timeframe.value} \({weight:.0%}".replace("%", " %"), PAGE), timeframe
    table_rows = rows(section("The mood of the market"))
    assert {n: float(cells[0]) for n, cells in table_rows.items()} == {g.name: g.weight for g in market_sentiment.PARTS}
    assert (signals.TARGETS_R, signals.SIZES) == ((1.5, 3, 5), (0.5, 0.3, 0.2))
    assert (signals.ENTRY_POINTS, signals.REARM_POINTS, signals.MIN_CONFIDENCE, signals.STOP_ATRS) == (20, 15, 0.5, 2)
    caps = (opportunities.COOLDOWN_MS / 3_600_000, opportunities.MAX_PER_HOUR, opportunities.MAX_PER_DAY)
    assert "after {:g} hours at the earliest, at most {} in an hour and {} in a day".format(*caps) in PAGE.replace("\n", " ")
    hours = {kind: seconds / 3600 for kind, seconds in COOLDOWNS_S.items()}
    assert (hours[AlertKind.FUNDING_EXTREME], hours[AlertKind.PRICE_MOVE], hours[AlertKind.VOLUME_SPIKE]) == (8, 0.5, 1)


def test_its_pictures_are_there() -> None:
    named = re.findall(r"\]\((pictures/\w+\.png)\)", PAGE)
    stored = {f"pictures/{path.name}" for path in (ROOT / "virtuoso" / "analysis" / "pictures").glob("*.png")}
    assert len(named) >= 10
    assert set(named) <= stored


@pytest.mark.parametrize("without", [(), ("order_book",), ("trades", "candles_4h")], ids="-".join)
def test_its_own_lines_recompute_a_score_from_a_reply(without: tuple[str, ...]) -> None:
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


def test_its_worked_example_adds_up() -> None:
    table_rows = rows(section("A score by hand"))
    read = [tuple(float(c) for c in cells) for cells in table_rows.values()]
    strength = math.fsum(w * c for _, _, w, c, _ in read)
    assert strength == pytest.approx(0.958, abs=5e-4)
    for _, direction, weight, confidence, points in read:
        assert points == pytest.approx(50 * weight * confidence * direction / strength, abs=5e-3)
    table = re.findall(
        r"^\| [a-z ]+ \| ([\d.]+) \| ([\d.]+) \| (\S+) \| (\S+) \|$", section("A score by hand"), re.MULTILINE
    )
    parts = [tuple(float(v) for v in row) for row in table]
    assert len(parts) == 6
    whole = math.fsum(w * c for w, c, _, _ in parts)
    for weight, confidence, direction, points in parts:
        assert points == pytest.approx(50 * weight * confidence * direction / whole, abs=5e-3)
    mean = math.fsum(w * c * d for w, c, d, _ in parts) / whole
    spread = math.sqrt(math.fsum(w * c * (d - mean) ** 2 for w, c, d, _ in parts) / whole)
    assert f"score is **{50 + 50 * mean:.2f}**" in PAGE.replace("\n", " ")
    assert f"**{1 - spread:.3f}**" in PAGE
