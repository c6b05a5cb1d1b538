"""The texts of one symbol: its price, its score, its six dimensions with their components, its history."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.domain.prices import price_text
from virtuoso.top import names, words
from virtuoso.top.bars import bar
from virtuoso.top.columns import score_style
from virtuoso.top.sparkline import sparkline
from virtuoso.top.styles import CELL_STYLES, FAINT, name_value_line, name_value_lines, signed
from virtuoso.top.words import DASH, optional

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.market.v1 import market_service_pb2 as api
    from virtuoso.market.v1.candle_pb2 import Candle
    from virtuoso.market.v1.confluence_pb2 import Component, ConfluenceRow, Dimension
    from virtuoso.market.v1.market_pb2 import VenueMarket
    from virtuoso.top.context import Context

BAR_WIDTH = 11
SUM_DIGITS = 2
OHLC = ("Open", "High", "Low", "Close")


def price_line(reply: api.GetConfluenceResponse | VenueMarket, row: ConfluenceRow | None) -> Text:
    """Return the price, its change, the turnover and the funding. The price is that of `row`, if there is one."""
    newest = row or reply
    line = Text.assemble(
        (price_text(newest.price, optional(newest, "tick_size")), "bold"),
        "  ",
        signed(words.change(optional(newest, "change_24h_percent"))),
        "   ",
    )
    funding = words.number(optional(reply, "funding_percent"), 4, "%")
    hours = reply.funding_interval.ToSeconds() // 3600
    return line.append_text(
        name_value_line(
            ("24 h turnover", words.usd(optional(newest, "turnover_24h_usd"))),
            ("Funding", f"{funding} every {hours} h" if hours else funding),
        )
    )


def bar_line(candle: Candle, name: str, step_ms: int, tick_size: float | None, context: Context) -> Text:
    """Return the length of the bars, the prices of the newest closed one, and its age."""
    closed_s = context.age_s(candle.open_time) - step_ms / 1000
    line = Text.assemble((f"{name} ", "bold"))
    line.append_text(name_value_line(*((each, price_text(getattr(candle, each.lower()), tick_size)) for each in OHLC)))
    return line.append(f"   closed {words.age(closed_s, rough=True)} ago", FAINT)


def score_lines(reply: api.GetConfluenceResponse, width: int) -> Text:
    """Return the score with its bar, and its numbers."""
    score = optional(reply, "score")
    averaged = words.age(reply.averaged_over.ToSeconds(), rough=True) if reply.HasField("averaged_over") else DASH
    style = CELL_STYLES[score_style(score)]
    return Text.assemble(
        (words.number(score), style),
        f" {words.LABELS.get(reply.label, 'No score')}  ",
        ("0 bearish ", FAINT),
        (bar(score, 2 * BAR_WIDTH - 1), style),
        (" bullish 100\n", FAINT),
        name_value_lines(
            width,
            ("Now", words.number(optional(reply, "instant_score"))),
            ("15 min", words.points(optional(reply, "change_15m"))),
            ("Mean of", averaged),
            ("Confidence", words.share(optional(reply, "confidence"))),
            ("Agreement", words.share(optional(reply, "agreement"))),
            ("Coverage", words.share(reply.coverage)),
        ),
        "" if score is not None else "\nThere is not enough data for a score.",
        (f"\nMissing: {_listed_inputs(reply.missing_inputs)}." if reply.missing_inputs else "", FAINT),
    )


def dimension_lines(reply: api.GetConfluenceResponse, context: Context, width: int) -> Text:
    """Return the dimensions, strongest contribution first, with points that add up to the score."""
    ranked = sorted(reply.dimensions, key=lambda each: (not each.HasField("score"), -abs(each.contribution), each.kind))
    measured = [each for each in ranked if each.HasField("score") or each.contribution]
    points: dict[int, float] = {}
    lines = [Text(f"Dimension   Score {'50':^{BAR_WIDTH}}  Points", FAINT)]
    if reply.HasField("score"):
        rounded = rounded_to_sum([each.contribution for each in measured], reply.score - 50, SUM_DIGITS)
        points = {each.kind: value for each, value in zip(measured, rounded, strict=True)}
    lines += [_dimension(each, points.get(each.kind), context, width) for each in ranked]
    if reply.HasField("score"):
        terms = " ".join(f"{'+' if points[each.kind] >= 0 else '−'} {abs(points[each.kind]):.2f}" for each in measured)
        lines.append(Text(f"50.00 {terms} = {reply.score:.2f}", "bold"))
    return Text("\n").join(lines)


def _dimension(dimension: Dimension, points: float | None, context: Context, width: int) -> Text:
    score, shown = optional(dimension, "score"), words.points(points, SUM_DIGITS)
    text = Text.assemble(
        (f"{names.dimension(dimension.kind):11} ", "bold"),
        (f"{words.number(score):>5} {bar(score, BAR_WIDTH)} ", CELL_STYLES[score_style(score)]),
        " " * (7 - len(shown)),
        signed(shown),
        "  ",
    )
    age = f"{_age(dimension.observed_time, context)} old" if dimension.HasField("observed_time") else "age unknown"
    confidence = words.share(dimension.confidence)
    text.append(
        f"weight {words.share(dimension.weight)} · confidence {confidence} · {'inputs ' if width > 84 else ''}{age}", FAINT
    )
    return text.append("".join(f"\n  {line}" for line in wrap(dimension.sentence, width - 2)))


def component_lines(dimensions: Iterable[Dimension], context: Context, width: int) -> Text:
    """Return the components of each dimension, one per line, and its inputs."""
    blocks = []
    for dimension in dimensions:
        heading = Text.assemble(
            (f"{names.dimension(dimension.kind):34}", "bold"), ("Reading       Direction     Weight  Points", FAINT)
        )
        block = [heading, *(_component(each) for each in dimension.components)]
        if dimension.missing_inputs:
            block.append(Text(f"  Missing: {_listed_inputs(dimension.missing_inputs)}.", FAINT))
        block.append(Text("\n".join(f"  {line}" for line in wrap(_inputs(dimension, context), width - 2)), FAINT))
        blocks.append(Text("\n").join(block))
    return Text("\n").join(blocks)


def _component(component: Component) -> Text:
    name, weight = f"  {names.component(component.name):31.31} ", f"{words.share(component.weight):>6}"
    direction, reading = optional(component, "direction"), optional(component, "reading")
    if direction is None:
        why = f"not measured{f': {component.missing}' if component.missing else ''}"
        return Text(f"{name}{why:27.27}{weight}  {DASH:>6}", FAINT)
    value = DASH if reading is None else names.reading(reading, component.unit)
    points = words.points(component.contribution, SUM_DIGITS)
    return Text.assemble(
        name,
        f"{value:13.13} ",
        (f"{bar(50 + 50 * direction, BAR_WIDTH)}  ", signed(words.points(direction, 2))[1]),
        (weight, FAINT),
        " " * (8 - len(points)),
        signed(points),
    )


def _inputs(dimension: Dimension, context: Context) -> str:
    """Return by which way each input of a dimension came, and its age."""
    return "; ".join(
        f"{names.input_name(each.name)} {words.TRANSPORTS.get(each.transport, 'came another way')}, "
        f"{_age(each.observed_time, context)} old{', a part is missing' if each.incomplete else ''}"
        for each in dimension.inputs
    )


def _listed_inputs(inputs: Sequence[str]) -> str:
    return names.listed([names.input_name(each) for each in inputs])


def _age(time: Timestamp, context: Context) -> str:
    return words.age(context.age_s(time), rough=True)


def history_lines(reply: api.GetScoreHistoryResponse, cells: int, tick_size: float | None) -> Text:
    """Return one line for the score and one for the price, each with a sparkline."""
    if not reply.points:
        return Text("No points yet.", FAINT)
    step_s = reply.resolution.ToMilliseconds() / 1000
    times = [point.observed_time.ToMilliseconds() / 1000 for point in reply.points]
    scores = [optional(point, "score") for point in reply.points]
    prices: list[float | None] = [point.price for point in reply.points]
    duration = words.age(times[-1] - times[0], rough=True)
    lines = []
    for name, values, formatted in (
        ("Score", scores, words.number),
        ("Price", prices, partial(price_text, tick_size=tick_size)),
    ):
        measured = [value for value in values if value is not None]
        extremes = f"{formatted(min(measured))} to {formatted(max(measured))}" if measured else DASH
        line = sparkline(list(zip(times, values, strict=True)), step_s, cells)
        lines.append(Text.assemble((f"{name} {duration:6} ", FAINT), line, f" {extremes}"))
    return Text("\n").join(lines)


def depth_lines(reply: api.GetConfluenceResponse, context: Context, width: int) -> Text:
    """Return the best prices, the value of the orders on both sides, and the age of the order book."""
    if not reply.HasField("book_depth"):
        return Text("No recent order book is known.", FAINT)
    depth, tick_size = reply.book_depth, optional(reply, "tick_size")
    middle = (depth.best_bid + depth.best_ask) / 2
    text = name_value_lines(
        width,
        ("Best bid", price_text(depth.best_bid, tick_size)),
        ("Best ask", price_text(depth.best_ask, tick_size)),
        ("Spread", f"{_two_digits(1e4 * (depth.best_ask - depth.best_bid) / middle)} bp"),
        ("Bids", words.usd(depth.bids_usd[-1])),
        ("Asks", words.usd(depth.asks_usd[-1])),
    )
    reach = _two_digits(100 * depth.distance / middle)
    return text.append(f"\nwithin {reach}% of the middle, {_age(depth.observed_time, context)} old", FAINT)


def _two_digits(value: float) -> str:
    """Return a number above 0 with two significant digits."""
    return f"{value:.{max(0, 1 - math.floor(math.log10(value)))}f}"


def liquidation_lines(reply: api.GetConfluenceResponse, context: Context) -> Text:
    """Return the sums of liquidations, and the largest ones of 24 hours."""
    tick_size = optional(reply, "tick_size")
    text = Text(words.liquidations(reply, reply.provenance.observed_time, context.clock))
    for each in reply.liquidations.largest:
        side = words.POSITION_SIDES.get(each.side, DASH)
        what = f"\n  {side:5} {words.usd(each.value_usd):>6} at {price_text(each.price, tick_size)}"
        text.append(what).append(f", {context.clock(each.liquidation_time)}", FAINT)
    return text


def rounded_to_sum(parts: Sequence[float], total: float, digits: int) -> list[float]:
    """Round `parts` so that their sum is the rounded `total`. Each is rounded down, or up where the remainder is largest."""
    unit = 10**digits
    floors = [int(part * unit // 1) for part in parts]
    lacking = round(total * unit) - sum(floors)
    by_rest = sorted(range(len(parts)), key=lambda at: floors[at] - parts[at] * unit)
    raised = set(by_rest[: max(0, lacking)])
    return [(floor + (at in raised)) / unit for at, floor in enumerate(floors)]
