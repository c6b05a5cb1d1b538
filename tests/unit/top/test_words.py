"""Texts and formats: unmeasured values are never shown as numbers, and no text is wider than its column."""

from __future__ import annotations

import pytest

from tests.service.snapshots import row
from virtuoso.market.v1 import (
    alert_pb2,
    beta_pb2,
    candle_pb2,
    confluence_pb2,
    market_pb2,
    opportunity_pb2,
    overview_pb2,
    provenance_pb2,
    signal_pb2,
)
from virtuoso.top import words
from virtuoso.top.bars import bar
from virtuoso.top.columns import BAR_WIDTH, CellStyle, layout, sign_style
from virtuoso.top.prompt import minimum_score
from virtuoso.top.sparkline import sparkline
from virtuoso.top.table_view import TableView

BARE = confluence_pb2.ConfluenceRow(symbol="NEWUSDT", price=1.0)


@pytest.mark.parametrize(
    ("seconds", "shown", "rough"),
    [
        (-1, "0 s", "0 s"),
        (59.9, "59 s", "59 s"),
        (65, "1 m 05 s", "1 m"),
        (7300, "2 h 01 m", "2 h"),
        (90_000, "1 d 1 h", "1 d"),
    ],
)
def test_ages_have_their_largest_units(seconds: float, shown: str, rough: str) -> None:
    assert (words.age(seconds), words.age(seconds, rough=True)) == (shown, rough)


@pytest.mark.parametrize(
    ("value", "shown"), [(1.5e11, "150B"), (48_123_456.78, "48.1M"), (999_999, "1.00M"), (2.58e9, "2.58B"), (0, "0")]
)
def test_turnover_has_three_digits_and_a_unit(value: float, shown: str) -> None:
    assert words.usd(value) == shown


@pytest.mark.parametrize("width", [80, 124, 140])
def test_a_row_without_scores_shows_its_price_and_dashes(width: int) -> None:
    shown = {column.key: column.text(BARE).strip() for column in layout(width)}
    assert shown.pop("symbol") == "NEWUSDT"
    assert shown.pop("price") == "1"
    assert set(shown.values()) == {words.DASH}


@pytest.mark.parametrize("width", [80, 124, 140])
def test_cells_fit_their_columns_and_all_columns_fit_the_terminal(width: int) -> None:
    columns = layout(width)
    assert sum(column.width for column in columns) < width  # the scroll bar takes the rest
    extremes = (
        row("1000PEPEUSDT", 100.0, price=0.000012345, change_24h_percent=1234.5, turnover_24h_usd=9.999e11, confidence=1.0),
        row("BTCUSDT", 0.0, price=123_456.7, change_24h_percent=-99.99, turnover_24h_usd=123.4),
        BARE,
    )
    for each in extremes:
        for column in columns:
            more = BAR_WIDTH + 1 if column.has_bar else 0
            assert len(column.text(each)) + more < column.width or column.key == "symbol", (column.key, column.text(each))


def test_a_number_that_is_rounded_to_0_has_neither_sign_nor_colour() -> None:
    assert [words.points(value, 2) for value in (-0.001, 0.004, 0.006, None)] == ["0.00", "0.00", "+0.01", words.DASH]
    assert [words.change(value) for value in (-0.001, -1.5, 1234.5)] == ["0.00%", "-1.50%", "+1234%"]
    shown = {text: sign_style(text) for text in ("0.00", "+0.01", "-1.50%", words.DASH)}
    assert [*shown.values()] == [CellStyle.PLAIN, CellStyle.UP, CellStyle.DOWN, CellStyle.FAINT]


def test_stale_data_and_a_fallback_are_explained() -> None:
    stale = provenance_pb2.Provenance(stale=True, path=provenance_pb2.PATH_STALE_SNAPSHOT, venue="bybit")
    assert words.data_warnings(stale) == [("STALE", "no newer data has arrived")]
    other = provenance_pb2.Provenance(
        path=provenance_pb2.PATH_FALLBACK,
        venue="binance",
        fallback_from="bybit",
        fallback_reason=provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED,
    )
    assert words.data_warnings(other) == [("FALLBACK", "binance instead of bybit: the exchange blocks this service")]
    assert words.data_warnings(provenance_pb2.Provenance(path=provenance_pb2.PATH_SNAPSHOT)) == []


def test_every_enum_value_of_the_contract_has_a_text() -> None:
    for known, enum in (
        (words.LABELS, confluence_pb2.Label),
        (words.REGIMES, overview_pb2.Regime),
        (words.DOMINANCE_BASES, overview_pb2.DominanceBasis),
        (words.ENVIRONMENTS, provenance_pb2.Environment),
        (words.FALLBACK_REASONS, provenance_pb2.FallbackReason),
        (words.ALERT_KINDS, alert_pb2.AlertKind),
        (words.STATUSES, signal_pb2.SignalStatus),
        (words.OPPORTUNITIES, opportunity_pb2.OpportunityKind),
        (words.SPANS, beta_pb2.BetaSpan),
        (words.TIMEFRAMES, candle_pb2.Timeframe),
        (words.UNSCORED, market_pb2.UnscoredReason),
    ):
        assert set(known) == set(enum.values()) - {0}


def test_an_unknown_environment_does_not_pass_for_live() -> None:
    name, meaning = words.environment(provenance_pb2.Provenance(environment=9))  # type: ignore[arg-type]
    assert "LIVE" not in name
    assert meaning


def test_a_bar_grows_from_50_to_either_side() -> None:
    assert [bar(value, 7) for value in (0, 42, 50, 75, 100)] == ["███│   ", "  ▐│   ", "   │   ", "   │█▌ ", "   │███"]
    assert bar(None, 5) == "·····"


def test_a_time_that_was_not_measured_is_a_gap() -> None:
    assert sparkline([(0, 1.0), (61, 2.0), (190, 3.0)], 60, 10) == "▁▅ █"
    assert sparkline([(0, 1.0), (61, None), (190, 3.0)], 60, 10) == "▁  █"
    assert sparkline([(60 * n, float(n)) for n in range(100)], 60, 10) == "▁▂▃▄▄▅▆▇██"
    assert sparkline([(0, 5.0)], 1, 1) == "▅"
    assert sparkline([], 1, 3) == sparkline([(0, None)], 1, 3) == ""


def test_rows_without_the_value_come_last_in_either_order() -> None:
    rows = [row("AUSDT", 40.0), BARE, row("BUSDT", 60.0)]
    columns = layout(80)
    for ascending, order in ((False, ["BUSDT", "AUSDT", "NEWUSDT"]), (True, ["AUSDT", "BUSDT", "NEWUSDT"])):
        assert [each.symbol for each in TableView(ascending=ascending).rows(rows, columns, ())] == order
    assert [each.symbol for each in TableView(min_score=50).rows(rows, columns, ())] == ["BUSDT"]
    assert [each.symbol for each in TableView(watched_only=True).rows(rows, columns, {"NEWUSDT"})] == ["NEWUSDT"]


@pytest.mark.parametrize(("typed", "minimum"), [("60", 60.0), (" 62,5 ", 62.5), ("", None)])
def test_a_minimum_score_is_a_number_or_nothing(typed: str, minimum: float | None) -> None:
    assert minimum_score(typed) == minimum


@pytest.mark.parametrize("typed", ["x", "-1", "101", "nan"])
def test_a_minimum_score_out_of_range_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="expected a number from 0 to 100"):
        minimum_score(typed)
