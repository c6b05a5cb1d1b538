"""Numbers that are in Python and in the .proto files, in a rule or in a comment, are equal."""

from __future__ import annotations

import base64
import inspect
import re
import subprocess
import sys
import unicodedata
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

from tests.programs import ROOT
from tools.reference.contract import PACKAGE, Contract
from virtuoso.analysis import beta, book_depth, market_sentiment, movers, opportunities, opportunity_rules, overview
from virtuoso.client import stream
from virtuoso.domain import market_series, model, plausibility, records
from virtuoso.domain.scores import label
from virtuoso.domain.symbols import PLACEHOLDERS, is_placeholder
from virtuoso.edge.contract import descriptors
from virtuoso.service import alert_feed, errors, history_handlers, market, paging, requests, time_range, view
from virtuoso.service.chart_timeframes import CHART_TIMEFRAMES
from virtuoso.store.v1 import snapshot_pb2
from virtuoso.wire import snapshots

MIRRORED = [
    kind
    for module in (market_series, model, records)
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if issubclass(kind, IntEnum) and kind.__module__ == module.__name__
]
SPANS = {"24H": records.BetaSpan.DAY, "7D": records.BetaSpan.WEEK, "30D": records.BetaSpan.MONTH}
WORDS = {"five": 5}


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    image: Path = tmp_path_factory.mktemp("contract") / "image.binpb"
    subprocess.run([sys.executable, str(ROOT / "tools" / "generate"), "--image", str(image)], check=True)
    return Contract(image.read_bytes())


def numbers(contract: Contract, name: str) -> list[float]:
    """Return all numbers of a comment in order, whether in digits or in words."""
    found = re.findall(rf"\b\d[\d,]*(?:\.\d+)?|\b(?:{'|'.join(WORDS)})\b", contract.comment(f"{PACKAGE}.{name}"))
    return [float(WORDS.get(word, word.replace(",", ""))) for word in found]


def rules(contract: Contract, message: str, field: str) -> Any:
    return contract.option(contract.messages[message].fields_by_name[field], "buf.validate.field")


def test_stored_messages_are_not_part_of_the_public_contract(contract: Contract) -> None:
    stored = {*snapshot_pb2.DESCRIPTOR.message_types_by_name, "SnapshotHead", "CandleSeries"}
    assert not stored & set(contract.messages)
    assert b"virtuoso.store" not in (ROOT / "gen" / "released.binpb").read_bytes()
    assert b"virtuoso.store" not in base64.b64decode(descriptors())
    for folder in ("ts", "reference"):
        texts = [path.read_text() for path in (ROOT / "gen" / folder).rglob("*") if path.suffix in {".js", ".ts", ".md"}]
        assert texts
        assert not any(re.search(r"virtuoso[./_]store", text) for text in texts)


@pytest.mark.parametrize("kind", MIRRORED, ids=lambda kind: str(kind.__name__))
def test_an_enum_has_the_values_of_the_contract(contract: Contract, kind: type[IntEnum]) -> None:
    values = contract.enums[kind.__name__].values
    prefix = values[0].name.removesuffix("UNSPECIFIED")
    public = {value.name.removeprefix(prefix): value.number for value in values if value.number}
    ours = {name: int(span) for name, span in SPANS.items()} if kind is records.BetaSpan else dict(kind.__members__)
    assert public == ours
    assert sorted(public.values()) == sorted(kind)


def test_a_timeframe_has_the_number_and_the_length_of_the_contract(contract: Contract) -> None:
    public = {value.name: value.number for value in contract.enums["Timeframe"].values if value.number}
    assert public == {f"TIMEFRAME_{chart.name.upper()}": number for number, chart in CHART_TIMEFRAMES.items()}
    assert set(snapshots.TIMEFRAMES) == set(model.Timeframe)
    by_length = sorted(CHART_TIMEFRAMES.items(), key=lambda item: item[1].ms)
    assert requests.ALLOWED["timeframe"] == ", ".join(f"TIMEFRAME_{chart.name.upper()}" for _, chart in by_length)


def test_every_reason_of_the_error_table_is_in_the_contract(contract: Contract) -> None:
    public = {value.name.removeprefix("ERROR_REASON_") for value in contract.enums["ErrorReason"].values if value.number}
    ours = {answer.reason for answer in (*errors.TABLE.values(), errors.UNKNOWN)}
    assert public - ours == {"NO_SERVER", "RATE_LIMITED", "TOO_LARGE"}  # only the edge sends them
    assert ours <= public
    for reason in public:
        assert contract.comment(f"{PACKAGE}.ErrorReason.ERROR_REASON_{reason}").partition(":")[0].isupper()


