"""Numbers as they are read: nothing that was not measured, nothing wider than its column."""

from __future__ import annotations

import pytest

from tests.service.snapshots import row
from virtuoso.market.v1 import confluence_pb2, overview_pb2, provenance_pb2
from virtuoso.top import words
from virtuoso.top.columns import BAR, bar, layout
from virtuoso.top.spark import spark
from virtuoso.top.view import View

BARE = confluence_pb2.ConfluenceRow(symbol="NEWUSDT", price=1.0)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(114_840.4, "114,840"), (3921.45, "3,921.45"), (27.125, "27.125"), (0.5, "0.50000"), (0.00001234, "0.00001234")],
)
def test_prices_keep_the_digits_that_matter(value: float, shown: str) -> None:
    assert words.price(value) == shown


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
def test_a_row_without_measures_shows_its_price_and_dashes(width: int) -> None:
    shown = {column.key: column.text(BARE).strip() for column in layout(width)}
    assert shown.pop("symbol") == "NEWUSDT"
    assert shown.pop("price") == "1.0000"
    assert set(shown.values()) == {words.DASH}


@pytest.mark.parametrize("width", [80, 124, 140])
def test_whatever_is_shown_fits_its_column_and_all_columns_the_terminal(width: int) -> None:
    columns = layout(width)
    assert sum(column.width for column in columns) < width  # the scroll bar has the rest
    extremes = (
        row("1000PEPEUSDT", 100.0, price=0.000012345, change_24h_percent=1234.5, turnover_24h_usd=9.999e11, confidence=1.0),
        row("BTCUSDT", 0.0, price=123_456.7, change_24h_percent=-99.99, turnover_24h_usd=123.4),
        BARE,
    )
    for each in extremes:
        for column in columns:
            more = BAR + 1 if column.barred else 0
            assert len(column.text(each)) + more < column.width or column.key == "symbol", (column.key, column.text(each))


def test_what_is_not_usual_is_said_in_words() -> None:
    stale = provenance_pb2.Provenance(stale=True, path=provenance_pb2.PATH_STALE_SNAPSHOT, venue="bybit")
    assert words.troubles(stale) == [("STALE", "the newest data that there is")]
    other = provenance_pb2.Provenance(
        path=provenance_pb2.PATH_FALLBACK,
        venue="binance",
        fallback_from="bybit",
        fallback_reason=provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED,
    )
    assert words.troubles(other) == [("FALLBACK", "from binance instead of bybit: the venue refuses this location")]
    assert words.troubles(provenance_pb2.Provenance(path=provenance_pb2.PATH_SNAPSHOT)) == []


def test_every_value_of_the_contract_has_words() -> None:
    for known, enum in (
        (words.LABELS, confluence_pb2.Label),
        (words.REGIMES, overview_pb2.Regime),
        (words.BASES, overview_pb2.DominanceBasis),
        (words.ENVIRONMENTS, provenance_pb2.Environment),
        (words.FALLBACK_REASONS, provenance_pb2.FallbackReason),
    ):
        assert set(known) == set(enum.values()) - {0}


def test_an_environment_of_a_later_contract_is_not_taken_for_real() -> None:
    name, meaning = words.environment(provenance_pb2.Provenance(environment=9))  # type: ignore[arg-type]
    assert "LIVE" not in name
    assert meaning


def test_a_bar_is_as_long_as_its_score() -> None:
    assert [bar(value).rstrip() for value in (0, 50, 100)] == ["", "██▌", "█████"]


def test_a_time_that_was_not_measured_is_a_gap() -> None:
    assert spark([(0, 1.0), (61, 2.0), (190, 3.0)], 0, 60, 10) == "▁▅ █"
    assert spark([(0, 1.0), (61, None), (190, 3.0)], 0, 60, 10) == "▁  █"
    assert spark([(60 * n, float(n)) for n in range(100)], 0, 60, 10) == "▁▂▃▄▄▅▆▇██"
    assert spark([(0, 5.0)], 0, 1, 1) == "▅"
    assert spark([], 0, 1, 3) == spark([(0, None)], 0, 1, 3) == ""


def test_rows_without_the_value_come_last_either_way() -> None:
    rows = [row("AUSDT", 40.0), BARE, row("BUSDT", 60.0)]
    columns = layout(80)
    for ascending, order in ((False, ["BUSDT", "AUSDT", "NEWUSDT"]), (True, ["AUSDT", "BUSDT", "NEWUSDT"])):
        assert [each.symbol for each in View(ascending=ascending).rows(rows, columns, ())] == order
    assert [each.symbol for each in View(min_score=50).rows(rows, columns, ())] == ["BUSDT"]
    assert [each.symbol for each in View(watched=True).rows(rows, columns, {"NEWUSDT"})] == ["NEWUSDT"]
