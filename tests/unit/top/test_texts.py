"""The texts of signals, betas, outlooks, and of the parts of a score."""

from __future__ import annotations

import re
import time
from datetime import UTC
from pathlib import Path

import pytest

from tests.service.findings import beta, record, signal
from tests.service.snapshots import T0, row
from virtuoso.client import Dashboard
from virtuoso.market.v1 import outlook_pb2, provenance_pb2, signal_pb2
from virtuoso.top import names, words
from virtuoso.top.context import Context
from virtuoso.top.lists.beta_text import alpha, beta_lines
from virtuoso.top.lists.betas import EXPLAINED
from virtuoso.top.lists.opportunities import NOTE
from virtuoso.top.lists.signal_text import HISTORY_DOWN, VERDICTS, progress, record_text, signal_text
from virtuoso.top.outlook_text import ABSENCES, outlook_text
from virtuoso.top.symbol_text import rounded_to_sum
from virtuoso.wire import times

WEB = Path(__file__).parents[3] / "virtuoso/web/src"


def context(venue: str = "bybit", price: float = 103.0) -> Context:
    provenance = provenance_pb2.Provenance(venue=venue, observed_time=times.timestamp(T0))
    rows = [row("BTCUSDT", price=price, tick_size=0.5)]
    dashboard = Dashboard(provenance, None, rows, (), (), time.monotonic())  # type: ignore[arg-type]
    return Context(dashboard=dashboard, lost=False, zone=UTC, width=80, height=24)


def test_the_words_are_those_of_the_page() -> None:
    known = [
        *words.LABELS.values(),
        *words.REGIMES.values(),
        *words.STATUSES.values(),
        *words.OPPORTUNITIES.values(),
        *words.ALERT_KINDS.values(),
        *words.ALERT_LEVELS.values(),
        *(words.WHOLE_MARKET, words.DATA),
        *words.SPANS.values(),
        *words.TRANSPORTS.values(),
        *words.FALLBACK_REASONS.values(),
        *words.DIMENSION_NAMES,
        *words.DIMENSION_TITLES,
        *(word for _, word in words.GAUGE_WORDS),
        *(name for name, _ in words.ENVIRONMENTS.values()),
        *ABSENCES.values(),
        *VERDICTS.values(),
        *(HISTORY_DOWN, NOTE, EXPLAINED, words.NOT_AVAILABLE, words.NOT_UPDATED),
    ]
    page = re.sub(r'" \+\s+"', "", (WEB / "texts/en.ts").read_text(encoding="utf-8"))  # texts of several lines
    assert [word for word in known if f'"{word}' not in page] == []
    frames = (WEB / "symbol/chart/frames.ts").read_text(encoding="utf-8")
    assert [name for name, _ in words.TIMEFRAMES.values() if f'"{name}"' not in frames] == []


def test_components_and_inputs_have_the_names_of_the_page() -> None:
    page = (WEB / "texts/en.ts").read_text(encoding="utf-8")
    for block, name in (("components", names.component), ("inputs", names.input_name)):
        (texts,) = re.findall(rf"^  {block}: {{\n(.*?)^  }}", page, re.DOTALL | re.MULTILINE)
        known = dict(re.findall(r'(\w+): "(.*?)"', texts))
        assert known
        assert {each: name(each) for each in known} == known


def test_names_of_components_inputs_and_readings() -> None:
    assert [names.component(name) for name in ("rsi_5m", "taker_delta", "new_idea_4h")] == [
        "RSI 5 min",
        "Taker delta",
        "New idea 4 h",
    ]
    assert [names.input_name(name) for name in ("candles_30m", "order_book")] == ["30 min candles", "order book"]
    assert [names.listed(each) for each in ((), ("a",), ("a", "b", "c"))] == ["", "a", "a, b and c"]
    assert [names.reading(value, unit) for value, unit in ((71.23, ""), (0.456, "percent"), (2.5, "ATR"))] == [
        "71.2",
        "0.46%",
        "2.50 ATR",
    ]


def test_a_signal_is_measured_in_r_from_entry_to_stop() -> None:
    long, short = signal("BTCUSDT", 0, T0), signal("BTCUSDT", 2, T0)
    assert progress(long, 98.0).result_r == pytest.approx(-1)
    assert progress(short, 102.0).result_r == pytest.approx(-1)
    half = signal("BTCUSDT", 0, T0, targets_hit=1, result_r=0.73)
    assert progress(half, 100.0).result_r == pytest.approx(0.73)
    assert progress(half, 100.0).to_target == pytest.approx(6)