def test_pages_have_the_sizes_of_the_contract(contract: Contract) -> None:
    paged = [name for name, message in contract.messages.items() if "page_size" in message.fields_by_name]
    assert sorted(paged) == sorted(paging.PAGE_SIZES)
    for name in paged:
        assert tuple(numbers(contract, f"{name}.page_size"))[:2] == paging.PAGE_SIZES[name], name
        assert rules(contract, name, "page_size").int32.gte == 0
    assert numbers(contract, "ListSignalsRequest.page_size")[2:] == [history_handlers.MAX_STORED_SIGNALS]


def test_lists_in_requests_have_the_limits_in_the_error_texts(contract: Contract) -> None:
    for name, message in contract.messages.items():
        for field in message.fields:
            if name.endswith("Request") and field.is_repeated:
                limit = rules(contract, name, field.name).repeated.max_items
                assert f"at most {limit}" in requests.ALLOWED[field.name]
                assert field.name != "symbols" or numbers(contract, f"{name}.symbols") == [limit]


def test_rule_comment_and_error_text_of_order_by_have_the_same_fields(contract: Contract) -> None:
    names = ("symbol", *view.ORDERABLE)
    rule = rules(contract, "ListConfluenceScoresRequest", "order_by").string
    assert "|".join(names) in rule.pattern
    assert ", ".join(names) in contract.comment(f"{PACKAGE}.ListConfluenceScoresRequest.order_by")
    assert ", ".join(names) in requests.ALLOWED["order_by"]
    fields = {field.name for field in contract.messages["ConfluenceRow"].fields}
    assert set(names) - fields == set()
    assert {kind.name.lower() for kind in model.DimensionKind} <= fields


def test_symbols_are_letters_and_digits_of_any_script_and_end_in_usdt(contract: Contract) -> None:
    patterns = {
        rules(contract, name, field.name).string.pattern
        for name, message in contract.messages.items()
        for field in message.fields
        if field.name == "symbol" and rules(contract, name, field.name) is not None
    }
    public = r"[\p{L}\p{N}]{1,24}USDT"
    assert patterns == {f"^{public}$", f"^({public})?$"}  # an alert may be about no symbol
    assert rules(contract, "GetConfluenceRequest", "symbol").string.max_len == 24 + len("USDT")
    for code in range(sys.maxunicode + 1):
        is_public = unicodedata.category(chr(code))[0] in "LN"
        if bool(model.SYMBOL_PATTERN.fullmatch(f"{chr(code)}USDT")) is not is_public:
            raise AssertionError(f"U+{code:04X} is {'in' if is_public else 'not in'} the public pattern only")
    for length, is_symbol in ((0, False), (1, True), (24, True), (25, False)):
        assert bool(model.SYMBOL_PATTERN.fullmatch("A" * length + "USDT")) is is_symbol


def test_only_the_exact_names_of_placeholders_are_refused() -> None:
    assert all(map(is_placeholder, ("SYSTEM_STATUS", "system_status")))
    assert not any(map(model.SYMBOL_PATTERN.fullmatch, PLACEHOLDERS))
    assert not any(map(is_placeholder, ("ECOSYSTEMUSDT", "SYSTEMUSDT", "")))
    assert model.SYMBOL_PATTERN.fullmatch("ECOSYSTEMUSDT")


def test_labels_have_the_thresholds_in_their_comments(contract: Contract) -> None:
    for value in contract.enums["Label"].values:
        if not value.number:
            continue
        limits = numbers(contract, f"Label.{value.name}")
        text = contract.comment(f"{PACKAGE}.Label.{value.name}")
        for limit in limits:
            belongs = f"{limit:g} or" in text
            assert (label(limit) == value.number) is belongs, text
        middle = sum(limits) / len(limits) if len(limits) == 2 else limits[0]
        assert len(limits) == 1 or label(middle) == value.number


def test_scores_are_stale_after_the_time_in_the_comment_of_provenance(contract: Contract) -> None:
    assert set(numbers(contract, "Provenance.stale")) == {snapshots.SOFT_EXPIRY_SCORES_MS / 1000}


def test_a_dashboard_has_the_number_of_movers_in_its_comment(contract: Contract) -> None:
    for message in ("GetDashboardResponse", "DashboardSnapshot", "DashboardDelta"):
        for field in ("gainers", "losers"):
            assert numbers(contract, f"{message}.{field}") == [view.TOP_MOVERS]


def test_a_depth_has_the_steps_in_its_comments(contract: Contract) -> None:
    for side in ("bids_usd", "asks_usd"):
        rule = rules(contract, "BookDepth", side).repeated
        assert rule.min_items == rule.max_items == numbers(contract, f"BookDepth.{side}")[-1] == book_depth.STEPS


