"""What a server admits has a JSON form, whatever is stored: times before the year 9999, finite numbers. One wrong field
costs at most its own row."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict, MessageToJson
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from tests.service.snapshots import T0, candle_series, snapshot
from virtuoso.domain.errors import CorruptValue
from virtuoso.market.v1 import candle_pb2, market_service_pb2
from virtuoso.service import admission
from virtuoso.service.admission import ValidSnapshot
from virtuoso.service.message_times import times_are_valid
from virtuoso.store.v1 import candle_series_pb2, snapshot_pb2

REPLIES = [method.output_type for method in market_service_pb2.DESCRIPTOR.services_by_name["MarketService"].methods]
MINUTE_MS = 60_000
DAY_S = 86_400
BARS = admission.WantedCandles("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M, 5 * MINUTE_MS)
NUMBERS = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 1.7e12]))
SECONDS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, T0, T0 * 1000, T0 // 1000 + DAY_S, 253_402_300_800, 253_402_300_799, 1 << 33]),
)
NANOS = st.one_of(st.just(0), st.integers(-(2**31), 2**31 - 1))


def message_types(kind: Descriptor) -> Iterator[Descriptor]:
    """Yield a message type, and all types in it at any depth."""
    yield kind
    for field in kind.fields:
        if field.message_type is not None:
            yield from message_types(field.message_type)


def leaves(message: Message) -> Iterator[tuple[Message, Any]]:
    """Yield the number fields in a message at any depth, and the fields of its times, set or not."""
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.message_type is Timestamp.DESCRIPTOR:
            yield message, field
        elif field.message_type is not None and field.is_repeated:
            for each in value:
                yield from leaves(each)
        elif field.message_type is not None and message.HasField(field.name):
            yield from leaves(value)
        elif field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
            yield message, field


def spoil(message: Message, field: Any, number: float, seconds: int, nanos: int) -> None:
    """Set one field. Of a repeated field, set the first value."""
    value: Any = getattr(message, field.name)
    if field.message_type is None and field.is_repeated:
        value[:1] = [number]
    elif field.message_type is None:
        setattr(message, field.name, number)
    else:
        time = (value[0] if value else value.add()) if field.is_repeated else value
        time.seconds, time.nanos = seconds, nanos


def parts(valid: ValidSnapshot) -> Iterator[Message]:
    """Yield the messages that replies are made of."""
    for each in fields(valid):
        value = getattr(valid, each.name)
        yield from (item for item in (value if isinstance(value, Sequence) else [value]) if isinstance(item, Message))


def has_finite_numbers(value: Any) -> bool:
    """Return whether JSON has no NaN and no infinity, which protobuf writes as text."""
    if isinstance(value, dict | list):
        return all(map(has_finite_numbers, value.values() if isinstance(value, dict) else value))
    return value not in ("NaN", "Infinity", "-Infinity")


def test_every_number_in_a_reply_must_be_finite() -> None:
    checked = 0
    for kind in {kind.full_name: kind for reply in REPLIES for kind in message_types(reply)}.values():
        for field in kind.fields:
            if field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
                rules = field.GetOptions().Extensions[validate_pb2.field]
                rules = rules.repeated.items if field.is_repeated else rules
                assert rules.double.finite or rules.float.finite, f"{kind.name}.{field.name}"
                checked += 1
    assert checked > 80


@pytest.mark.parametrize("wrong", [(1 << 60, 0), (-1, 0), (0, 0), (T0, 0), (T0 // 1000 + DAY_S, 0), (5, -1), (5, 10**9)])
def test_every_time_in_a_reply_is_checked(wrong: tuple[int, int]) -> None:
    message = snapshot(size=2)
    latest_s = T0 // 1000 + 60
    message.symbols[0].list_time.seconds = message.overview.regime_start_time.seconds = 5
    message.overview.btc_dominance_time.seconds = message.signals[0].close_time.seconds = 5
    assert times_are_valid(message, latest_s)
    checked = set()
    for owner, field in leaves(message):
        if field.message_type is Timestamp.DESCRIPTOR and (field.is_repeated or owner.HasField(field.name)):
            if field.name == "expire_time" and wrong == (T0 // 1000 + DAY_S, 0):
                continue  # a signal expires in the future
            time = getattr(owner, field.name)[0] if field.is_repeated else getattr(owner, field.name)
            kept = (time.seconds, time.nanos)
            time.seconds, time.nanos = wrong
            assert not times_are_valid(message, latest_s), field.full_name
            time.seconds, time.nanos = kept
            checked.add(field.full_name)
    assert len(checked) >= 17


@given(st.lists(st.tuples(st.integers(0, 10_000), NUMBERS, SECONDS, NANOS), min_size=1, max_size=4))
def test_a_stored_snapshot_with_any_values_is_refused_or_has_a_json_form(
    changes: list[tuple[int, float, int, int]],
) -> None:
    message = snapshot(size=6)
    places = list(leaves(message))
    for place, number, seconds, nanos in changes:
        spoil(*places[place % len(places)], number, seconds, nanos)
    try:
        valid = admission.read_snapshot(message.SerializeToString())
    except CorruptValue:
        return
    latest_s = valid.provenance.computed_time.seconds + 60
    assert len(valid.rows) >= 6 - len(changes)
    for part in parts(valid):
        MessageToJson(part)
        assert has_finite_numbers(MessageToDict(part))
        assert times_are_valid(part, latest_s)


@given(st.integers(0, 10_000), NUMBERS, SECONDS, NANOS)
def test_stored_bars_with_any_values_are_refused_or_have_a_json_form(
    place: int, number: float, seconds: int, nanos: int
) -> None:
    message = candle_series_pb2.CandleSeries.FromString(candle_series(bars=20))
    places = list(leaves(message))
    spoil(*places[place % len(places)], number, seconds, nanos)
    try:
        series, bars = admission.read_candles(message.SerializeToString(), BARS, now_ms=T0)
    except CorruptValue:
        return
    assert len(bars) >= 19
    for part in (*bars, series.observed_time, series.received_time):
        MessageToJson(part)
        assert has_finite_numbers(MessageToDict(part))


def without_dominance(message: snapshot_pb2.Snapshot) -> snapshot_pb2.Snapshot:
    for name in ("btc_dominance_percent", "btc_dominance_basis", "btc_dominance_time"):
        message.overview.ClearField(name)
    return message


@pytest.mark.parametrize("seconds", [T0, T0 * 1000, T0 // 1000 + DAY_S, -1])
def test_a_wrong_time_of_btcs_share_removes_only_the_share(seconds: int) -> None:
    message = snapshot(size=3)
    message.overview.btc_dominance_percent, message.overview.btc_dominance_basis = 58.5, 1  # type: ignore[assignment]
    message.overview.btc_dominance_time.seconds = seconds
    valid = admission.read_snapshot(message.SerializeToString())
    assert valid.overview == without_dominance(message).overview


@pytest.mark.parametrize("seconds", [T0, T0 * 1000, T0 // 1000 + DAY_S])
def test_a_wrong_time_removes_only_its_row(seconds: int) -> None:
    message = snapshot(size=6)
    message.symbols[1].list_time.seconds = seconds
    message.confluences[2].price_time.seconds = seconds
    message.confluences[3].dimensions[1].observed_time.seconds = seconds
    message.signals[0].open_time.seconds = seconds
    message.opportunities[1].find_time.seconds = seconds
    message.betas[0].rolling[0].end_times[-1].seconds = seconds
    valid = admission.read_snapshot(message.SerializeToString())
    assert [each.symbol for each in valid.symbols] == [each.symbol for each in message.symbols if each.rank != 2]
    left = [each.symbol for place, each in enumerate(message.confluences) if place not in (2, 3)]
    assert [each.symbol for each in valid.rows] == left
    assert [each.symbol for each in valid.confluences] == left
    assert list(valid.signals) == list(message.signals[1:])
    assert list(valid.opportunities) == [message.opportunities[0], *message.opportunities[2:]]
    assert list(valid.betas) == list(message.betas[1:])
    assert valid.overview is not None


@pytest.mark.parametrize("ahead_ms", [2 * MINUTE_MS, 31 * 60 * MINUTE_MS])
def test_a_snapshot_that_is_ahead_of_its_own_receipt_is_refused(ahead_ms: int) -> None:
    message = snapshot()
    message.provenance.observed_time.FromMilliseconds(T0 + ahead_ms)
    with pytest.raises(CorruptValue, match="breaks the rule time"):
        admission.read_snapshot(message.SerializeToString())