def test_an_active_signal_shows_its_plan_and_where_it_stands() -> None:
    text = signal_text(signal("BTCUSDT", 0, T0), context()).plain
    assert "Side Long   Entry 100.0   Stop 98.0   Target 1 103.0   Target 2 106.0" in text
    assert "Now +1.46 R" in text
    shown = context()
    assert shown.dashboard is not None
    shown.dashboard.provenance.stale = True
    assert "At the last price +1.46 R" in signal_text(signal("BTCUSDT", 0, T0), shown).plain
    assert "Opened at a score of 71 with a confidence of 70%, driven by order flow." in text


def test_a_signal_of_another_venue_has_prices_at_its_own_tick_size_and_is_not_measured_at_prices_of_this_one() -> None:
    opened = signal("BTCUSDT", 0, T0, stop=98.25)
    text = signal_text(opened, context(venue="binance")).plain
    assert "Entry 100.00   Stop 98.25   Target 1 103.00" in text
    assert "Opened on Bybit, which is not in use now. The signal is judged by prices of Bybit up to 22:40 UTC, and" in text
    assert " R" not in text


def test_a_closed_signal_shows_its_result_after_and_before_costs() -> None:
    closed = signal(
        "BTCUSDT",
        0,
        T0,
        status=signal_pb2.SIGNAL_STATUS_STOPPED,
        targets_hit=1,
        result_r=0.25,
        net_result_r=0.1,
        exit_price=98.0,
        close_time=times.timestamp(T0),
    )
    text = signal_text(closed, context()).plain
    assert "Stopped after target 1: +0.10 R after costs, +0.25 before." in text
    assert "100.0 to 98.0" in text


def test_a_record_of_few_signals_is_too_short_to_judge() -> None:
    nothing_shown = "So far, nothing shows that they do better than random entries."
    assert record_text(record()).plain == (
        f"3 signals have closed, 2 won. {nothing_shown} Too few to judge: the win rate is somewhere between 20% and 94%. "
    )
    judged = record()
    judged.all.count = 34
    judged.evidence.verdict = signal_pb2.SIGNAL_VERDICT_NOTHING_SHOWN
    judged.evidence.net.CopyFrom(signal_pb2.MeanResult(count=34, mean_r=-0.1, mean_r_low=-0.4, mean_r_high=0.2))
    text = record_text(judged).plain
    assert text == (
        f"34 signals have closed, 2 won. Mean -0.10 R after costs (95 % interval -0.40 to +0.20). {nothing_shown} "
        "The win rate is between 20% and 94% (95 % interval). "
    )
    assert record_text(signal_pb2.SignalRecord()).plain == "No signal has closed yet."


def test_an_outlook_is_the_sentence_with_its_record_or_a_reason() -> None:
    said = outlook_pb2.Outlook(symbol="ETHUSDT", odds=0.62, odds_percent=62, low_percent=-3.9, high_percent=5.2)
    said.bar_time.CopyFrom(times.timestamp(T0 // 14_400_000 * 14_400_000))
    day = outlook_pb2.OutlookHorizonRecord(
        horizon=outlook_pb2.OUTLOOK_HORIZON_HOURS_24, tenths=[outlook_pb2.OutlookTenth(said=0.579, was=0.594, count=9)]
    )
    assert outlook_text(said, outlook_pb2.OutlookRecord(horizons=[day]), context()).plain == (
        "Next 24 h: in 62 of 100 such cases ETH beat half of the markets. In 8 of 10 cases it ended between -3.9 and +5.2% "
        "against the median. In the highest tenth so far, 58 of 100 were predicted and 59 came true. It does not say up or "
        "down, and no profit after fees has been shown. The 24 hours count from the close of the 4 h bar at 20:00 UTC."
    )
    late = outlook_pb2.Outlook(symbol="ETHUSDT", absence=outlook_pb2.OUTLOOK_ABSENCE_BARS_LATE)
    assert outlook_text(late, None, context()).plain == "No outlook: the newest 4 h bar did not come in time."
    assert set(ABSENCES) == set(outlook_pb2.OutlookAbsence.values()) - {0}


def test_an_alpha_that_may_be_chance_is_not_a_number() -> None:
    (window, *_) = beta("ETHUSDT", 1, T0).beta.windows
    assert alpha(window) == "not clear"
    window.alpha_t = -2.5
    assert alpha(window) == "-12%"
    assert "Alpha per year not clear" in beta_lines(beta("ETHUSDT", 1, T0).beta).plain


def test_points_add_up_to_the_score() -> None:
    assert rounded_to_sum([0.126, 0.126, -0.126], 0.126, 2) == pytest.approx([0.13, 0.13, -0.13])
    assert rounded_to_sum([], 0.0, 2) == []


def test_times_have_their_zone_and_other_days_their_date() -> None:
    shown = context()
    assert shown.clock(times.timestamp(T0)) == "22:40 UTC"
    assert shown.clock(times.timestamp(T0 - 86_400_000)) == "19 Oct 22:40 UTC"