def test_the_turnover_floor_of_movers_is_the_same_everywhere(contract: Contract) -> None:
    assert numbers(contract, "Mover.turnover_24h_usd")[-1] == movers.MIN_TURNOVER_USD
    assert movers.MIN_TURNOVER_USD in numbers(contract, "ListMoversRequest.min_turnover_usd")
    assert rules(contract, "ListMoversRequest", "min_turnover_usd").double.gte == movers.MIN_TURNOVER_USD


def test_a_score_history_has_the_limits_in_its_comments(contract: Contract) -> None:
    most = time_range.MAX_POINTS
    assert numbers(contract, "GetScoreHistoryRequest.resolution") == [0, most, most]
    assert "one minute" in contract.comment(f"{PACKAGE}.GetScoreHistoryRequest.resolution")
    assert time_range.MIN_STEP_MS == 60_000
    assert numbers(contract, "GetScoreHistoryRequest.start_time") == [model.DAY_MS / 3_600_000]


def test_streams_are_silent_for_at_most_the_time_in_their_comments(contract: Contract) -> None:
    for rpc in ("WatchDashboard", "WatchAlerts"):
        silence_s = numbers(contract, f"MarketService.{rpc}")[0]
        assert market.HEARTBEAT_S + max(1.0, alert_feed.POLL_PERIOD_S) < silence_s < stream.SILENCE_S
    assert numbers(contract, "MarketService.WatchAlerts")[-1] == alert_feed.MAX_OUTAGE_S


@pytest.mark.parametrize(("name", "span"), SPANS.items())
def test_a_beta_is_measured_over_the_bars_in_the_comment_of_its_span(
    contract: Contract, name: str, span: records.BetaSpan
) -> None:
    window = beta.SPANS[span]
    length, bar = numbers(contract, f"BetaSpan.BETA_SPAN_{name}")
    units = {"minute": 60_000, "hour": 3_600_000, "hours": 3_600_000, "days": 86_400_000}
    whole, each = re.findall(
        rf"\b({'|'.join(sorted(units, reverse=True))})\b", contract.comment(f"{PACKAGE}.BetaSpan.BETA_SPAN_{name}")
    )
    assert bar * units[each] == window.timeframe.ms
    assert length * units[whole] == window.points * window.timeframe.ms


def test_comments_of_betas_have_the_minimum_number_of_returns(contract: Contract) -> None:
    for side in ("upside_beta", "downside_beta"):
        assert numbers(contract, f"BetaWindow.{side}") == [beta.MIN_SIDE_RETURNS]
    assert "half of its returns" in contract.comment(f"{PACKAGE}.Beta.windows")
    assert beta.MIN_SHARE == 0.5


def test_comments_of_opportunities_have_the_thresholds(contract: Contract) -> None:
    def of(kind: str) -> list[float]:
        return numbers(contract, f"OpportunityKind.OPPORTUNITY_KIND_{kind}")

    assert of("CORRELATION_BREAKDOWN") == [opportunity_rules.CORRELATED, opportunity_rules.UNCORRELATED]
    assert of("BETA_EXPANSION")[0] == of("BETA_COMPRESSION")[-1] == opportunity_rules.BETA_RATIO
    assert of("RELATIVE_STRENGTH_BREAKOUT") == [opportunity_rules.BURST_POINTS / 2]
    assert "two standard deviations" in contract.comment(f"{PACKAGE}.OpportunityKind.OPPORTUNITY_KIND_REVERSION")
    assert opportunity_rules.TURN_DEVIATIONS == 2
    hours, days = opportunity_rules.FAST_POINTS / 12, opportunity_rules.SLOW_POINTS / 6
    assert of("CROSS_TIMEFRAME_DIVERGENCE") == [hours, days, days]
    assert of("FUNDING_EXTREME") == [100 * opportunity_rules.MIN_FUNDING_A_DAY]
    assert numbers(contract, "Opportunity.expire_time") == [opportunities.COOLDOWN_MS / 3_600_000]


def test_comments_of_market_figures_have_the_minimum_shares(contract: Contract) -> None:
    assert "more than a tenth" in contract.comment(f"{PACKAGE}.Overview")
    assert plausibility.MIN_KNOWN_TURNOVER == 0.9
    assert numbers(contract, "RegimeInputs") == numbers(contract, "Overview.dispersion_percent")[-1:]
    assert numbers(contract, "RegimeInputs") == [overview.MIN_SYMBOLS]
    assert numbers(contract, "Sentiment.open_interest_change_percent")[-1] == market_sentiment.MIN_SYMBOLS
    assert numbers(contract, "Sentiment.gauge")[-1] == 100 * market_sentiment.MIN_COVERAGE
