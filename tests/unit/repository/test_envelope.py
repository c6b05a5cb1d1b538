"""A stored value shows whether it is complete and was written by Virtuoso."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.repository.envelope import HEADER_BYTES, MAX_VALUE_BYTES, Envelope

NAME = "virtuoso:v1:head"
ENVELOPE = Envelope()
KEYED = Envelope(["first secret of the cluster"])
values = st.binary(max_size=300)
expiries = st.integers(-(2**63), 2**63 - 1)


@given(values, expiries)
def test_unseal_returns_the_sealed_value(value: bytes, expires_ms: int) -> None:
    assert ENVELOPE.unseal(NAME, ENVELOPE.seal(NAME, value, expires_ms)) == (value, expires_ms)


@given(values, expiries, st.data())
def test_a_change_of_any_bit_is_detected(value: bytes, expires_ms: int, data: st.DataObject) -> None:
    blob = bytearray(ENVELOPE.seal(NAME, value, expires_ms))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CorruptValue):
        ENVELOPE.unseal(NAME, bytes(blob))


@given(values, st.data())
def test_a_truncated_envelope_is_detected(value: bytes, data: st.DataObject) -> None:
    blob = ENVELOPE.seal(NAME, value)
    with pytest.raises(CorruptValue):
        ENVELOPE.unseal(NAME, blob[: data.draw(st.integers(0, len(blob) - 1))])


@given(values, st.binary(min_size=1, max_size=50))
def test_extra_bytes_are_detected(value: bytes, more: bytes) -> None:
    with pytest.raises(CorruptValue):
        ENVELOPE.unseal(NAME, ENVELOPE.seal(NAME, value) + more)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(blob: bytes) -> None:
    with pytest.raises(CorruptValue):
        ENVELOPE.unseal(NAME, blob)


def test_a_later_format_version_is_refused() -> None:
    blob = bytearray(ENVELOPE.seal(NAME, b"value"))
    blob[4] = 9
    with pytest.raises(CorruptValue, match="version 9"):
        ENVELOPE.unseal(NAME, bytes(blob))


def test_a_value_above_the_maximum_is_not_sealed() -> None:
    with pytest.raises(RepositoryError, match="larger"):
        ENVELOPE.seal(NAME, bytes(MAX_VALUE_BYTES + 1))


def test_the_envelope_is_small() -> None:
    assert len(ENVELOPE.seal(NAME, b"")) == HEADER_BYTES <= 64


@given(values, expiries)
def test_a_value_without_the_clusters_key_is_refused(value: bytes, expires_ms: int) -> None:
    assert KEYED.unseal(NAME, KEYED.seal(NAME, value, expires_ms)) == (value, expires_ms)
    for stranger in (Envelope(), Envelope(["another secret of another cluster"])):
        with pytest.raises(CorruptValue, match="without the key of this cluster"):
            KEYED.unseal(NAME, stranger.seal(NAME, value, expires_ms))
        with pytest.raises(CorruptValue):
            stranger.unseal(NAME, KEYED.seal(NAME, value, expires_ms))


@given(values)
def test_a_value_cannot_be_moved_to_another_name(value: bytes) -> None:
    for envelope in (ENVELOPE, KEYED):
        with pytest.raises(CorruptValue):
            envelope.unseal("virtuoso:v1:lease", envelope.seal(NAME, value))


def test_keys_can_be_rotated_one_node_after_the_other() -> None:
    old, new = "the old secret of the cluster", "the new secret of the cluster"
    nodes = [Envelope([old]), Envelope([old, new]), Envelope([new, old]), Envelope([new])]
    for writer, reader in pairwise(nodes):
        assert reader.unseal(NAME, writer.seal(NAME, b"value")) == (b"value", 0)
        assert writer.unseal(NAME, reader.seal(NAME, b"value")) == (b"value", 0)
